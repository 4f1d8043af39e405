//! The inside of one marker: `NAME [WORD] [key=value …]`; a value with spaces stands in double quotes.

use std::str::FromStr;
use std::time::Duration;

use super::{AtEvent, Extent, Fault, Instead, Marker, Shape};
use crate::errors::{self, NativeError, Refusal};

/// Parses what stands between `[[fault:` and `]]`.
pub(super) fn marker(inside: &str) -> Result<Marker, String> {
    let (words, mut pairs) = split(inside)?;
    let times = pairs.number("times")?;
    let fault = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => return Err("it has no name".into()),
        ["stream", name] => {
            let known = errors::find(name)
                .filter(|known| known.in_stream)
                .ok_or_else(|| format!("{name} is no member of the response stream"))?;
            Fault::At(pairs.after()?, AtEvent::Exception(reworded(Refusal::usual(known), &mut pairs)?))
        }
        ["sse-error", kind] => {
            let kind = NativeError::kind(kind).ok_or_else(|| format!("{kind} is no type of the native API's"))?;
            let message = pairs.take("message").unwrap_or_else(|| "The stream failed.".into());
            Fault::At(pairs.after()?, AtEvent::SseError(NativeError::new(kind, message)))
        }
        ["cut"] => Fault::At(pairs.after()?, AtEvent::Cut),
        ["end"] => Fault::At(pairs.after()?, AtEvent::End),
        ["bad-crc"] => Fault::At(pairs.after()?, AtEvent::BadCrc),
        ["bad-prelude"] => Fault::At(pairs.after()?, AtEvent::BadPrelude),
        ["impossible-length"] => {
            let length = pairs.number("length")?.unwrap_or(u32::MAX);
            Fault::At(pairs.after()?, AtEvent::ImpossibleLength(length))
        }
        ["error-frame"] => Fault::At(pairs.after()?, AtEvent::ErrorFrame),
        ["unknown-event"] => Fault::At(pairs.after()?, AtEvent::UnknownEvent),
        ["stall"] => Fault::At(pairs.after()?, AtEvent::Stall(pairs.milliseconds()?)),
        ["delay"] => Fault::Delay(pairs.milliseconds()?),
        ["pace"] => Fault::Pace(pairs.milliseconds()?),
        ["one-byte"] => Fault::OneByte,
        ["coalesce"] => Fault::Coalesce,
        ["json-200"] => Fault::Json200,
        ["html-503"] => Fault::Instead(Instead::Html503),
        ["empty-500"] => Fault::Instead(Instead::Empty500),
        ["json-cut"] => exception("InternalServerException", Extent::Cut, &mut pairs)?,
        ["huge-error"] => exception("ValidationException", Extent::Huge, &mut pairs)?,
        [name] => exception(name, Extent::Whole, &mut pairs)?,
        _ => return Err("it has too many words".into()),
    };
    pairs.finish()?;
    Ok(Marker { fault, times })
}

/// An exception in the answer's place.
fn exception(name: &str, extent: Extent, pairs: &mut Pairs) -> Result<Fault, String> {
    let known = errors::find(name).ok_or_else(|| format!("no fault is called {name}"))?;
    let mut refusal = reworded(Refusal::usual(known), pairs)?;
    if let Some(status) = pairs.number::<u16>("status")? {
        if !(400..600).contains(&status) {
            return Err(format!("status={status} is no error"));
        }
        refusal.status = status;
    }
    let name =
        pairs.take("name").map(|word| Shape::place(&word).ok_or(format!("name={word} is no place"))).transpose()?;
    let (message_key, retry_after) = (pairs.take("message-key"), pairs.number("retry-after")?);
    Ok(Fault::Instead(Instead::Exception(refusal, Shape { name, message_key, retry_after, extent })))
}

fn reworded(mut refusal: Refusal, pairs: &mut Pairs) -> Result<Refusal, String> {
    if let Some(message) = pairs.take("message") {
        refusal.message = message;
    }
    Ok(refusal)
}

