// SPDX-License-Identifier: Apache-2.0

//! Questions to the client's model.

use base64::prelude::{Engine, BASE64_STANDARD};
use serde_json::{json, Value};

use crate::content::{Content, Role};
use crate::input::{InputMethod, InputRequest};
use crate::proto::v1::content_block::Kind;
use crate::question::sealed::Asks;
use crate::question::Question;

/// The answer's length where the author gives none; MCP requires one.
const DEFAULT_MAX_TOKENS: u32 = 1024;

/// A question to the client's model. It needs a message; the client may change
/// or ignore all the rest.
#[derive(Clone, Debug)]
pub struct Sample {
    key: String,
    messages: Vec<(Role, Vec<Content>)>,
    params: Value,
}

impl Sample {
    /// A question under `key`.
    pub fn new(key: impl Into<String>) -> Self {
        let params = json!({"messages": [], "maxTokens": DEFAULT_MAX_TOKENS});
        Self {
            key: key.into(),
            messages: Vec::new(),
            params,
        }
    }

    /// Adds text of the user's.
    pub fn user(self, text: impl Into<String>) -> Self {
        self.message(Role::User, [Content::text(text)])
    }

    /// Adds text of the model's.
    pub fn assistant(self, text: impl Into<String>) -> Self {
        self.message(Role::Assistant, [Content::text(text)])
    }

    /// Adds a message of text, images and sounds, and of raw blocks for the uses
    /// of tools and their results.
    pub fn message(mut self, role: Role, content: impl IntoIterator<Item = Content>) -> Self {
        self.messages.push((role, content.into_iter().collect()));
        self
    }

    /// Sets the longest answer in tokens; 1024 if nothing is said.
    pub fn max_tokens(self, most: u32) -> Self {
        self.param("maxTokens", json!(most))
    }

    /// Sets the system prompt.
    pub fn system_prompt(self, text: impl Into<String>) -> Self {
        self.param("systemPrompt", json!(text.into()))
    }

    /// Sets the temperature.
    pub fn temperature(self, temperature: f64) -> Self {
        self.param("temperature", json!(temperature))
    }

    /// Sets any other of MCP's "CreateMessageRequestParams", such as
    /// "stopSequences" or "modelPreferences". "tools" and "toolChoice" need a
    /// client with
    /// [`Capabilities::sampling_tools`](crate::Capabilities::sampling_tools).
    pub fn param(mut self, name: &str, value: Value) -> Self {
        self.params[name] = value;
        self
    }
}

impl Question for Sample {}

impl Asks for Sample {
    type Answer = SampleResult;

    fn request(&self) -> Result<InputRequest, String> {
        if self.messages.is_empty() {
            return Err("a question to a model needs a message".to_owned());
        }
        let messages: Result<Vec<_>, _> = self
            .messages
            .iter()
            .map(|(role, content)| message_json(*role, content))
            .collect();
        let mut params = self.params.clone();
        params["messages"] = Value::Array(messages?);
        Ok(InputRequest {
            key: self.key.clone(),
            method: InputMethod::Sample,
            params,
        })
    }

