//! Members that are a text, or an object with more to say.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::values::{Checked, Rule};

/// A text by the rule `R`, or an object. serde's `untagged` would lose the path of what is wrong inside.
pub(super) enum TextOr<R, T> {
    Text(Checked<R>),
    Object(T),
}

impl<'de, R: Rule, T: Deserialize<'de>> Deserialize<'de> for TextOr<R, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrObject(PhantomData))
    }
}

struct TextOrObject<R, T>(PhantomData<(R, T)>);

impl<'de, R: Rule, T: Deserialize<'de>> Visitor<'de> for TextOrObject<R, T> {
    type Value = TextOr<R, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Checked::new(text).map(TextOr::Text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(TextOr::Object)
    }
}
