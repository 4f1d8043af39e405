//! What a request says, read in one walk over it.

use serde_json::Value;

use super::{tokens, words};
use crate::message::Usage;

/// Characters that one image or document counts as: its data is no text.
const ATTACHMENT_CHARS: usize = 6000;

/// What a text begins with that the client wrote, not the user.
const REMINDER: &str = "<system-reminder>";

/// A request, as the model reads it.
#[derive(Debug, Default)]
pub struct Prompt<'a> {
    /// Words of the system prompt; 0 without one.
    pub system_words: usize,
    /// Messages of the user.
    pub user_messages: usize,
    /// Messages of the assistant.
    pub assistant_messages: usize,
    /// Media types of the images, in order.
    pub images: Vec<&'a str>,
    /// How many documents there are.
    pub documents: usize,
    /// The last result of a tool in the user's last message.
    pub tool_result: Option<ToolResult>,
    /// Texts of the user's last message.
    pub last_texts: Vec<&'a str>,
    chars: Chars,
}

/// A tool's result.
#[derive(Debug)]
pub struct ToolResult {
    /// The tool's name, when its call is in the conversation.
    pub name: String,
    /// Length of the result's text.
    pub chars: usize,
    /// How the text begins.
    pub beginning: String,
    /// Whether it is an error.
    pub is_error: bool,
}

/// Characters read, and where the last two cache breakpoints are.
#[derive(Debug, Default)]
struct Chars {
    total: usize,
    cached: usize,
    stored: usize,
}

impl Chars {
    fn breakpoint(&mut self, holder: &Value) {
        if holder.get("cache_control").is_some_and(|control| !control.is_null()) {
            self.cached = self.stored;
            self.stored = self.total;
        }
    }
}

impl<'a> Prompt<'a> {
    /// Reads a request's body in the order of the prompt: tools, system, messages.
    pub fn read(body: &'a Value) -> Self {
        let mut prompt = Self::default();
        for tool in blocks(body.get("tools")) {
            prompt.chars.total += tool.to_string().len();
            prompt.chars.breakpoint(tool);
        }
        match body.get("system") {
            Some(Value::String(text)) => prompt.read_system(text),
            system => {
                for block in blocks(system) {
                    prompt.read_system(text_of(block, "text"));
                    prompt.chars.breakpoint(block);
                }
            }
        }
        let messages = blocks(body.get("messages"));
        let last = messages.iter().rposition(|message| text_of(message, "role") == "user");
        for (at, message) in messages.iter().enumerate() {
            match text_of(message, "role") {
                "user" => prompt.user_messages += 1,
                "assistant" => prompt.assistant_messages += 1,
                _ => {}
            }
            prompt.read_content(message.get("content"), Some(at) == last);
        }
        let result = last.and_then(|at| blocks(messages.get(at)?.get("content")).iter().rfind(is_result));
        prompt.tool_result = result.map(|result| ToolResult::read(result, messages));
        prompt
    }

    /// The user's last text that the user wrote.
    pub fn question(&self) -> &'a str {
        let own = self.last_texts.iter().rev().find(|text| !text.trim_start().starts_with(REMINDER));
        own.or(self.last_texts.last()).copied().unwrap_or_default()
    }

    /// What the request costs: what stands before the last cache breakpoint but one was stored by an earlier request,
    /// what stands between the two is stored by this one.
    pub fn usage(&self) -> Usage {
        let Chars { total, cached, stored } = self.chars;
        Usage {
            input_tokens: tokens(total - stored).max(1),
            cache_creation_input_tokens: tokens(stored - cached),
            cache_read_input_tokens: tokens(cached),
            output_tokens: 0,
        }
    }

    fn read_system(&mut self, text: &str) {
        self.system_words += words(text);
        self.chars.total += text.len();
    }

    fn read_content(&mut self, content: Option<&'a Value>, last: bool) {
        if let Some(Value::String(text)) = content {
            self.read_text(text, last);
        }
        for block in blocks(content) {
            match text_of(block, "type") {
                "text" => self.read_text(text_of(block, "text"), last),
                "image" => self.read_image(block),
                "document" => {
                    self.documents += 1;
                    self.chars.total += ATTACHMENT_CHARS;
                }
                "tool_result" => self.read_content(block.get("content"), false),
                "tool_use" => self.chars.total += block.get("input").map_or(0, |input| input.to_string().len()),
                _ => {}
            }
            self.chars.breakpoint(block);
        }
    }

    fn read_text(&mut self, text: &'a str, last: bool) {
        self.chars.total += text.len();
        if last {
            self.last_texts.push(text);
        }
    }

    fn read_image(&mut self, block: &'a Value) {
        self.images.push(block.get("source").map_or("", |source| text_of(source, "media_type")));
        self.chars.total += ATTACHMENT_CHARS;
    }
}

impl ToolResult {
    fn read(block: &Value, messages: &[Value]) -> Self {
        let id = text_of(block, "tool_use_id");
        let calls = messages.iter().rev().flat_map(|message| blocks(message.get("content")));
        let call = calls.into_iter().find(|call| text_of(call, "type") == "tool_use" && text_of(call, "id") == id);
        let text = match block.get("content") {
            Some(Value::String(text)) => text,
            content => blocks(content).first().map_or("", |first| text_of(first, "text")),
        };
        Self {
            name: call.map_or(id, |call| text_of(call, "name")).to_owned(),
            chars: text.chars().count(),
            beginning: beginning(text).to_owned(),
            is_error: block.get("is_error").and_then(Value::as_bool).unwrap_or(false),
        }
    }
}

/// A member that is a string, else nothing.
pub(super) fn text_of<'a>(value: &'a Value, member: &str) -> &'a str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// How a text begins.
pub(super) fn beginning(text: &str) -> &str {
    const CHARS: usize = 120;
    let text = text.trim();
    text.char_indices().nth(CHARS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn is_result(block: &&Value) -> bool {
    text_of(block, "type") == "tool_result"
}

fn blocks(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
