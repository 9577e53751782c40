// SPDX-License-Identifier: Apache-2.0

//! Prompts: their definitions and arguments, and what they are filled in with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{json, Value};

use crate::caller::Capabilities;
use crate::content::{Content, Icon, Role};
use crate::error::{Error, ProtocolError, Result};
use crate::json;
use crate::proto::v1;
use crate::schema::Input;
use crate::tool::check_name;

/// The definition of one prompt: what a user picks from a list. Its arguments
/// are those of the handler, a struct of strings: one is required unless it is
/// an `Option` or has a serde default, and is described by its doc comment.
#[derive(Clone, Debug)]
pub struct Prompt(pub(crate) v1::Prompt);

impl Prompt {
    /// A prompt: 1 to 64 of `[A-Za-z0-9_.-]`, unique within the plugin.
    pub fn new(name: impl Into<String>) -> Self {
        Self(v1::Prompt {
            name: name.into(),
            ..Default::default()
        })
    }

    /// Sets the human-readable name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = title.into();
        self
    }

    /// Says what it is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.description = description.into();
        self
    }

    /// Adds an argument, in the order to ask for them. The handler takes them as
    /// a `BTreeMap<String, String>` then.
    pub fn argument(
        mut self,
        name: impl Into<String>,
        description: impl Into<String>,
        required: bool,
    ) -> Self {
        self.0.arguments.push(v1::PromptArgument {
            name: name.into(),
            description: description.into(),
            required,
            ..Default::default()
        });
        self
    }

    /// Adds an icon.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.0.icons.push(icon.0);
        self
    }

    /// Sets `_meta`, a JSON object.
    pub fn meta(mut self, meta: &Value) -> Self {
        self.0.meta_json = json::bytes(meta);
        self
    }

    /// Says what filling it in cannot do without. The host refuses the calls of
    /// clients that lack it.
    pub fn requires(mut self, required: Capabilities) -> Self {
        self.0.requires = required.into_wire();
        self
    }
}

/// The arguments of a prompt, checked and decoded.
pub(crate) struct Arguments {
    prompt: String,
    list: Vec<v1::PromptArgument>,
}

impl Arguments {
    /// Checks a definition and completes it with the arguments that `In` has.
    pub(crate) fn infer<In: JsonSchema>(prompt: &mut v1::Prompt) -> Result<Self, String> {
        check_name(&prompt.name)?;
        if prompt.arguments.is_empty() {
            prompt.arguments = arguments_of::<In>()?;
        }
        for (i, argument) in prompt.arguments.iter().enumerate() {
            let name = &argument.name;
            if name.is_empty() || prompt.arguments[..i].iter().any(|a| a.name == *name) {
                return Err(format!("argument {name:?}: a name is needed, once"));
            }
        }
        Ok(Self {
            prompt: prompt.name.clone(),
            list: prompt.arguments.clone(),
        })
    }

    pub(crate) fn decode<In: DeserializeOwned>(
        &self,
        given: BTreeMap<String, String>,
    ) -> Result<In> {
        let prompt = &self.prompt;
        let missing = self
            .list
            .iter()
            .find(|a| a.required && !given.contains_key(&a.name));
        if let Some(argument) = missing {
            let message = format!(
                "the prompt {prompt:?} needs the argument {:?}",
                argument.name
            );
            return Err(ProtocolError::invalid_params(message).into());
        }
        if let Some(name) = given
            .keys()
            .find(|name| !self.list.iter().any(|a| a.name == **name))
        {
            let message = format!("the prompt {prompt:?} has no argument {name:?}");
            return Err(ProtocolError::invalid_params(message).into());
        }
        let given = if self.list.is_empty() {
            Value::Null
        } else {
            json!(given)
        };
        // A prompt without arguments takes () or a map.
        let decoded = serde_json::from_value(given).or_else(|err| {
            if self.list.is_empty() {
                return serde_json::from_value(json!({}));
            }
            Err(err)
        });
        decoded.map_err(|err| {
            ProtocolError::invalid_params(format!("the prompt {prompt:?}: {err}")).into()
        })
    }
}

