//! Values that are taken out of a text.

use super::editor::{Drops, Editor};
use super::paths::{Paths, Taking};
use serde_json::Value;
use std::rc::Rc;

/// The value of a member that was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The value's JSON text (empty when it was only dropped).
    pub value: Vec<u8>,
    /// Offset of the value's first byte.
    pub at: u64,
}

impl Taken {
    /// What it spells, if it is a string. `Value` takes any type: what serde_json does to complain of another one formats
    /// numbers, which is a tenth of the module.
    pub fn text(&self) -> Option<String> {
        match serde_json::from_slice(&self.value) {
            Ok(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// Takes values out of a whole text; nothing where the editor refuses it.
pub fn taken(text: &[u8], takings: &'static [Taking]) -> Option<Vec<Option<Taken>>> {
    let mut editor = Editor::new(&Rc::new(Paths::new(takings, Vec::new())), &Drops::default(), None);
    editor.feed(text).ok()?;
    editor.is_complete().ok()?;
    Some((0..takings.len()).map(|index| editor.taken(index).cloned()).collect())
}