/// The `key=value` words that nothing has asked for yet.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn take(&mut self, key: &str) -> Option<String> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    fn number<T: FromStr>(&mut self, key: &str) -> Result<Option<T>, String> {
        match self.take(key) {
            Some(value) => value.parse().map(Some).map_err(|_| format!("{key}={value} is no number in range")),
            None => Ok(None),
        }
    }

    /// How many events go before the fault; 1 when nothing says it.
    fn after(&mut self) -> Result<usize, String> {
        Ok(self.number("after")?.unwrap_or(1))
    }

    fn milliseconds(&mut self) -> Result<Duration, String> {
        self.number("ms")?.map(Duration::from_millis).ok_or_else(|| "ms=N is missing".into())
    }

    fn finish(self) -> Result<(), String> {
        match self.0.first() {
            Some((key, _)) => Err(format!("{key}= means nothing here")),
            None => Ok(()),
        }
    }
}

/// Words without `=`, then the pairs.
fn split(inside: &str) -> Result<(Vec<String>, Pairs), String> {
    let (mut words, mut pairs) = (Vec::new(), Vec::new());
    let mut rest = inside.trim();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match word.split_once('=') {
            Some((key, value)) if value.starts_with('"') => {
                let quoted = rest.get(key.len() + 2..).unwrap_or_default();
                let (value, after) = quoted.split_once('"').ok_or("a quote is not closed")?;
                pairs.push((key.to_owned(), value.to_owned()));
                rest = after.trim_start();
                continue;
            }
            Some((key, value)) => pairs.push((key.to_owned(), value.to_owned())),
            None => words.push(word.to_owned()),
        }
        rest = after.trim_start();
    }
    Ok((words, Pairs(pairs)))
}

#[cfg(test)]
mod tests {
    use super::super::{Faults, NamePlace, find};
    use super::*;

    fn faults(text: &str) -> Faults {
        Faults::of(find(text).expect(text), 0)
    }

    #[test]
    fn every_exception_by_its_name() {
        for known in errors::EXCEPTIONS {
            let faults = faults(&format!("hello [[fault: {}]]", known.name));
            assert_eq!(faults.instead, Some(Instead::Exception(Refusal::usual(known), Shape::default())));
        }
    }

    #[test]
    fn markers_add_up() {
        let faults = faults(
            "a [[fault: stream throttlingException after=3]] b [[fault:one-byte]][[fault: delay ms=5]] \
             [[fault: stall after=2 ms=7]] [[fault: impossible-length length=8]]",
        );
        let throttling = Refusal::usual(errors::find("ThrottlingException").expect("known"));
        assert!(faults.one_byte);
        assert_eq!(faults.delay, Some(Duration::from_millis(5)));
        assert_eq!(
            faults.at,
            [
                (3, AtEvent::Exception(throttling)),
                (2, AtEvent::Stall(Duration::from_millis(7))),
                (1, AtEvent::ImpossibleLength(8))
            ]
        );
    }

    #[test]
    fn wording_status_and_times() {
        let text = r#"[[fault: ValidationException message="prompt is too long" status=413 times=2]]"#;
        let markers = find(text).expect("a marker");
        let expected = Refusal { name: "ValidationException", status: 413, message: "prompt is too long".into() };
        assert_eq!(Faults::of(markers.clone(), 1).instead, Some(Instead::Exception(expected, Shape::default())));
        assert_eq!(Faults::of(markers, 2), Faults::default());
    }

    #[test]
    fn the_shape_of_a_document() {
        let faults = faults("[[fault: ThrottlingException name=__type message-key=Message retry-after=7]]");
        let shape = Shape {
            name: Some(NamePlace::Member("__type")),
            message_key: Some("Message".into()),
            retry_after: Some(7),
            extent: Extent::Whole,
        };
        let throttling = Refusal::usual(errors::find("ThrottlingException").expect("known"));
        assert_eq!(faults.instead, Some(Instead::Exception(throttling, shape)));
    }

    #[test]
    fn a_typing_error_is_refused() {
        for text in [
            "[[fault: ThrotlingException]]",
            "[[fault: stream AccessDeniedException]]",
            "[[fault: stall after=1]]",
            "[[fault: cut afer=1]]",
            "[[fault: cut after=x]]",
            "[[fault: ThrottlingException status=200]]",
            "[[fault: ThrottlingException name=nowhere]]",
            "[[fault: ThrottlingException retry-after=soon]]",
            "[[fault: html-503 retry-after=1]]",
            "[[fault: sse-error no_such_error]]",
            "[[fault: ]]",
            "[[fault: a b c]]",
        ] {
            assert!(find(text).expect_err(text).message.starts_with("simulator: the marker "), "{text}");
        }
        assert_eq!(find("[[fault: never closed").expect("no marker"), []);
    }
}
