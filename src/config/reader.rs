//! JSON into Rust types, with errors that can be shown.
//!
//! serde's derive says which members there are; this says what is wrong with the others. `serde_json`'s own messages
//! would quote the value that was wrong, which may be a secret, and would not say where it was. So the text is read into
//! a tree first, and the types are read from the tree by a deserializer that knows the path and never shows a value.

use serde::de::{self, DeserializeOwned, DeserializeSeed, Visitor};

use super::ConfigError;
use super::read_error::{ReadError, Step};
use super::tree::Node;

/// An enum whose objects are told apart by their member `type` carries this name (`#[serde(rename)]`); any other enum is
/// a choice of texts. serde's own `tag` buffers the object, and with that loses the paths in it.
const BY_TYPE: &str = "by type";

/// The name of an enum that is a text in its first variant, an object in its second. serde's `untagged` would lose the
/// paths, too.
const TEXT_OR_OBJECT: &str = "text or object";

/// Reads a whole text; one without anything in it is `{}`.
pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, ConfigError> {
    let json = if json.trim_ascii().is_empty() { b"{}" } else { json };
    let tree: Node = serde_json::from_slice(json)
        .map_err(|error| ConfigError::Syntax { line: error.line(), column: error.column() })?;
    T::deserialize(tree).map_err(ReadError::into_config_error)
}

impl<'de> de::Deserializer<'de> for Node {
    type Error = ReadError;

    /// No member's type is left to the text; `TextOr` says which two it takes.
    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, ReadError> {
        Err(ReadError::expected("nothing"))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_bool(self.into_bool()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.into_whole_number()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_string(self.into_text()?)
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
        visitor.visit_seq(Elements::of(self.into_list()?))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_map(Members::of(self.into_members()?, &[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let members = self.into_members()?;
        check_known(&members, None, fields)?;
        visitor.visit_map(Members::of(members, fields))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(match name {
            BY_TYPE => self.by_type(variants)?,
            TEXT_OR_OBJECT => self.text_or_object()?,
            _ => self.one_of(variants)?,
        })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        identifier ignored_any
    }
}

// What does not depend on the type that is read is not inlined: the module would have it once for every type.
impl Node {
    #[inline(never)]
    fn into_bool(self) -> Result<bool, ReadError> {
        match self {
            Self::Bool(value) => Ok(value),
            _ => Err(ReadError::expected("a boolean")),
        }
    }

    #[inline(never)]
    fn into_whole_number(self) -> Result<u64, ReadError> {
        match self {
            // `1.0` and `1e0` are the same number as `1`; the range is exact, so that the cast is.
            Self::Number(value) if value.fract() == 0.0 && (0.0..9_007_199_254_740_992.0).contains(&value) => {
                Ok(value as u64)
            }
            _ => Err(ReadError::expected("a whole number")),
        }
    }

    #[inline(never)]
    fn into_text(self) -> Result<String, ReadError> {
        match self {
            Self::Text(value) => Ok(value),
            _ => Err(ReadError::expected("a string")),
        }
    }

    #[inline(never)]
    fn into_list(self) -> Result<Vec<Self>, ReadError> {
        match self {
            Self::List(nodes) => Ok(nodes),
            _ => Err(ReadError::expected("a list")),
        }
    }

    /// The members of an object, each but once.
    #[inline(never)]
    fn into_members(self) -> Result<Vec<(String, Self)>, ReadError> {
        let Self::Object(members) = self else { return Err(ReadError::expected("an object")) };
        // Each with each: there are few, and they are read once.
        let is_twice = |(at, (key, _)): &(usize, &(String, _))| members.iter().take(*at).any(|(other, _)| other == key);
        match members.iter().enumerate().find(is_twice) {
            Some((_, (key, _))) => Err(ReadError::duplicate(key)),
            None => Ok(members),
        }
    }

    #[inline(never)]
    fn one_of(self, choices: &[&str]) -> Result<Variant, ReadError> {
        let choice = match &self {
            Self::Text(text) => choices.iter().position(|choice| choice == text),
            _ => None,
        };
        let index = choice.ok_or_else(|| ReadError::expected(&format!("one of {}", choices.join(", "))))?;
        Ok(Variant { index, content: Self::Null })
    }

    #[inline(never)]
    fn by_type(self, tags: &[&str]) -> Result<Variant, ReadError> {
        let mut members = self.into_members()?;
        let tag = members.iter().position(|(key, _)| key == "type").map(|at| members.swap_remove(at).1);
        let variant = tag.unwrap_or(Self::Null).one_of(tags);
        let Variant { index, .. } = variant.map_err(|error| error.inside(Step::Key("type".to_owned())))?;
        Ok(Variant { index, content: Self::Object(members) })
    }

    #[inline(never)]
    fn text_or_object(self) -> Result<Variant, ReadError> {
        match self {
            Self::Text(_) => Ok(Variant { index: 0, content: self }),
            Self::Object(_) => Ok(Variant { index: 1, content: self }),
            _ => Err(ReadError::expected("a string or an object")),
        }
    }
}

/// Members that are neither the tag nor a field do not belong here.
#[inline(never)]
fn check_known(members: &[(String, Node)], tag: Option<&str>, fields: &[&str]) -> Result<(), ReadError> {
    let is_known = |key: &String| tag.iter().chain(fields).any(|name| name == key);
    match members.iter().find(|(key, _)| !is_known(key)) {
        Some((key, _)) => {
            let mut problem = "unknown key; known here: ".to_owned();
            for (at, name) in tag.iter().chain(fields).enumerate() {
                problem.push_str(if at == 0 { "" } else { ", " });
                problem.push_str(name);
            }
            Err(ReadError::new(problem).inside(Step::Key(key.clone())))
        }
        None => Ok(()),
    }
}

/// The elements of a list, and the place of the current one.
struct Elements {
    rest: std::vec::IntoIter<Node>,
    current: usize,
}

impl Elements {
    fn of(nodes: Vec<Node>) -> Self {
        Self { rest: nodes.into_iter(), current: 0 }
    }

    #[inline(never)]
    fn next(&mut self) -> Option<Node> {
        self.rest.next()
    }
}

impl<'de> de::SeqAccess<'de> for Elements {
    type Error = ReadError;

    #[inline(never)]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.next() else { return Ok(None) };
        let element = seed.deserialize(node).map_err(|error| error.inside(Step::Index(self.current)))?;
        self.current += 1;
        Ok(Some(element))
    }
}

/// The members of an object, the current one apart; of that, `null` stands for what is not there or was taken already.
struct Members {
    rest: std::vec::IntoIter<(String, Node)>,
    fields: &'static [&'static str],
    key: String,
    value: Node,
}

impl Members {
    fn of(members: Vec<(String, Node)>, fields: &'static [&'static str]) -> Self {
        Self { rest: members.into_iter(), fields, key: String::new(), value: Node::Null }
    }

    /// The key of the next member, which is the current one from here on.
    #[inline(never)]
    fn next(&mut self) -> Option<Key<'_>> {
        (self.key, self.value) = self.rest.next()?;
        let index = self.fields.iter().position(|field| *field == self.key);
        Some(Key { text: &self.key, index: index.unwrap_or(usize::MAX) })
    }

