// SPDX-License-Identifier: Apache-2.0

//! Questions and answers as MCP has them, and rounds under the author's own
//! control.

use std::fmt;

use serde_json::{json, Value};

use crate::caller::Capabilities;
use crate::error::{Result, ASKED};
use crate::json;
use crate::proto::v1;

/// The longest key, in bytes.
const MAX_KEY: usize = 128;

/// A kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputMethod {
    /// `elicitation/create`
    Elicit,
    /// `sampling/createMessage`
    Sample,
    /// `roots/list`
    ListRoots,
}

/// One question as MCP has it.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRequest {
    /// Names the question among all rounds of the call; 1 to 128 bytes.
    pub key: String,
    /// What kind of question it is.
    pub method: InputMethod,
    /// The method's "params", a JSON object that is passed on as written.
    pub params: Value,
}

impl InputRequest {
    /// Refuses what the host would refuse.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.key.is_empty() || self.key.len() > MAX_KEY {
            let key: String = self.key.chars().take(MAX_KEY).collect();
            return Err(format!(
                "a question has the key {key:?}: it takes 1 to {MAX_KEY} bytes"
            ));
        }
        if !self.params.is_object() {
            return Err(format!(
                "question {:?}: the params are not a JSON object",
                self.key
            ));
        }
        Ok(())
    }

    /// What a client has to declare to be asked.
    pub(crate) fn needs(&self) -> Capabilities {
        let mut needs = Capabilities::default();
        match self.method {
            InputMethod::ListRoots => needs.roots = true,
            InputMethod::Sample => {
                needs.sampling = true;
                needs.sampling_tools = self
                    .params
                    .get("tools")
                    .or(self.params.get("toolChoice"))
                    .is_some();
            }
            InputMethod::Elicit if self.params.get("mode") == Some(&json!("url")) => {
                needs.elicitation_url = true;
            }
            InputMethod::Elicit => needs.elicitation_form = true,
        }
        needs
    }

    pub(crate) fn into_wire(self) -> v1::InputRequest {
        let method = match self.method {
            InputMethod::Elicit => v1::InputMethod::Elicit,
            InputMethod::Sample => v1::InputMethod::Sample,
            InputMethod::ListRoots => v1::InputMethod::ListRoots,
        };
        v1::InputRequest {
            key: self.key,
            method: method.into(),
            params_json: json::bytes(&self.params),
        }
    }
}

/// Ends a round under the author's own control, as the error that a handler
/// returns. Most authors want [`Context::elicit`](crate::Context::elicit) and
/// its like instead: here it is for the author to find each answer in
/// [`Context::answers`](crate::Context::answers), to check it, and to ask again
/// under the same key if it is missing or wrong.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputRequired {
    /// The questions. If there are none the host calls again after a pause.
    pub requests: Vec<InputRequest>,
    /// Comes back in [`Context::state`](crate::Context::state), whatever the
    /// client does; at most 48 KiB or so: it shares the protocol's 64 KiB with
    /// what [`Context::memo`](crate::Context::memo) keeps.
    pub state: Vec<u8>,
}

impl fmt::Display for InputRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ASKED)
    }
}

impl std::error::Error for InputRequired {}

/// The client's word on one question.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The result, unchecked.
    Result(Value),
    /// Why there is none.
    Failure(String),
}
