// SPDX-License-Identifier: Apache-2.0

//! Questions to the client: what they say, and how their answers are read.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{json, Map, Value};

use crate::error::Result;
use crate::input::{InputMethod, InputRequest};
use crate::schema::form_schema;
use crate::validate::validate;

/// What a person did with what they were asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// They filled in the form, or agreed to visit the URL.
    Accepted(T),
    /// They said no.
    Declined,
    /// They closed it without a choice.
    Cancelled,
}

impl<T> Answer<T> {
    /// What was filled in, if the person did.
    pub fn accepted(self) -> Option<T> {
        match self {
            Answer::Accepted(value) => Some(value),
            _ => None,
        }
    }
}

/// A folder that the client lets its servers know.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Root {
    /// A file URI.
    pub uri: String,
    /// Its human-readable name; empty if it has none.
    #[serde(default)]
    pub name: String,
    /// `_meta`, a JSON object.
    #[serde(default, rename = "_meta")]
    pub meta: Option<Value>,
}

/// One thing to ask with [`Context::ask`](crate::Context::ask): a [`Form`], a
/// [`RawForm`], a [`Visit`], a [`Sample`](crate::Sample) or [`ListRoots`].
pub trait Question: sealed::Asks {}

pub(crate) mod sealed {
    use serde_json::Value;

    use crate::input::InputRequest;

    pub trait Asks {
        /// What the question is answered with.
        type Answer;

        /// The question as MCP has it, or what is wrong with it.
        fn request(&self) -> Result<InputRequest, String>;

        /// Reads a result; the error says why it does not fit.
        fn read(&self, result: &Value) -> Result<Self::Answer, String>;
    }
}

use sealed::Asks;

/// Asks a person to fill in a form and to send a `T`: a flat struct of strings,
/// numbers, booleans, unit enums to choose one from, and `Vec`s of those to
/// choose several. Doc comments describe its fields, `Option`s may be left out,
/// and `#[schemars(...)]` says the rest: `title`, `range`, `length`, `email`.
///
/// An accepted answer conforms to the form; what does not is asked once more.
/// Never ask for secrets in a form: use a [`Visit`].
#[derive(Clone, Debug)]
pub struct Form<T> {
    key: String,
    message: String,
    answer: PhantomData<fn() -> T>,
}

impl<T> Form<T> {
    /// The question under `key`, with the words that people see.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            answer: PhantomData,
        }
    }
}

impl<T: DeserializeOwned + JsonSchema> Question for Form<T> {}

impl<T: DeserializeOwned + JsonSchema> Asks for Form<T> {
    type Answer = Answer<T>;

    fn request(&self) -> Result<InputRequest, String> {
        let schema = form_schema::<T>()?;
        Ok(elicitation(
            &self.key,
            json!({"message": self.message, "requestedSchema": schema}),
        ))
    }

    fn read(&self, result: &Value) -> Result<Answer<T>, String> {
        let schema = form_schema::<T>()?;
        read_form(&schema, result, |content| {
            serde_json::from_value(content).map_err(|err| err.to_string())
        })
    }
}

/// A [`Form`] whose schema is written by hand.
#[derive(Clone, Debug)]
pub struct RawForm {
    key: String,
    message: String,
    schema: Value,
}

impl RawForm {
    /// The question under `key`. The schema is what MCP's "requestedSchema"
    /// allows, passed on as written; the host leaves out what an older client
    /// does not know.
    pub fn new(key: impl Into<String>, message: impl Into<String>, schema: Value) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            schema,
        }
    }
}

impl Question for RawForm {}

impl Asks for RawForm {
    type Answer = Answer<Value>;

    fn request(&self) -> Result<InputRequest, String> {
        if self.schema.get("type") != Some(&json!("object")) {
            return Err(r#"the schema's root must say "type": "object""#.to_owned());
        }
        let params = json!({"message": self.message, "requestedSchema": self.schema});
        Ok(elicitation(&self.key, params))
    }

    fn read(&self, result: &Value) -> Result<Answer<Value>, String> {
        read_form(&self.schema, result, Ok)
    }
}

/// Asks a person to visit a URL, for what must not pass through the client.
/// Accepted means that they agreed, not that they are done there: that is for
/// the plugin to know, by other means.
#[derive(Clone, Debug)]
pub struct Visit {
    key: String,
    message: String,
    url: String,
}

impl Visit {
    /// The question under `key`, with the words that people see.
    pub fn new(key: impl Into<String>, message: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            message: message.into(),
            url: url.into(),
        }
    }
}

impl Question for Visit {}

impl Asks for Visit {
    type Answer = Answer<()>;

    fn request(&self) -> Result<InputRequest, String> {
        let params = json!({"mode": "url", "message": self.message, "url": self.url});
        Ok(elicitation(&self.key, params))
    }

    fn read(&self, result: &Value) -> Result<Answer<()>, String> {
        read_action(result, |_| Ok(()))
    }
}

/// Asks for the folders that the client lets its servers know.
#[derive(Clone, Debug)]
pub struct ListRoots {
    key: String,
}

impl ListRoots {
    /// The question under `key`.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into() }
    }
}

impl Question for ListRoots {}

impl Asks for ListRoots {
    type Answer = Vec<Root>;

    fn request(&self) -> Result<InputRequest, String> {
        let (key, method) = (self.key.clone(), InputMethod::ListRoots);
        Ok(InputRequest {
            key,
            method,
            params: json!({}),
        })
    }

    fn read(&self, result: &Value) -> Result<Vec<Root>, String> {
        let roots = result.get("roots").ok_or(r#""roots" is missing"#)?;
        Vec::<Root>::deserialize(roots).map_err(|err| err.to_string())
    }
}

fn elicitation(key: &str, params: Value) -> InputRequest {
    InputRequest {
        key: key.to_owned(),
        method: InputMethod::Elicit,
        params,
    }
}

/// Reads MCP's "ElicitResult".
fn read_action<T>(
    result: &Value,
    accept: impl FnOnce(Value) -> Result<T, String>,
) -> Result<Answer<T>, String> {
    match result.get("action").and_then(Value::as_str) {
        Some("accept") => {
            let content = result.get("content").filter(|c| !c.is_null());
            // A form without fields needs no content.
            accept(content.cloned().unwrap_or_else(|| json!({}))).map(Answer::Accepted)
        }
        Some("decline") => Ok(Answer::Declined),
        Some("cancel") => Ok(Answer::Cancelled),
        _ => Err("the action is none of accept, decline and cancel".to_owned()),
    }
}

/// Reads what was filled in, with the defaults of what was left out.
fn read_form<T>(
    schema: &Value,
    result: &Value,
    accept: impl FnOnce(Value) -> Result<T, String>,
) -> Result<Answer<T>, String> {
    read_action(result, |mut content| {
        let properties = schema.get("properties").and_then(Value::as_object);
        if let Some(values) = content.as_object_mut() {
            fill(values, properties);
        }
        validate(schema, &content)?;
        accept(content)
    })
}

fn fill(values: &mut Map<String, Value>, properties: Option<&Map<String, Value>>) {
    for (name, field) in properties.into_iter().flatten() {
        if let Some(default) = field.get("default").filter(|_| !values.contains_key(name)) {
            values.insert(name.clone(), default.clone());
        }
    }
}
