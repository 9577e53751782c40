// SPDX-License-Identifier: Apache-2.0

//! Calls a plugin inside a test as the host does, and answers its questions.
//!
//! ```
//! use mcphost_plugin::testing::TestPlugin;
//! use mcphost_plugin::{Plugin, Tool};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let plugin = Plugin::new("hello", "1.0.0")
//!     .tool(Tool::new("hello"), |_, ()| async { Ok("Hello!") });
//! let called = TestPlugin::new(plugin).unwrap().call("hello", json!({})).await.unwrap();
//! assert_eq!(called.text(), "Hello!");
//! # }
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Status};

use crate::caller::Capabilities;
use crate::content::Content;
use crate::error::{Error, ProtocolError, Result};
use crate::json;
use crate::plugin::Plugin;
use crate::proto::v1;
use crate::proto::v1::plugin_service_server::PluginService;
use crate::proto::v1::prompt_service_server::PromptService;
use crate::proto::v1::resource_service_server::ResourceService;
use crate::proto::v1::tool_service_server::ToolService;
use crate::serve::Life;
use crate::service::{Parts, PluginInfo, Prompts, Resources, Tools};
use crate::tool::ToolResult;

/// How many rounds a call may take: hosts give up as well.
const MAX_ROUNDS: usize = 16;

/// A plugin inside a test. Its client can do all that clients can, wants
/// progress, and wants logs of every level.
pub struct TestPlugin {
    info: PluginInfo,
    tools: Tools,
    resources: Resources,
    prompts: Prompts,
    answers: HashMap<String, Value>,
}

/// What came of a call of a tool.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Called {
    /// The tool's result.
    pub result: ToolResult,
    /// The progress of the last round: done, total and message.
    pub progress: Vec<(f64, Option<f64>, String)>,
    /// What was logged to the client in the last round.
    pub logs: Vec<Value>,
    /// The keys of the questions that were asked, in order.
    pub asked: Vec<String>,
}

impl Called {
    /// The text of the result, its blocks one after the other.
    pub fn text(&self) -> String {
        self.result
            .content
            .iter()
            .filter_map(Content::as_text)
            .collect()
    }
}

impl TestPlugin {
    /// Takes the plugin over; it fails with the mistakes that
    /// [`Plugin::serve`] would report. What [`Plugin::on_start`] and
    /// [`Plugin::on_shutdown`] set does not run.
    pub fn new(plugin: Plugin) -> Result<Self> {
        let plugin = plugin.start().map_err(Error::new)?.plugin;
        let life = Arc::new(Life::new(false));
        let parts = || Parts {
            plugin: plugin.clone(),
            life: life.clone(),
        };
        Ok(Self {
            info: PluginInfo::new(parts()),
            tools: Tools::new(parts()),
            resources: Resources::new(parts()),
            prompts: Prompts::new(parts()),
            answers: HashMap::new(),
        })
    }

    /// Hands over the operator's settings, which happens once.
    pub async fn configure(&self, settings: &Value) -> Result<()> {
        let settings_json = json::bytes(settings);
        let request = v1::ConfigureRequest {
            settings_json,
            ..Default::default()
        };
        self.info
            .configure(Request::new(request))
            .await
            .map_err(refused)?;
        Ok(())
    }

    /// Answers the question under `key` from now on with an MCP result, such as
    /// `{"action": "decline"}`.
    pub fn answer(&mut self, key: impl Into<String>, result: Value) {
        self.answers.insert(key.into(), result);
    }

    /// Calls a tool and answers its questions. It fails with a
    /// [`ProtocolError`]; a tool error is a result.
    pub async fn call(&self, tool: &str, args: Value) -> Result<Called> {
        use v1::call_tool_response::Event;
        let mut called = Called::default();
        let mut resumption = None;
        for _ in 0..MAX_ROUNDS {
            let request = v1::CallToolRequest {
                context: Some(context()),
                name: tool.to_owned(),
                arguments_json: json::bytes(&args),
                resumption: resumption.take(),
            };
            let stream = self
                .tools
                .call_tool(Request::new(request))
                .await
                .map_err(refused)?;
            (called.progress, called.logs) = Default::default();
            for response in collect(stream.into_inner()).await? {
                match response.event {
                    Some(Event::Progress(p)) => {
                        called.progress.push((p.progress, p.total, p.message))
                    }
                    Some(Event::Log(log)) => {
                        called.logs.push(serde_json::from_slice(&log.data_json)?)
                    }
                    Some(Event::Error(err)) => return Err(ProtocolError::from_wire(err).into()),
                    Some(Event::Result(result)) => {
                        called.result = ToolResult::from_wire(result);
                        return Ok(called);
                    }
                    Some(Event::InputRequired(round)) => {
                        resumption = Some(self.resume(round, &mut called.asked)?)
                    }
                    Some(Event::ReleaseStream(_)) | None => {}
                }
            }
        }
        Err(Error::new(format!(
            "the tool asks for more than {MAX_ROUNDS} rounds"
        )))
    }

