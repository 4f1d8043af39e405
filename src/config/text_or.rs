//! Members that are a text, or an object with more to say.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, de};

use super::members::{AnySetting, FromHeader};
use super::values::{Checked, Rule};

/// A text by the rule `R`, or an object.
#[derive(Deserialize)]
#[serde(rename = "text or object", bound = "R: Rule, T: Deserialize<'de>")]
pub(super) enum TextOr<R, T> {
    Text(Checked<R>),
    Object(T),
}

/// A literal by the rule `R`, or where else the value is.
pub(super) struct Setting<R>(pub(super) super::Setting, PhantomData<R>);

impl<R> From<Setting<R>> for super::Setting {
    fn from(setting: Setting<R>) -> Self {
        setting.0
    }
}

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
