//! JSON into Rust types, with errors that can be shown.
//!
//! serde's derive says which members there are; this says what is wrong with the others. `serde_json`'s own messages
//! would quote the value that was wrong, which may be a secret, and would not say where it was. So the text is read into
//! a tree first, and the types are read from the tree by a deserializer that knows the path and never shows a value.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Error as _, Expected, IntoDeserializer, Unexpected, Visitor};

use super::ConfigError;
use super::tree::Node;

/// An enum whose objects are told apart by their member `type` carries this name (`#[serde(rename)]`); any other enum is
/// a choice of texts. serde's own `tag` buffers the object, and with that loses the paths in it.
const BY_TYPE: &str = "by type";

/// Reads a whole text; one without anything in it is `{}`.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, ConfigError> {
    let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
    let tree: Node = serde_json::from_slice(json)
        .map_err(|error| ConfigError::Syntax { line: error.line(), column: error.column() })?;
    T::deserialize(tree).map_err(ReadError::into_config_error)
}

impl<'de> de::Deserializer<'de> for Node {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            list @ Self::List(_) => list.deserialize_seq(visitor),
            object @ Self::Object(_) => object.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            _ => Err(ReadError::expected("a boolean")),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            // `1.0` and `1e0` are the same number as `1`; the range is exact, so that the cast is.
            Self::Number(value) if value.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&value) => {
                visitor.visit_u64(value as u64)
            }
            _ => Err(ReadError::expected("a whole number")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Text(value) => visitor.visit_string(value),
            _ => Err(ReadError::expected("a string")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_string(visitor)
    }

    // A member that is there has a value: `null` is none of any type.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::List(nodes) => visitor.visit_seq(Elements(nodes.into_iter().enumerate())),
            _ => Err(ReadError::expected("a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_map(Members::of(self.into_members()?))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let members = self.into_members()?;
        check_known(&members, fields.iter().copied())?;
        visitor.visit_map(Members::of(members))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if name == BY_TYPE {
            let mut members = self.into_members()?;
            let tag = members.iter().position(|(key, _)| key == "type").map(|at| members.swap_remove(at).1);
            let tag = tag.unwrap_or(Node::Null).one_of(variants);
            let tag = tag.map_err(|error| error.inside(Step::Key("type".to_owned())))?;
            visitor.visit_enum(ByType { tag, members })
        } else {
            let variant = self.one_of(variants)?;
            visitor.visit_enum(variant.into_deserializer())
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

impl Node {
    /// The members of an object, each but once.
    fn into_members(self) -> Result<Vec<(String, Self)>, ReadError> {
        let Self::Object(members) = self else { return Err(ReadError::expected("an object")) };
        let mut seen = BTreeSet::new();
        match members.iter().find(|(key, _)| !seen.insert(key.as_str())) {
            Some((key, _)) => Err(ReadError::custom("given twice").inside(Step::Key(key.clone()))),
            None => Ok(members),
        }
    }

    fn one_of(self, choices: &'static [&'static str]) -> Result<&'static str, ReadError> {
        let choice = match &self {
            Self::Text(text) => choices.iter().find(|choice| *choice == text),
            _ => None,
        };
        choice.copied().ok_or_else(|| ReadError::expected(&format!("one of {}", choices.join(", "))))
    }
}

fn check_known(members: &[(String, Node)], known: impl Iterator<Item = &'static str> + Clone) -> Result<(), ReadError> {
    match members.iter().find(|(key, _)| known.clone().all(|name| name != key)) {
        Some((key, _)) => {
            let known: Vec<_> = known.collect();
            let problem = format!("unknown key; known here: {}", known.join(", "));
            Err(ReadError::custom(problem).inside(Step::Key(key.clone())))
        }
        None => Ok(()),
    }
}

struct Elements(std::iter::Enumerate<std::vec::IntoIter<Node>>);

impl<'de> de::SeqAccess<'de> for Elements {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some((index, node)) = self.0.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|error| error.inside(Step::Index(index)))
    }
}

/// The members of an object, the value of the current one apart.
struct Members {
    rest: std::vec::IntoIter<(String, Node)>,
    current: Option<(String, Node)>,
}

impl Members {
    fn of(members: Vec<(String, Node)>) -> Self {
        Self { rest: members.into_iter(), current: None }
    }
}

impl<'de> de::MapAccess<'de> for Members {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some((key, node)) = self.rest.next() else { return Ok(None) };
        let text: StringDeserializer<ReadError> = key.clone().into_deserializer();
        let read = seed.deserialize(text).map_err(|error| error.inside(Step::Key(key.clone())))?;
        self.current = Some((key, node));
        Ok(Some(read))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        // serde asks for the key first, always.
        let (key, node) = self.current.take().ok_or_else(|| ReadError::expected("a key before its value"))?;
        seed.deserialize(node).map_err(|error| error.inside(Step::Key(key)))
    }
}

/// An object whose member `type` was taken off.
struct ByType {
    tag: &'static str,
    members: Vec<(String, Node)>,
}

impl<'de> de::EnumAccess<'de> for ByType {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ReadError> {
        Ok((seed.deserialize(self.tag.into_deserializer())?, self))
    }
}

impl<'de> de::VariantAccess<'de> for ByType {
    type Error = ReadError;

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        check_known(&self.members, std::iter::once("type").chain(fields.iter().copied()))?;
        visitor.visit_map(Members::of(self.members))
    }

    fn unit_variant(self) -> Result<(), ReadError> {
        check_known(&self.members, std::iter::once("type"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(Node::Object(self.members))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, ReadError> {
        Err(ReadError::expected("an object"))
    }
}

/// What is wrong, and where; nothing of what was there but keys.
#[derive(Debug)]
pub(super) struct ReadError {
    /// Innermost first.
    path: Vec<Step>,
    problem: String,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl ReadError {
    fn expected(what: &str) -> Self {
        Self::custom(format_args!("expected {what}"))
    }

    fn inside(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    fn into_config_error(self) -> ConfigError {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(key) if !is_plain(key) => write!(path, "[{key:?}]"),
                Step::Key(key) if path.is_empty() => write!(path, "{key}"),
                Step::Key(key) => write!(path, ".{key}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        ConfigError::Member { path, problem: self.problem }
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// What serde's derive reports: of the value it found, nothing is passed on.
impl de::Error for ReadError {
    /// Only this module and the checks of `values.rs` get here, with texts of their own.
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self { path: Vec::new(), problem: problem.to_string() }
    }

    fn invalid_type(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    fn invalid_length(_found: usize, expected: &dyn Expected) -> Self {
        Self::expected(&expected.to_string())
    }

    fn unknown_variant(_found: &str, known: &'static [&'static str]) -> Self {
        Self::expected(&format!("one of {}", known.join(", ")))
    }

    fn unknown_field(_found: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format_args!("unknown key; known here: {}", known.join(", ")))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::custom("missing, and required").inside(Step::Key(key.to_owned()))
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::custom("given twice").inside(Step::Key(key.to_owned()))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ReadError {}
