//! YAML and JSON as a tree that keeps the order of what was written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A value of a manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and what is not there.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in the order it was written in.
    Map(Vec<(String, Value)>),
}

static NULL: Value = Value::Null;

impl Value {
    /// A member of an object; `Null` where there is none.
    pub fn get(&self, key: &str) -> &Value {
        self.entries().iter().find(|(name, _)| name == key).map_or(&NULL, |(_, value)| value)
    }

    /// What is at a path such as `spec.type`.
    pub fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, key| value.get(key))
    }

    /// Whether it is `null` or not there.
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// The text that it is.
    pub fn text(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The truth value that it is.
    pub fn boolean(&self) -> Option<bool> {
        if let Value::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number that it is, if it is a whole one.
    pub fn number(&self) -> Option<u64> {
        if let Value::Number(value) = self { value.as_u64() } else { None }
    }

    /// The elements of a list; none of anything else.
    pub fn items(&self) -> &[Value] {
        if let Value::List(items) = self { items } else { &[] }
    }

    /// The members of an object; none of anything else.
    pub fn entries(&self) -> &[(String, Value)] {
        if let Value::Map(entries) = self { entries } else { &[] }
    }

    /// A member of an object to write to; what is no object becomes one, and a member that is not there comes to its end.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        if !matches!(self, Value::Map(_)) {
            *self = Value::Map(Vec::new());
        }
        let Value::Map(entries) = self else { unreachable!("it has just become one") };
        let position = entries.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
            entries.push((key.to_owned(), Value::Null));
            entries.len() - 1
        });
        &mut entries[position].1
    }

    /// The same for a path such as `spec.type`.
    pub fn entry_at(&mut self, path: &str) -> &mut Value {
        path.split('.').fold(self, Value::entry)
    }

    /// Takes a member out of an object.
    pub fn remove(&mut self, key: &str) -> Value {
        let Value::Map(entries) = self else { return Value::Null };
        let Some(position) = entries.iter().position(|(name, _)| name == key) else { return Value::Null };
        entries.remove(position).1
    }

    /// Puts an element to the end of a list; what is no list becomes one.
    pub fn push(&mut self, item: Value) {
        if let Value::List(items) = self {
            items.push(item);
        } else {
            *self = Value::List(vec![item]);
        }
    }

    /// Calls `visit` for every object in it, the outer ones first, with the path to each.
    pub fn objects<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&'a Value, &str)) {
        if let Value::Map(_) = self {
            visit(self, path);
        }
        self.children(path, &mut |child, path| child.objects(path, visit));
    }

    /// Calls `visit` for every text in it, with the path to each.
    pub fn texts<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&'a str, &str)) {
        if let Value::String(text) = self {
            visit(text, path);
        }
        self.children(path, &mut |child, path| child.texts(path, visit));
    }

    fn children<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&'a Value, &str)) {
        for (key, value) in self.entries() {
            visit(value, &join(path, key));
        }
        for (index, value) in self.items().iter().enumerate() {
            visit(value, &format!("{path}[{index}]"));
        }
    }

    /// As YAML, a line break at its end.
    pub fn to_yaml(&self) -> String {
        let options = serde_saphyr::ser_options! { compact_list_indent: true, prefer_block_scalars: false };
        serde_saphyr::to_string_with_options(self, options).unwrap_or_default()
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// `path.key`, where the path may be empty.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// An object: `map! { "name": name, "port": 443 }`.
#[macro_export]
macro_rules! map {
    ($($key:literal : $value:expr),* $(,)?) => {
        $crate::value::Value::Map(vec![$(($key.to_owned(), $crate::value::Value::from($value))),*])
    };
}

/// A list: `list!["a", "b"]`.
#[macro_export]
macro_rules! list {
    ($($value:expr),* $(,)?) => { $crate::value::Value::List(vec![$($crate::value::Value::from($value)),*]) };
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            // Several lines as a block of YAML; in JSON it is the text.
            Self::String(text) if text.contains('\n') => serde_saphyr::LitStr(text).serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Deserialize::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}
