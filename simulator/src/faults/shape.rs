//! How the document of an exception is written.

use crate::errors::Refusal;

/// How long a huge document is, at least.
const HUGE: usize = 300_000;

/// What is unusual about an error's document; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Where the name stands, when a marker says it.
    pub name: Option<NamePlace>,
    /// The member that holds the message, when a marker says it.
    pub message_key: Option<String>,
    /// The value of `retry-after`.
    pub retry_after: Option<u32>,
    /// How much of the document there is.
    pub extent: Extent,
}

/// Where an exception's name stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamePlace {
    /// In `x-amzn-errortype`, as Bedrock does.
    #[default]
    Header,
    /// In this member of the document.
    Member(&'static str),
    /// Nowhere.
    Nowhere,
}

/// How much of a document there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Its first half.
    Cut,
    /// More than anyone needs.
    Huge,
}

impl Shape {
    /// Whether a marker asked for AWS's document, which is the only one that has such members.
    pub fn is_aws(&self) -> bool {
        self.name.is_some() || self.message_key.is_some()
    }

    /// The name's place, from the marker's word for it.
    pub fn place(word: &str) -> Option<NamePlace> {
        Some(match word {
            "header" => NamePlace::Header,
            "code" => NamePlace::Member("code"),
            "Code" => NamePlace::Member("Code"),
            "__type" => NamePlace::Member("__type"),
            "none" => NamePlace::Nowhere,
            _ => return None,
        })
    }

    /// The refusal, with as long a message as is asked for.
    pub fn worded(&self, refusal: &Refusal) -> Refusal {
        let mut refusal = refusal.clone();
        if self.extent == Extent::Huge {
            let missing = HUGE.saturating_sub(refusal.message.len());
            refusal.message.push_str(&" and so on".repeat(missing.div_ceil(10)));
        }
        refusal
    }

    /// The part of a document that is sent.
    pub fn cut(&self, mut document: Vec<u8>) -> Vec<u8> {
        if self.extent == Extent::Cut {
            document.truncate(document.len() / 2);
        }
        document
    }
}