    /// Reads a resource that asks nothing, and returns its text or bytes.
    pub async fn read(&self, uri: &str) -> Result<Vec<Vec<u8>>> {
        use v1::read_resource_response::Event;
        use v1::resource_contents::Contents;
        let request = v1::ReadResourceRequest {
            context: Some(context()),
            uri: uri.to_owned(),
            resumption: None,
        };
        let stream = self
            .resources
            .read_resource(Request::new(request))
            .await
            .map_err(refused)?;
        for response in collect(stream.into_inner()).await? {
            match response.event {
                Some(Event::Error(err)) => return Err(ProtocolError::from_wire(err).into()),
                Some(Event::Result(result)) => {
                    let bytes = |contents: v1::ResourceContents| match contents.contents {
                        Some(Contents::Text(text)) => text.into_bytes(),
                        Some(Contents::Blob(blob)) => blob.to_vec(),
                        None => Vec::new(),
                    };
                    return Ok(result.contents.into_iter().map(bytes).collect());
                }
                _ => {}
            }
        }
        Err(Error::new(
            "the resource asks a question, or has no outcome",
        ))
    }

    /// Fills in a prompt that asks nothing, and returns its messages' text.
    pub async fn prompt(&self, name: &str, args: &[(&str, &str)]) -> Result<Vec<String>> {
        use v1::get_prompt_response::Event;
        let arguments: BTreeMap<_, _> = args
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        let request = v1::GetPromptRequest {
            context: Some(context()),
            name: name.to_owned(),
            arguments: arguments.into_iter().collect(),
            resumption: None,
        };
        let stream = self
            .prompts
            .get_prompt(Request::new(request))
            .await
            .map_err(refused)?;
        for response in collect(stream.into_inner()).await? {
            match response.event {
                Some(Event::Error(err)) => return Err(ProtocolError::from_wire(err).into()),
                Some(Event::Result(result)) => {
                    let contents = result
                        .messages
                        .into_iter()
                        .filter_map(|m| m.content)
                        .map(Content::from_wire);
                    return Ok(contents
                        .map(|c| c.as_text().unwrap_or_default().to_owned())
                        .collect());
                }
                _ => {}
            }
        }
        Err(Error::new("the prompt asks a question, or has no outcome"))
    }

    /// The answers to a round of questions. A client fails those that it has
    /// none for.
    fn resume(&self, round: v1::InputRequired, asked: &mut Vec<String>) -> Result<v1::Resumption> {
        asked.extend(round.requests.into_iter().map(|r| r.key));
        let mut responses = Vec::new();
        for key in asked.iter() {
            let Some(answer) = self.answers.get(key) else {
                return Err(Error::new(format!(
                    "the test has no answer to the question {key:?}"
                )));
            };
            let outcome = v1::input_response::Outcome::ResultJson(json::bytes(answer));
            responses.push(v1::InputResponse {
                key: key.clone(),
                outcome: Some(outcome),
            });
        }
        Ok(v1::Resumption {
            responses,
            state: round.state,
        })
    }
}

fn context() -> v1::CallContext {
    let all = Capabilities {
        elicitation_form: true,
        elicitation_url: true,
        sampling: true,
        sampling_tools: true,
        roots: true,
    };
    v1::CallContext {
        request_id: "test".to_owned(),
        client: Some(v1::ClientInfo {
            name: "test".to_owned(),
            ..Default::default()
        }),
        capabilities: all.into_wire(),
        log_level: v1::LogLevel::Debug.into(),
        wants_progress: true,
        ..Default::default()
    }
}

async fn collect<T>(mut stream: impl Stream<Item = Result<T, Status>> + Unpin) -> Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(item) = stream.next().await {
        all.push(item.map_err(refused)?);
    }
    Ok(all)
}

fn refused(status: Status) -> Error {
    Error::new(status.message())
}
