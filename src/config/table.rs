//! Objects whose keys are the user's own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use crate::by_name::ByName;

use super::values::{Checked, Rule};

/// The members as they were written; the reader has seen to it that each key is there but once.
pub(super) struct Table<R, V>(pub(super) Vec<(Checked<R>, V)>);

impl<R, V> Default for Table<R, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R, V> Table<R, V> {
    /// For use.
    pub(super) fn into_map<T: From<V>>(self) -> ByName<T> {
        self.0.into_iter().map(|(key, value)| (key.0, value.into())).collect()
    }
}

impl<'de, R: Rule, V: Deserialize<'de>> Deserialize<'de> for Table<R, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

struct TableVisitor<R, V>(PhantomData<(R, V)>);

impl<'de, R: Rule, V: Deserialize<'de>> Visitor<'de> for TableVisitor<R, V> {
    type Value = Table<R, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut table = Table::default();
        while let Some(member) = members.next_entry()? {
            table.0.push(member);
        }
        Ok(table)
    }
}
