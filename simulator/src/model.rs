//! The deterministic model: the same request gets the same answer, and the answer shows what was read.

mod prompt;
mod sample;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use prompt::Prompt;

use crate::message::{Block, Message, StopReason, Usage};
use prompt::ToolResult;

/// Characters that count as one token.
const TOKEN: usize = 4;

/// The highest number that is counted to.
const COUNT_LIMIT: u64 = 200_000;

/// The answer of `model` to a request that was found valid; `seed` is what its ids are made of.
pub fn answer(model: &str, body: &Value, prompt: &Prompt<'_>, seed: &str) -> Message {
    let ids = Ids { seed: format!("{model}\n{seed}") };
    let mut room = Room::new(body);
    let mut content = Vec::new();
    if let Some(thinking) = think(body, prompt) {
        let shown = if omits_thinking(body) { String::new() } else { room.take(thinking) };
        content.push(Block::Thinking { thinking: shown, signature: ids.signature() });
    }
    let mut stop = (StopReason::EndTurn, None);
    match tool(body, prompt) {
        Some(tool) if !room.is_full() => {
            let name = prompt::text_of(tool, "name").to_owned();
            let input = sample::input(tool, prompt.question());
            room.used += input.to_string().chars().count();
            content.push(Block::ToolUse { id: ids.id("toolu_bdrk_"), name, input });
            stop.0 = StopReason::ToolUse;
        }
        _ => {
            let (text, sequence) = until_stop_sequence(say(body, prompt), body);
            if sequence.is_some() {
                stop = (StopReason::StopSequence, sequence);
            }
            let text = room.take(text);
            if !text.is_empty() || !room.cut {
                content.push(Block::Text { text });
            }
            if room.cut {
                stop = (StopReason::MaxTokens, None);
            }
        }
    }
    Message {
        model: model.into(),
        id: ids.id("msg_bdrk_"),
        r#type: "message",
        role: "assistant",
        content,
        stop_reason: Some(stop.0),
        stop_sequence: stop.1,
        usage: Usage { output_tokens: tokens(room.used).max(1), ..prompt.usage() },
    }
}

/// Tokens of so many characters.
fn tokens(chars: usize) -> u64 {
    chars.div_ceil(TOKEN) as u64
}

/// What `max_tokens` leaves to write.
struct Room {
    limit: usize,
    used: usize,
    cut: bool,
}

impl Room {
    fn new(body: &Value) -> Self {
        let limit = body.get("max_tokens").and_then(Value::as_u64).unwrap_or(0);
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX).saturating_mul(TOKEN), used: 0, cut: false }
    }

    fn is_full(&self) -> bool {
        self.used >= self.limit
    }

    /// As much of the text as fits.
    fn take(&mut self, mut text: String) -> String {
        let left = self.limit.saturating_sub(self.used);
        if let Some((end, _)) = text.char_indices().nth(left) {
            text.truncate(end);
            self.cut = true;
        }
        self.used += text.chars().count();
        text
    }
}

/// Ids and signatures, made of the request.
struct Ids {
    seed: String,
}

impl Ids {
    fn id(&self, prefix: &str) -> String {
        let digest = Sha256::digest(format!("{prefix}{}", self.seed));
        let mut text = hex::encode(digest);
        text.truncate(24);
        format!("{prefix}{text}")
    }

    fn signature(&self) -> String {
        let parts = ["a", "b", "c", "d"].map(|part| Sha256::digest(format!("signature{part}{}", self.seed)));
        STANDARD.encode(parts.concat())
    }
}

fn think(body: &Value, prompt: &Prompt<'_>) -> Option<String> {
    let thinking = body.get("thinking").map(|thinking| prompt::text_of(thinking, "type"))?;
    matches!(thinking, "enabled" | "adaptive").then(|| {
        format!("The user wrote {} words. I will answer in one go, and keep it short.", words(prompt.question()))
    })
}

fn omits_thinking(body: &Value) -> bool {
    body.get("thinking").is_some_and(|thinking| prompt::text_of(thinking, "display") == "omitted")
}