    #[inline(never)]
    fn take_value(&mut self) -> Node {
        std::mem::replace(&mut self.value, Node::Null)
    }

    #[inline(never)]
    fn locate(&mut self, error: ReadError) -> ReadError {
        error.inside(Step::Key(std::mem::take(&mut self.key)))
    }
}

impl<'de> de::MapAccess<'de> for Members {
    type Error = ReadError;

    #[inline(never)]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(key) = self.next() else { return Ok(None) };
        seed.deserialize(key).map(Some).map_err(|error| self.locate(error))
    }

    #[inline(never)]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        seed.deserialize(self.take_value()).map_err(|error| self.locate(error))
    }
}

/// A key. serde's derive takes the number of a field or a variant for its name; to compare names is code that each struct
/// would have.
struct Key<'a> {
    text: &'a str,
    index: usize,
}

impl<'de> de::Deserializer<'de> for Key<'_> {
    type Error = ReadError;

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.index as u64)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.text)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum ignored_any
    }
}

/// One of an enum's variants, by its number, and what is in it.
struct Variant {
    index: usize,
    content: Node,
}

impl<'de> de::EnumAccess<'de> for Variant {
    type Error = ReadError;
    type Variant = Node;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Node), ReadError> {
        Ok((seed.deserialize(Key { text: "", index: self.index })?, self.content))
    }
}

impl<'de> de::VariantAccess<'de> for Node {
    type Error = ReadError;

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let members = self.into_members()?;
        check_known(&members, Some("type"), fields)?;
        visitor.visit_map(Members::of(members, fields))
    }

    fn unit_variant(self) -> Result<(), ReadError> {
        match &self {
            Self::Object(members) => check_known(members, Some("type"), &[]),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, ReadError> {
        Err(ReadError::expected("an object"))
    }
}
