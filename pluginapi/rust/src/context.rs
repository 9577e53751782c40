// SPDX-License-Identifier: Apache-2.0

//! What a handler is given: who calls, and how to speak to the client while the
//! call lasts.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::caller::{Caller, LogLevel};
use crate::catalogue::locked;
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::handle::Handle;
use crate::input::Input;
use crate::json;
use crate::logger::Logger;
use crate::proto::v1;
use crate::question::{Answer, Form, ListRoots, Question, RawForm, Root, Visit};
use crate::questions::Questions;
use crate::sample::{Sample, SampleResult};

/// One call, as its handler sees it. Clones are of the same call and may be
/// handed to tasks and threads; once the handler has returned they say nothing
/// more to the client.
#[derive(Clone)]
pub struct Context(Arc<Call>);

/// One call in flight.
pub(crate) struct Call {
    pub(crate) kind: &'static str, // tool, resource, prompt or completion
    pub(crate) name: String,       // of what is called, or its URI
    pub(crate) caller: Caller,
    pub(crate) plugin: Handle,
    pub(crate) cancelled: CancellationToken,
    /// `None` where nobody listens.
    pub(crate) events: Option<mpsc::Sender<Event>>,
    /// `None` where nothing may be asked.
    pub(crate) exchange: Option<Mutex<Exchange>>,
    /// The handler has returned.
    pub(crate) over: AtomicBool,
}

/// What a call says before its outcome.
#[derive(Debug)]
pub(crate) enum Event {
    Progress(v1::Progress),
    Log(v1::Log),
    Release(v1::ReleaseStream),
}

impl Context {
    pub(crate) fn new(call: Arc<Call>) -> Self {
        Self(call)
    }

    /// Who is calling, and what their client can do.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The plugin, to change what it offers.
    pub fn plugin(&self) -> &Handle {
        &self.0.plugin
    }