/// The tool that is called: the forced one, or one whose name or a word of it stands in the question.
fn tool<'a>(body: &'a Value, prompt: &Prompt<'_>) -> Option<&'a Value> {
    let tools = body.get("tools")?.as_array()?;
    if prompt.tool_result.is_some() {
        return None;
    }
    let name_of = |tool: &Value| prompt::text_of(tool, "name").to_lowercase();
    let choice = body.get("tool_choice");
    match choice.map(|choice| prompt::text_of(choice, "type")) {
        Some("none") => None,
        Some("tool") => {
            let name = choice.map(|choice| prompt::text_of(choice, "name"))?;
            tools.iter().find(|tool| prompt::text_of(tool, "name") == name)
        }
        forced => {
            let question = prompt.question().to_lowercase();
            let asked: Vec<&str> = question.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').collect();
            let by_name = tools.iter().find(|tool| asked.contains(&name_of(tool).as_str()));
            let by_word = || {
                tools.iter().find(|tool| name_words(prompt::text_of(tool, "name")).any(|word| asked.contains(&&*word)))
            };
            by_name.or_else(by_word).or_else(|| tools.first().filter(|_| forced == Some("any")))
        }
    }
}

/// The telling words of a tool's name: `get_weather` and `getWeather` have `weather`.
fn name_words(name: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    let words: Vec<String> = spaced.split_whitespace().filter(|word| word.len() >= 4).map(Into::into).collect();
    words.into_iter()
}

fn say(body: &Value, prompt: &Prompt<'_>) -> String {
    if let Some(schema) = output_schema(body) {
        return sample::value(schema, prompt.question()).to_string();
    }
    let said = match &prompt.tool_result {
        Some(result) => about_result(result),
        None => count(prompt.question()).unwrap_or_else(|| about(prompt)),
    };
    match prompt.system_words {
        0 => said,
        words => format!("As instructed by the system prompt ({words} words): {said}"),
    }
}

fn output_schema(body: &Value) -> Option<&Value> {
    let nested = body.get("output_config").and_then(|config| config.get("format"));
    nested.or_else(|| body.get("output_format"))?.get("schema")
}

fn about_result(result: &ToolResult) -> String {
    let verb = if result.is_error { "failed" } else { "answered" };
    format!("The tool {} {verb} with {} characters: {}", result.name, result.chars, result.beginning)
}

/// `1, 2, 3` to a question that asks to count to 3.
fn count(question: &str) -> Option<String> {
    const ASK: &str = "count to ";
    let lower = question.to_ascii_lowercase();
    let number = lower.get(lower.find(ASK)? + ASK.len()..)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let last = digits.parse::<u64>().ok()?.min(COUNT_LIMIT);
    Some((1..=last).map(|n| n.to_string()).collect::<Vec<_>>().join(", "))
}

fn about(prompt: &Prompt<'_>) -> String {
    let mut said = match (prompt.user_messages, prompt.assistant_messages) {
        (1, 0) => "I read 1 message.".to_owned(),
        (user, assistant) => {
            format!("I read {} messages ({user} of the user, {assistant} of the assistant).", user + assistant)
        }
    };
    if !prompt.images.is_empty() {
        said.push_str(&format!(" I see {}: {}.", plural(prompt.images.len(), "image"), prompt.images.join(", ")));
    }
    if prompt.documents > 0 {
        said.push_str(&format!(" I was given {}.", plural(prompt.documents, "document")));
    }
    match prompt::beginning(prompt.question()) {
        "" => {}
        question => said.push_str(&format!(" You said: “{question}”")),
    }
    said
}

fn plural(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The text up to the stop sequence that comes first in it.
fn until_stop_sequence(mut text: String, body: &Value) -> (String, Option<String>) {
    let sequences = body.get("stop_sequences").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let sequences = sequences.iter().filter_map(Value::as_str).filter(|sequence| !sequence.is_empty());
    let first = sequences.filter_map(|sequence| Some((text.find(sequence)?, sequence))).min_by_key(|(at, _)| *at);
    match first {
        Some((at, sequence)) => {
            text.truncate(at);
            (text, Some(sequence.to_owned()))
        }
        None => (text, None),
    }
}