/// The arguments that a struct of strings describes.
fn arguments_of<In: JsonSchema>() -> Result<Vec<v1::PromptArgument>, String> {
    let input = Input::infer::<In>(None)?;
    let schema = input.schema();
    let required = schema.get("required").and_then(Value::as_array);
    let mut list = Vec::new();
    for (name, member) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let is_string = match member.get("type") {
            Some(Value::Array(types)) => types.iter().all(|t| t == "string" || t == "null"),
            Some(one) => one == "string",
            None => false,
        };
        if !is_string {
            return Err(format!(
                "{name} is no string: the arguments of a prompt are strings"
            ));
        }
        list.push(v1::PromptArgument {
            name: name.clone(),
            title: text_of(member, "title"),
            description: text_of(member, "description"),
            required: required.is_some_and(|r| r.iter().any(|n| n == name)),
        });
    }
    Ok(list)
}

fn text_of(member: &Value, keyword: &str) -> String {
    member
        .get(keyword)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptMessage {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: Content,
}

impl PromptMessage {
    /// Text of the user's.
    pub fn user(text: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: Content::text(text),
        }
    }

    /// Text of the model's.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: Content::text(text),
        }
    }
}

/// A prompt filled in, in full, for what the other forms of [`PromptOutput`]
/// cannot say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptResult {
    /// What it says; empty: nothing.
    pub description: String,
    /// In order.
    pub messages: Vec<PromptMessage>,
    /// `_meta`, a JSON object.
    pub meta: Option<Value>,
}

impl PromptResult {
    pub(crate) fn into_wire(self) -> Result<v1::GetPromptResult> {
        let mut messages = Vec::with_capacity(self.messages.len());
        for (i, message) in self.messages.into_iter().enumerate() {
            let content = message.content.into_wire();
            messages.push(v1::PromptMessage {
                role: message.role.into_wire().into(),
                content: Some(
                    content
                        .map_err(|err| Error::new(format!("message {i} of the prompt: {err}")))?,
                ),
            });
        }
        Ok(v1::GetPromptResult {
            description: self.description,
            messages,
            meta_json: self.meta.as_ref().map(json::bytes).unwrap_or_default(),
        })
    }
}

/// What a prompt may be filled in with: the text of one message of the user's,
/// messages, or a whole [`PromptResult`].
pub trait PromptOutput {
    /// The result that the client gets.
    fn into_result(self) -> PromptResult;
}

impl PromptOutput for PromptResult {
    fn into_result(self) -> PromptResult {
        self
    }
}

impl PromptOutput for String {
    fn into_result(self) -> PromptResult {
        vec![PromptMessage::user(self)].into_result()
    }
}

impl PromptOutput for &'static str {
    fn into_result(self) -> PromptResult {
        vec![PromptMessage::user(self)].into_result()
    }
}

impl PromptOutput for Vec<PromptMessage> {
    fn into_result(self) -> PromptResult {
        PromptResult {
            messages: self,
            ..Default::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema, Debug)]
    struct Letter {
        /// whom to write to
        to: String,
        tone: Option<String>,
    }

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect()
    }

    #[test]
    fn arguments_are_those_of_the_struct_in_its_order() {
        let mut prompt = Prompt::new("letter").0;
        let arguments = Arguments::infer::<Letter>(&mut prompt).unwrap();
        let list: Vec<_> = prompt
            .arguments
            .iter()
            .map(|a| (&*a.name, &*a.description, a.required))
            .collect();
        assert_eq!(
            list,
            [("to", "whom to write to", true), ("tone", "", false)]
        );

        let letter: Letter = arguments.decode(given(&[("to", "Ada")])).unwrap();
        assert_eq!((&*letter.to, letter.tone), ("Ada", None));
        for (wrong, says) in [
            (given(&[]), r#"the prompt "letter" needs the argument "to""#),
            (
                given(&[("to", "A"), ("x", "y")]),
                r#"the prompt "letter" has no argument "x""#,
            ),
        ] {
            let err = arguments.decode::<Letter>(wrong).unwrap_err();
            assert!(
                err.as_protocol().is_some_and(|e| e.message == says),
                "{err}"
            );
        }
    }

    #[test]
    fn prompts_without_arguments_take_nothing() {
        let mut prompt = Prompt::new("hello").0;
        let arguments = Arguments::infer::<()>(&mut prompt).unwrap();
        arguments.decode::<()>(given(&[])).unwrap();
        assert!(arguments.decode::<()>(given(&[("a", "b")])).is_err());
    }
}
