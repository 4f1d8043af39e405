//! Members that are a text, or an object with more to say.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::members::{AnySetting, FromHeader};
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

/// A literal by the rule `R`, or where else the value is.
pub(super) struct Setting<R>(pub(super) super::Setting, PhantomData<R>);

// Read as any text first and checked then: what reads an object is large, and there is one of it in place of one a rule.
impl<'de, R: Rule> Deserialize<'de> for Setting<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let setting = match AnySetting::deserialize(deserializer)? {
            TextOr::Text(text) => super::Setting::Literal(R::check(&text.0).map_err(de::Error::custom)?),
            TextOr::Object(FromHeader { header, default }) => {
                let default = default.map(|text| R::check(&text.0)).transpose();
                let default = default.map_err(|expected| de::Error::custom(format_args!("default: {expected}")))?;
                super::Setting::Header { name: header.0, default }
            }
        };
        Ok(Self(setting, PhantomData))
    }
}