    /// The operator's settings, or what
    /// [`Plugin::configure`](crate::Plugin::configure) made of them. It fails if
    /// the plugin has none of type `T`.
    pub fn settings<T: Send + Sync + 'static>(&self) -> Result<Arc<T>> {
        self.0.plugin.settings()
    }

    /// An existing directory in which the plugin may keep data between runs;
    /// `None` if the operator gives it none.
    pub fn data_dir(&self) -> Option<&Path> {
        self.0.plugin.data_dir()
    }

    /// The operator's log. Every line names this call.
    pub fn logger(&self) -> Logger {
        let call = &self.0;
        call.plugin
            .logger()
            .with(call.kind, &call.name)
            .with("request_id", &call.caller.request_id)
    }

    /// Ends when nobody waits for the result any more. A handler's future is
    /// dropped then, at its next `await`: only tasks and threads of its own need
    /// to look.
    pub async fn cancelled(&self) {
        self.0.cancelled.cancelled().await;
    }

    /// Whether nobody waits for the result any more: for loops on threads.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.is_cancelled()
    }

    /// Tells the client how far the call is: done so far of a total, in any
    /// unit, and what is being done, for people. `done` must grow from call to
    /// call; a total of `None` is unknown. It waits while the client is slow,
    /// and does nothing when nobody reads it.
    pub async fn progress(
        &self,
        done: f64,
        total: impl Into<Option<f64>>,
        message: impl Into<String>,
    ) {
        if !self.0.caller.wants_progress {
            return;
        }
        let (total, message) = (total.into(), message.into());
        self.emit(Event::Progress(v1::Progress {
            progress: done,
            total,
            message,
        }))
        .await;
    }

    /// Sends a log message to the client, never secrets. What concerns the
    /// operator goes to [`Context::logger`] instead. It does nothing for levels
    /// that the client does not want.
    pub async fn log(&self, level: LogLevel, message: impl Into<String>) {
        self.log_data(level, &json!(message.into())).await;
    }

    /// Sends any JSON value as a log message to the client.
    pub async fn log_data(&self, level: LogLevel, data: &Value) {
        if self.0.caller.log_level.is_none_or(|least| level < least) {
            return;
        }
        let log = v1::Log {
            level: level as i32,
            logger: String::new(),
            data_json: json::bytes(data),
        };
        self.emit(Event::Log(log)).await;
    }

    /// Asks the host to end the client's response stream and let the client
    /// resume it, so that a long call holds no connection. The host decides when
    /// if `retry_after` is zero. It does nothing where the client's protocol
    /// cannot resume.
    pub async fn release_stream(&self, retry_after: Duration) {
        let retry_after_ms = retry_after.as_millis().try_into().unwrap_or(u32::MAX);
        self.emit(Event::Release(v1::ReleaseStream { retry_after_ms }))
            .await;
    }

    /// Asks a person to fill in a [`Form`].
    pub fn elicit<T>(&self, key: impl Into<String>, message: impl Into<String>) -> Result<Answer<T>>
    where
        T: DeserializeOwned + JsonSchema,
    {
        self.ask_one(&Form::<T>::new(key, message))
    }

    /// Asks a person to fill in a [`RawForm`].
    pub fn elicit_raw(
        &self,
        key: impl Into<String>,
        message: impl Into<String>,
        schema: Value,
    ) -> Result<Answer<Value>> {
        self.ask_one(&RawForm::new(key, message, schema))
    }

    /// Asks a person to [`Visit`] a URL.
    pub fn elicit_url(
        &self,
        key: impl Into<String>,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<Answer<()>> {
        self.ask_one(&Visit::new(key, message, url))
    }

    /// Asks the client's model.
    pub fn sample(&self, sample: Sample) -> Result<SampleResult> {
        self.ask_one(&sample)
    }

    /// Asks for the folders that the client lets its servers know.
    pub fn roots(&self, key: impl Into<String>) -> Result<Vec<Root>> {
        self.ask_one(&ListRoots::new(key))
    }

    fn ask_one<Q: Question>(&self, question: &Q) -> Result<Q::Answer> {
        locked(self.exchange()?).ask(question)
    }

    /// Puts several questions to the client in one round: a tuple, or a `Vec` of
    /// one kind. It fails while they are on their way to the client, see
    /// [`Error::is_asked`]: hand that on, with `?`. It also fails with a
    /// [`QuestionError`](crate::QuestionError) if one of them will get no
    /// answer, and with a [`ProtocolError`](crate::ProtocolError) if the client
    /// declares no such ability; [`Context::caller`] tells that beforehand.
    ///
    /// A key names a question among all of the call, in every round: asking
    /// under keys that differ from those of the round before ends the call with
    /// an error.
    pub fn ask<Q: Questions>(&self, questions: Q) -> Result<Q::Answers> {
        locked(self.exchange()?).ask(&questions)
    }

    /// Computes a value once and carries it through the rounds of a call: where
    /// the call is entered again after a question, `compute` does not run and
    /// the value is the one of before. The key names it among all of the call.
    /// Errors are not kept.
    ///
    /// The value travels with the question. If the round ends before one is
    /// asked, the call is over and nothing is kept; if the same round comes
    /// twice, because a client repeats its answer, `compute` has still run once.
    /// All that a call keeps, with its questions, must fit in 64 KiB.
    pub async fn memo<T, F, Fut>(&self, key: &str, compute: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let exchange = self.exchange()?;
        let known = locked(exchange).recall(key);
        let value = match known {
            Some(value) => value,
            None => {
                let mark = locked(exchange).mark();
                let value =
                    serde_json::to_value(compute().await?).map_err(|err| memo_error(key, &err))?;
                locked(exchange).remember(key, value.clone(), mark);
                value
            }
        };
        // A fresh value is read back as well: a type that JSON does not hold
        // whole shows in the first round, not only where there is a second.
        serde_json::from_value(value).map_err(|err| memo_error(key, &err))
    }

    /// All that the client has answered in this call so far, by key, asked for
    /// or not, and unchecked: see [`InputRequired`](crate::InputRequired).
    pub fn answers(&self) -> HashMap<String, Input> {
        self.exchange()
            .map(|x| locked(x).answers())
            .unwrap_or_default()
    }

    /// The state of the [`InputRequired`](crate::InputRequired) that ended the
    /// round before; empty if there was none.
    pub fn state(&self) -> Vec<u8> {
        self.exchange().map(|x| locked(x).own()).unwrap_or_default()
    }

    fn exchange(&self) -> Result<&Mutex<Exchange>> {
        let call = &self.0;
        call.exchange
            .as_ref()
            .ok_or_else(|| Error::new(format!("a {} cannot ask questions", call.kind)))
    }

    /// Sends one event, unless the call is over first.
    async fn emit(&self, event: Event) {
        let call = &self.0;
        let Some(events) = call
            .events
            .as_ref()
            .filter(|_| !call.over.load(Ordering::Acquire))
        else {
            return;
        };
        tokio::select! {
            _ = events.send(event) => {} // an error says that nobody listens
            () = call.cancelled.cancelled() => {}
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("kind", &self.0.kind)
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

fn memo_error(key: &str, err: &serde_json::Error) -> Error {
    Error::new(format!("memo {key:?}: {err}"))
}
