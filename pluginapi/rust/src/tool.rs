// SPDX-License-Identifier: Apache-2.0

//! Tools: what the model reads of them, and what becomes of their results.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::caller::Capabilities;
use crate::content::{Content, Icon};
use crate::error::{Error, Result};
use crate::json;
use crate::proto::v1;
use crate::schema::output_schema;

/// The longest name, in bytes, that a tool or prompt may have.
const MAX_NAME: usize = 64;

/// The definition of one tool: what the model reads. Only the name is required:
/// 1 to 64 of `[A-Za-z0-9_.-]`, unique within the plugin.
///
/// The hints tell a client how careful to be. They are no promise that anybody
/// enforces.
#[derive(Clone, Debug, Default)]
pub struct Tool {
    pub(crate) wire: v1::Tool,
    pub(crate) input: Option<Value>,
    pub(crate) output: Option<Value>,
}

impl Tool {
    /// A tool without further words.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            wire: v1::Tool {
                name: name.into(),
                ..Default::default()
            },
            ..Default::default()
        }
    }

    /// Sets the human-readable name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.wire.title = title.into();
        self
    }

    /// Says what it does and when to use it.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.wire.description = description.into();
        self
    }

    /// Replaces the schema that is inferred from the handler's arguments. Take
    /// them as a [`Value`] where no Rust type fits.
    pub fn input_schema(mut self, schema: Value) -> Self {
        self.input = Some(schema);
        self
    }

    /// Replaces the schema that is inferred from what the handler returns.
    pub fn output_schema(mut self, schema: Value) -> Self {
        self.output = Some(schema);
        self
    }

    /// Hints that it changes nothing.
    pub fn read_only(mut self) -> Self {
        self.hints().read_only = Some(true);
        self
    }

    /// Hints whether it may destroy what it changes; MCP assumes that it may.
    pub fn destructive(mut self, destructive: bool) -> Self {
        self.hints().destructive = Some(destructive);
        self
    }

    /// Hints that the same call again changes nothing more.
    pub fn idempotent(mut self) -> Self {
        self.hints().idempotent = Some(true);
        self
    }

    /// Hints whether it reaches beyond a closed domain; MCP assumes that it
    /// does.
    pub fn open_world(mut self, open: bool) -> Self {
        self.hints().open_world = Some(open);
        self
    }

    /// Adds an icon.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.wire.icons.push(icon.0);
        self
    }

    /// Sets `_meta`, a JSON object.
    pub fn meta(mut self, meta: &Value) -> Self {
        self.wire.meta_json = json::bytes(meta);
        self
    }

    /// Says what a call cannot do without. The host refuses the calls of
    /// clients that lack it.
    pub fn requires(mut self, required: Capabilities) -> Self {
        self.wire.requires = required.into_wire();
        self
    }

    fn hints(&mut self) -> &mut v1::ToolAnnotations {
        self.wire.annotations.get_or_insert_default()
    }
}

/// Refuses what is no name of a tool or a prompt.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"_.-".contains(&c);
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
        return Err("a name is 1 to 64 of the letters, digits and _ . -".to_owned());
    }
    Ok(())
}

/// A tool's result in full, for what the other forms of [`ToolOutput`] cannot
/// say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolResult {
    /// What the model and the user see.
    pub content: Vec<Content>,
    /// Any JSON value that conforms to the tool's output schema, if there is
    /// one.
    pub structured: Option<Value>,
    /// The tool failed, and the content says why.
    pub is_error: bool,
    /// `_meta`, a JSON object.
    pub meta: Option<Value>,
}

impl ToolResult {
    pub(crate) fn into_wire(self) -> Result<v1::CallToolResult> {
        let mut content = Vec::with_capacity(self.content.len());
        for (i, block) in self.content.into_iter().enumerate() {
            let block = block.into_wire();
            content
                .push(block.map_err(|err| Error::new(format!("the tool's content {i}: {err}")))?);
        }
        Ok(v1::CallToolResult {
            content,
            structured_content_json: self
                .structured
                .as_ref()
                .map(json::bytes)
                .unwrap_or_default(),
            is_error: self.is_error,
            meta_json: self.meta.as_ref().map(json::bytes).unwrap_or_default(),
        })
    }

    pub(crate) fn from_wire(wire: v1::CallToolResult) -> Self {
        Self {
            content: wire.content.into_iter().map(Content::from_wire).collect(),
            structured: serde_json::from_slice(&wire.structured_content_json).ok(),
            is_error: wire.is_error,
            meta: serde_json::from_slice(&wire.meta_json).ok(),
        }
    }
}

/// A tool error that says text.
pub(crate) fn error_result(text: String) -> v1::CallToolResult {
    v1::CallToolResult {
        content: vec![Content::text(text).wire().clone()],
        is_error: true,
        ..Default::default()
    }
}

/// What a tool may return: text, content, [`Structured`] values, nothing, or a
/// whole [`ToolResult`].
pub trait ToolOutput {
    /// The output schema, if there is one.
    fn schema() -> Option<Value> {
        None
    }

    /// The result that the client gets.
    fn into_result(self) -> Result<ToolResult>;
}

impl ToolOutput for ToolResult {
    fn into_result(self) -> Result<ToolResult> {
        Ok(self)
    }
}

impl ToolOutput for () {
    fn into_result(self) -> Result<ToolResult> {
        Ok(ToolResult::default())
    }
}

impl ToolOutput for String {
    fn into_result(self) -> Result<ToolResult> {
        Content::text(self).into_result()
    }
}

impl ToolOutput for &'static str {
    fn into_result(self) -> Result<ToolResult> {
        Content::text(self).into_result()
    }
}

impl ToolOutput for Content {
    fn into_result(self) -> Result<ToolResult> {
        vec![self].into_result()
    }
}

impl ToolOutput for Vec<Content> {
    fn into_result(self) -> Result<ToolResult> {
        Ok(ToolResult {
            content: self,
            ..Default::default()
        })
    }
}

/// A value for programs: structured content, and the same as JSON text for
/// models whose clients show them nothing else. Its schema is inferred if it is
/// a JSON object.
#[derive(Clone, Debug)]
pub struct Structured<T>(pub T);

impl<T: Serialize + JsonSchema> ToolOutput for Structured<T> {
    fn schema() -> Option<Value> {
        output_schema::<T>()
    }

    fn into_result(self) -> Result<ToolResult> {
        let value = serde_json::to_value(self.0)?;
        Ok(ToolResult {
            content: vec![Content::text(value.to_string())],
            structured: Some(value),
            ..Default::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_what_every_client_accepts() {
        for good in ["a", "Read_file-2.x"] {
            assert_eq!(check_name(good), Ok(()));
        }
        for bad in ["", "a b", "ä", &"a".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn content_that_the_host_would_refuse_is_an_error() {
        let err = Content::image(vec![1], "")
            .into_result()
            .unwrap()
            .into_wire()
            .unwrap_err();
        assert_eq!(
            err.to_string(),
            "the tool's content 0: an image or a sound needs a MIME type"
        );
    }
}
