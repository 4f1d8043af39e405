//! The documents of the Query protocol: elements with text, or with elements.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An element by its name.
#[derive(Debug)]
pub enum Element {
    /// With a text in it.
    Text(&'static str, String),
    /// With others in it.
    Parent(&'static str, Vec<Element>),
}

/// A document in STS's namespace.
pub fn document(root: &Element) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Into memory; nothing can go wrong with that.
    let _ = write(root, Some(NAMESPACE), &mut writer);
    let mut document = writer.into_inner();
    document.push(b'\n');
    document
}

fn write(element: &Element, namespace: Option<&str>, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let (Element::Text(name, _) | Element::Parent(name, _)) = element;
    let start = BytesStart::new(*name);
    writer.write_event(Event::Start(match namespace {
        Some(namespace) => start.with_attributes([("xmlns", namespace)]),
        None => start,
    }))?;
    match element {
        Element::Text(_, text) => writer.write_event(Event::Text(BytesText::new(text)))?,
        Element::Parent(_, children) => children.iter().try_for_each(|child| write(child, None, writer))?,
    }
    writer.write_event(Event::End(BytesEnd::new(*name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_escaped() {
        let error = Element::Parent("Error", vec![Element::Text("Message", "<a> & b/c+d=".into())]);
        let written = document(&Element::Parent("ErrorResponse", vec![error]));
        let expected = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    \
                        <Message>&lt;a&gt; &amp; b/c+d=</Message>\n  </Error>\n</ErrorResponse>\n";
        assert_eq!(String::from_utf8(written).expect("text"), expected);
    }
}
