//! The Messages API on the wire: an answer, and the events that stream it.

use serde::Serialize;
use serde_json::Value;

/// A whole answer.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// The model's first-party name.
    pub model: String,
    /// `msg_bdrk_…`
    pub id: String,
    /// Always `message`.
    pub r#type: &'static str,
    /// Always `assistant`.
    pub role: &'static str,
    /// The blocks; none in `message_start`.
    pub content: Vec<Block>,
    /// Why it ended; null in `message_start`.
    pub stop_reason: Option<StopReason>,
    /// The sequence that ended it.
    pub stop_sequence: Option<String>,
    /// What it cost.
    pub usage: Usage,
}

/// A block of content.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs)] // The API's own names.
pub enum Block {
    Thinking { thinking: String, signature: String },
    Text { text: String },
    ToolUse { id: String, name: String, input: Value },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum StopReason {
    EndTurn,
    MaxTokens,
    StopSequence,
    ToolUse,
}

/// Token counts; `input_tokens` leaves out what the cache served or stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct Usage {
    pub input_tokens: u64,
    pub cache_creation_input_tokens: u64,
    pub cache_read_input_tokens: u64,
    pub output_tokens: u64,
}

/// One event of a stream.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Event {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        index: usize,
        content_block: Block,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta,
    },
    ContentBlockStop {
        index: usize,
    },
    MessageDelta {
        delta: Ending,
        usage: Usage,
    },
    MessageStop {
        #[serde(rename = "amazon-bedrock-invocationMetrics", skip_serializing_if = "Option::is_none")]
        metrics: Option<Metrics>,
    },
}

/// A piece of a block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Delta {
    TextDelta { text: String },
    InputJsonDelta { partial_json: String },
    ThinkingDelta { thinking: String },
    SignatureDelta { signature: String },
}

/// How a streamed answer ended.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs)]
pub struct Ending {
    pub stop_reason: Option<StopReason>,
    pub stop_sequence: Option<String>,
}

/// What Bedrock adds to `message_stop`.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Metrics {
    pub input_token_count: u64,
    pub output_token_count: u64,
    pub invocation_latency: u64,
    pub first_byte_latency: u64,
    pub cache_read_input_token_count: u64,
    pub cache_write_input_token_count: u64,
}

impl Metrics {
    /// Figures that follow from the usage alone, so that the same request gets the same answer.
    pub fn of(usage: &Usage) -> Self {
        const FIRST_BYTE_MS: u64 = 120;
        const TOKEN_MS: u64 = 15;
        Self {
            input_token_count: usage.input_tokens,
            output_token_count: usage.output_tokens,
            invocation_latency: FIRST_BYTE_MS + TOKEN_MS * usage.output_tokens,
            first_byte_latency: FIRST_BYTE_MS,
            cache_read_input_token_count: usage.cache_read_input_tokens,
            cache_write_input_token_count: usage.cache_creation_input_tokens,
        }
    }
}

impl Message {
    /// The events of this answer, in the order the API sends them; what an event stream adds to the last one.
    pub fn events(&self, metrics: Option<Metrics>) -> Vec<Event> {
        let start = Message {
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: Usage { output_tokens: 1, ..self.usage },
            ..self.clone()
        };
        let mut events = vec![Event::MessageStart { message: start }];
        for (index, block) in self.content.iter().enumerate() {
            events.push(Event::ContentBlockStart { index, content_block: block.opening() });
            events.extend(block.deltas().into_iter().map(|delta| Event::ContentBlockDelta { index, delta }));
            events.push(Event::ContentBlockStop { index });
        }
        let delta = Ending { stop_reason: self.stop_reason, stop_sequence: self.stop_sequence.clone() };
        events.push(Event::MessageDelta { delta, usage: self.usage });
        events.push(Event::MessageStop { metrics });
        events
    }
}

impl Block {
    /// The block as `content_block_start` shows it: empty.
    fn opening(&self) -> Self {
        match self {
            Self::Thinking { .. } => Self::Thinking { thinking: String::new(), signature: String::new() },
            Self::Text { .. } => Self::Text { text: String::new() },
            Self::ToolUse { id, name, .. } => {
                Self::ToolUse { id: id.clone(), name: name.clone(), input: Value::Object(Default::default()) }
            }
        }
    }

    fn deltas(&self) -> Vec<Delta> {
        match self {
            Self::Thinking { thinking, signature } => {
                let signature = Delta::SignatureDelta { signature: signature.clone() };
                let thoughts = pieces(thinking).map(|piece| Delta::ThinkingDelta { thinking: piece.into() });
                thoughts.chain([signature]).collect()
            }
            Self::Text { text } => pieces(text).map(|piece| Delta::TextDelta { text: piece.into() }).collect(),
            Self::ToolUse { input, .. } => {
                let json = input.to_string();
                let pieces = [""].into_iter().chain(pieces(&json));
                pieces.map(|piece| Delta::InputJsonDelta { partial_json: piece.into() }).collect()
            }
        }
    }
}

/// A text cut into words with the space behind them; longer ones every few bytes, never inside a character.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const LONGEST: usize = 12;
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word = rest.find(' ').map_or(rest.len(), |space| space + 1);
        let end = if word <= LONGEST { word } else { rest.ceil_char_boundary(LONGEST) };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lose_nothing() {
        for text in ["", "1, 2, 3", "Grüße und “Zitate” ohneLeerzeichenaberlang€€€€€€€€€", "  a  "]
        {
            assert_eq!(pieces(text).collect::<String>(), text);
        }
        assert_eq!(pieces("1, 2, 3").collect::<Vec<_>>(), ["1, ", "2, ", "3"]);
    }
}
