// SPDX-License-Identifier: Apache-2.0

//! Turns Rust functions into a plugin of mcphost: a process that offers them as
//! MCP tools, resources, prompts and completions to every client of the host. It
//! knows the plugin protocol and the handshake that starts it. It knows nothing
//! of MCP's versions, transports and sessions: the host bridges those.
//!
//! A whole plugin:
//!
//! ```no_run
//! use mcphost_plugin::{Plugin, Tool};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Greet {
//!     /// whom to greet
//!     who: String,
//! }
//!
//! #[tokio::main]
//! async fn main() {
//!     Plugin::new("greet", "1.0.0")
//!         .tool(Tool::new("greet").description("Say hello to someone."), |_, args: Greet| async move {
//!             Ok(format!("Hello, {}!", args.who))
//!         })
//!         .serve()
//!         .await;
//! }
//! ```
//!
//! Build it, put the binary into the host's plugin directory, and it is there.
//!
//! # More than tools
//!
//! [`Plugin::resource`] and [`Plugin::resource_template`] offer data to read,
//! [`Plugin::prompt`] messages to pick, [`Plugin::complete_prompt`] and
//! [`Plugin::complete_template`] the values to fill in. What is there when the
//! plugin is served decides what clients are told that it provides;
//! [`Plugin::ability`] names what may come later. A [`Handle`] adds and removes
//! at any time, which is announced, and [`Handle::resource_updated`] tells those
//! who have subscribed.
//!
//! # Errors
//!
//! An [`Error`] that a tool returns is a result that says it failed, for the
//! model to read and to do better; MCP knows no such result for resources,
//! prompts and completions, whose errors all go to the client's developer. A
//! [`ProtocolError`] says that the call made no sense, for the client's
//! developer. A panic ends the call, not the process: the operator's log has the
//! stack, the client reads "internal error". Do not build with
//! `panic = "abort"`.
//!
//! # During a call
//!
//! The [`Context`] talks to the client ([`Context::progress`],
//! [`Context::log`]) and to the operator ([`Context::logger`]), and tells who is
//! calling ([`Context::caller`]). When nobody waits for the result any more, the
//! handler's future is dropped at its next `await`. What runs on a thread does
//! not notice: it looks at [`Context::is_cancelled`], and speaks to the client
//! through `tokio::runtime::Handle::block_on`.
//!
//! # Questions
//!
//! A tool, a resource or a prompt may ask the person at the client
//! ([`Context::elicit`], [`Context::elicit_url`]), its model
//! ([`Context::sample`]) or for its folders ([`Context::roots`]), in a straight
//! line:
//!
//! ```
//! # use mcphost_plugin::{Context, Result};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Address { street: String }
//! # fn deliver(ctx: Context) -> Result<String> {
//! let Some(address) = ctx.elicit::<Address>("address", "Where to?")?.accepted() else {
//!     return Ok("Nothing was sent.".to_owned());
//! };
//! # Ok(address.street)
//! # }
//! ```
//!
//! This is what really happens. The first time, `elicit` returns an error, the
//! handler hands it on with `?`, and the call is over: nothing waits, and plugin
//! and host may be replaced meanwhile. When the answer is there, the host calls
//! the handler again from its beginning with the same arguments, and `elicit`
//! returns the answer. So a handler that asks three questions in a row runs four
//! times. Therefore:
//!
//! - What comes before a question runs again. Put side effects after the last
//!   question, or into [`Context::memo`], which carries a value from round to
//!   round. The person may also never answer: then what comes after never runs.
//! - A call must come to the same questions under the same keys each time. One
//!   that asks under new keys, from a clock or a random number, ends with a tool
//!   error that names them. Carry such values in memos.
//! - Independent questions belong in one round: [`Context::ask`] puts several.
//!   Clients give up after some ten rounds.
//! - The answers and what memos keep travel through the client, sealed by the
//!   host. A client may send the same answer twice, and so run what comes after
//!   it twice: where that must not be, the effect itself has to be idempotent.
//!
//! A refusal is an [`Answer`], not an error. [`Context::caller`] tells what the
//! client can be asked at all; asking more is a [`ProtocolError`], and
//! [`Tool::requires`] has the host say so before the call. Authors who want the
//! rounds in their own hands return an [`InputRequired`] and look at
//! [`Context::answers`] and [`Context::state`].
//!
//! # Life
//!
//! The host starts the process when it first needs it, asks who it is, hands
//! over the settings ([`Plugin::settings`]), and calls. It may stop the process
//! at any time: calls in flight get 2 s to end, or what the host allows, then
//! they are cancelled, then [`Plugin::on_shutdown`] has 0.5 s. A changed
//! configuration is a new process. State that has to outlive it belongs in
//! [`Context::data_dir`].
//!
//! # Testing and debugging
//!
//! Module [`testing`] calls a plugin inside a test as the host does, and answers
//! its questions. With `MCPHOST_DEBUG=1` in its environment a plugin that a
//! person starts serves without a host and prints the variable with which a host
//! finds it: start it under a debugger, then the host with that variable.

#[cfg(not(unix))]
compile_error!("mcphost-plugin needs unix sockets: it runs on Linux and macOS");

mod caller;
mod catalogue;
mod completion;
mod content;
mod context;
mod details;
mod error;
mod exchange;
mod handle;
mod input;
mod json;
mod logger;
mod offer;
mod plugin;
mod prompt;
mod question;
mod questions;
mod resource;
mod sample;
mod schema;
mod serve;
mod service;
mod template;
pub mod testing;
mod tool;
mod updates;
mod validate;

#[doc(hidden)]
#[allow(clippy::all, missing_docs, rustdoc::broken_intra_doc_links)]
pub mod proto;

pub use caller::{Caller, Capabilities, Client, LogLevel, Principal, UnknownLevel};
pub use completion::{prefix_completion, CompleteRequest, Completion, CompletionOutput};
pub use content::{Content, Icon, ResourceContents, ResourceLink, Role};
pub use context::Context;
pub use details::Ability;
pub use error::{Error, ErrorCode, ProtocolError, QuestionError, Result};
pub use handle::Handle;
pub use input::{Input, InputMethod, InputRequest, InputRequired};
pub use logger::Logger;
pub use plugin::Plugin;
pub use prompt::{Prompt, PromptMessage, PromptOutput, PromptResult};
pub use question::{Answer, Form, ListRoots, Question, RawForm, Root, Visit};
pub use questions::Questions;
pub use resource::{ReadResult, Resource, ResourceOutput, ResourceTemplate};
pub use sample::{Sample, SampleResult};
pub use template::Variables;
pub use tool::{Structured, Tool, ToolOutput, ToolResult};

// What handlers' arguments are made with, in the versions that this crate knows.
pub use schemars;
pub use serde;
pub use serde_json;

/// The README's code blocks are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