    fn read(&self, result: &Value) -> Result<SampleResult, String> {
        let content = match result.get("content") {
            Some(Value::Array(blocks)) => {
                blocks.iter().map(read_content).collect::<Result<_, _>>()?
            }
            Some(one) => vec![read_content(one)?],
            None => return Err(r#""content" is missing"#.to_owned()),
        };
        let text = |name| {
            result
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Ok(SampleResult {
            role: if text("role") == "user" {
                Role::User
            } else {
                Role::Assistant
            },
            content,
            model: text("model"),
            stop_reason: text("stopReason"),
            json: result.clone(),
        })
    }
}

/// What the client's model said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SampleResult {
    /// Who said it.
    pub role: Role,
    /// What was said; a raw block for kinds that have no function here.
    pub content: Vec<Content>,
    /// Which model it was.
    pub model: String,
    /// Such as "endTurn", "maxTokens" or "toolUse"; empty if unknown.
    pub stop_reason: String,
    /// All of it, as the client wrote it.
    pub json: Value,
}

impl SampleResult {
    /// The text of the result, its blocks one after the other.
    pub fn text(&self) -> String {
        self.content.iter().filter_map(Content::as_text).collect()
    }
}

/// MCP's "SamplingMessage". Clients before 2025-11-25 know no array of contents,
/// so that one stands alone.
fn message_json(role: Role, content: &[Content]) -> Result<Value, String> {
    let mut blocks = content
        .iter()
        .map(content_json)
        .collect::<Result<Vec<_>, _>>()?;
    let content = match blocks.len() {
        0 => return Err("a message to a model has no content".to_owned()),
        1 => blocks.remove(0),
        _ => Value::Array(blocks),
    };
    Ok(json!({"role": role.name(), "content": content}))
}

fn content_json(content: &Content) -> Result<Value, String> {
    let media = |kind: &str, data: &[u8], mime_type: &str| json!({"type": kind, "data": BASE64_STANDARD.encode(data), "mimeType": mime_type});
    match &content.wire().kind {
        Some(Kind::Text(text)) => Ok(json!({"type": "text", "text": text.text})),
        Some(Kind::Image(m)) => Ok(media("image", &m.data, &m.mime_type)),
        Some(Kind::Audio(m)) => Ok(media("audio", &m.data, &m.mime_type)),
        Some(Kind::Raw(raw)) => {
            serde_json::from_slice(&raw.block_json).map_err(|err| err.to_string())
        }
        _ => Err("a model is sent text, images, sounds and raw blocks, no resources".to_owned()),
    }
}

/// Reads one block, of any kind.
fn read_content(block: &Value) -> Result<Content, String> {
    let text = |name| block.get(name).and_then(Value::as_str);
    let media = || {
        let data = text("data").ok_or(r#""data" is missing"#)?;
        let data = BASE64_STANDARD
            .decode(data)
            .map_err(|err| err.to_string())?;
        Ok::<_, String>((data, text("mimeType").unwrap_or_default()))
    };
    match text("type") {
        None => Err("a content has no type".to_owned()),
        Some("text") => text("text")
            .map(Content::text)
            .ok_or("a text has no text".to_owned()),
        Some("image") => media().map(|(data, mime_type)| Content::image(data, mime_type)),
        Some("audio") => media().map(|(data, mime_type)| Content::audio(data, mime_type)),
        Some(_) => Ok(Content::raw(block, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_to_a_model_are_what_mcp_says() {
        let sample = Sample::new("k")
            .message(
                Role::User,
                [
                    Content::text("What is it?"),
                    Content::image(vec![0, 1], "image/png"),
                ],
            )
            .assistant("A cat.")
            .max_tokens(5)
            .param("stopSequences", json!(["."]));
        assert_eq!(
            sample.request().unwrap().params,
            json!({
                "messages": [
                    {"role": "user", "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image", "data": "AAE=", "mimeType": "image/png"},
                    ]},
                    {"role": "assistant", "content": {"type": "text", "text": "A cat."}},
                ],
                "maxTokens": 5,
                "stopSequences": ["."],
            })
        );
        assert!(Sample::new("k").request().is_err());
    }

    #[test]
    fn answers_of_one_or_several_blocks_are_read() {
        let read = |result: Value| Sample::new("k").read(&result);
        let one =
            json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": "a"}});
        assert_eq!(read(one).unwrap().text(), "a");
        let use_tool = json!({"type": "tool_use", "id": "1", "name": "t", "input": {}});
        let several =
            json!({"content": [{"type": "text", "text": "a"}, use_tool], "stopReason": "toolUse"});
        let result = read(several).unwrap();
        assert_eq!(
            (&*result.stop_reason, result.content[1].as_raw()),
            ("toolUse", Some(use_tool))
        );
        assert!(read(json!({"content": {"type": "text"}})).is_err());
        assert!(read(json!({})).is_err());
    }
}
