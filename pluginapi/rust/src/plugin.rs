// SPDX-License-Identifier: Apache-2.0

//! A plugin before it serves: its details, its hooks, and all it offers from
//! the start.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::completion::{CompleteRequest, CompletionOutput};
use crate::context::Context;
use crate::details::{Ability, ConfigureHook, Details, Settings};
use crate::error::{Error, Result};
use crate::handle::{Handle, Inner};
use crate::logger::Logger;
use crate::offer::{BoxFuture, CompletionKey, Offer};
use crate::prompt::{Prompt, PromptOutput};
use crate::resource::{Resource, ResourceOutput, ResourceTemplate};
use crate::schema::Input;
use crate::serve;
use crate::template::Variables;
use crate::tool::{Tool, ToolOutput};

/// What one process offers. Make it with [`Plugin::new`], say what it offers,
/// then hand the process over with [`Plugin::serve`].
///
/// Mistakes, such as two tools of one name, are collected and reported by
/// `serve`.
pub struct Plugin {
    pub(crate) details: Details,
    pub(crate) offer: Offer,
    pub(crate) mistakes: Vec<String>,
    pub(crate) on_start: Option<StartHook>,
    pub(crate) on_shutdown: Option<ShutdownHook>,
    /// The host's, in a process that a host has started.
    pub(crate) pipes: Option<serve::Pipes>,
}

type StartHook = Box<dyn FnOnce(Handle) -> BoxFuture<()> + Send>;
pub(crate) type ShutdownHook = Box<dyn FnOnce() -> BoxFuture<()> + Send>;

impl Plugin {
    /// A plugin that offers nothing yet. Both strings are for display: the host
    /// knows a plugin by its file, folder or configuration name.
    ///
    /// In a process that a host has started, standard input and output belong to
    /// the host: from here on what the process and its children print goes to
    /// standard error, and they read nothing.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let details = Details {
            name: name.into(),
            version: version.into(),
            ..Default::default()
        };
        let mut mistakes = Vec::new();
        if details.name.is_empty() {
            mistakes.push("the plugin has no name: give Plugin::new one".to_owned());
        }
        let pipes = serve::guard_pipes().unwrap_or_else(|err| {
            mistakes.push(format!("standard input and output: {err}"));
            None
        });
        Self {
            details,
            offer: Offer::new(),
            mistakes,
            on_start: None,
            on_shutdown: None,
            pipes,
        }
    }

    /// Sets the human-readable name; the name if nothing is said.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.details.title = title.into();
        self
    }

    /// Says in one or two sentences what it is.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.details.description = description.into();
        self
    }

    /// Sets an https address to read more at.
    pub fn website_url(mut self, url: impl Into<String>) -> Self {
        self.details.website_url = url.into();
        self
    }

    /// Names an MCP extension that the definitions rely on, such as
    /// "io.modelcontextprotocol/ui".
    pub fn extension(mut self, identifier: impl Into<String>) -> Self {
        self.details.extensions.push(identifier.into());
        self
    }

    /// Sets how many calls may be in flight; the host queues what is above it.
    /// The host's default, 64, if nothing is said.
    pub fn max_concurrent_calls(mut self, most: u32) -> Self {
        self.details.max_concurrent_calls = most;
        self
    }

    /// Names an ability that the plugin may gain while it serves. What is there
    /// before need not be named.
    pub fn ability(mut self, ability: Ability) -> Self {
        self.details.abilities.push(ability);
        self
    }

    /// Takes the operator's settings as an `S`: handlers get them with
    /// [`Context::settings`]. The host shows and checks the schema inferred from
    /// `S`; unknown keys are refused. A plugin without takes no settings.
    pub fn settings<S>(self) -> Self
    where
        S: DeserializeOwned + JsonSchema + Send + Sync + 'static,
    {
        let unset = || serde_json::from_str::<S>("{}").ok().map(shared);
        self.take_settings::<S, S, _, _>(unset, |settings: S| async { Ok(settings) })
    }

    /// Takes the operator's settings as an `S` and makes of them what handlers
    /// get with [`Context::settings`]: checked, resolved, connected. The error is
    /// shown to the operator and disables the plugin until the settings change.
    /// It is called once, before the first call.
    pub fn configure<S, T, F, Fut>(self, configure: F) -> Self
    where
        S: DeserializeOwned + JsonSchema + Send + 'static,
        T: Send + Sync + 'static,
        F: Fn(S) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        self.take_settings(|| None, configure)
    }

    fn take_settings<S, T, F, Fut>(
        mut self,
        unset: fn() -> Option<Arc<dyn Any + Send + Sync>>,
        configure: F,
    ) -> Self
    where
        S: DeserializeOwned + JsonSchema + Send + 'static,
        T: Send + Sync + 'static,
        F: Fn(S) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let input = match Input::infer::<S>(None) {
            Ok(input) => input,
            Err(err) => return self.with_mistake(Err(format!("settings: {err}"))),
        };
        let (checker, configure) = (input.clone(), Arc::new(configure));
        let configure: ConfigureHook = Box::new(move |raw| {
            let settings = checker.decode_value::<S>(raw);
            let configure = configure.clone();
            Box::pin(async move {
                let settings =
                    settings.map_err(|err| Error::new(format!("invalid settings: {err}")))?;
                configure(settings).await.map(shared)
            })
        });
        self.details.settings = Some(Settings {
            input,
            configure,
            unset,
        });
        self
    }

    /// Offers a tool whose arguments are an `In`: a struct with `Deserialize`
    /// and `JsonSchema`, or `()` if it takes none. Doc comments describe its
    /// fields to the model. Arguments that do not conform never reach the
    /// handler: unknown members and wrong types are a tool error that names
    /// them.
    ///
    /// An error is a tool error, which the model reads; a
    /// [`ProtocolError`](crate::ProtocolError) is for the client's developer. A
    /// panic is logged and the model told "internal error". The handler's future
    /// is dropped when nobody waits for the result any more. Handlers run at
    /// the same time, many of one tool.
    pub fn tool<In, Out, F, Fut>(self, tool: Tool, handler: F) -> Self
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: ToolOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let added = self.offer.add_tool(tool, handler);
        self.with_mistake(added)
    }

    /// Offers a resource, which the handler reads. It is given the URI.
    ///
    /// An error is for the client's developer to read; return
    /// [`ProtocolError::not_found`](crate::ProtocolError::not_found) for what is
    /// not there any more. All else is as in [`Plugin::tool`].
    pub fn resource<Out, F, Fut>(self, resource: Resource, handler: F) -> Self
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let added = self.offer.add_resource(resource, handler);
        self.with_mistake(added)
    }

    /// Offers a family of resources, which the handler reads. It is given the
    /// URI and the variables of the template, decoded. They are the client's
    /// word: check them. A resource that has its own definition is not looked
    /// for here, and of two templates that match the one that was added first
    /// counts. All else is as in [`Plugin::resource`].
    pub fn resource_template<Out, F, Fut>(self, template: ResourceTemplate, handler: F) -> Self
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String, Variables) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let added = self.offer.add_template(template, handler);
        self.with_mistake(added)
    }

    /// Offers a prompt whose arguments are an `In`: a struct of strings, where
    /// `Option`s may be left out. Arguments that are missing or unknown never
    /// reach the handler.
    ///
    /// An error is for the client's developer to read. All else is as in
    /// [`Plugin::tool`].
    pub fn prompt<In, Out, F, Fut>(self, prompt: Prompt, handler: F) -> Self
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: PromptOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let added = self.offer.add_prompt(prompt, handler);
        self.with_mistake(added)
    }

    /// Sets what suggests values for an argument of a prompt: see
    /// [`prefix_completion`](crate::prefix_completion) for a fixed list. It is
    /// called often, while a user types, and cannot ask questions. An error is
    /// for the client's developer to read.
    pub fn complete_prompt<Out, F, Fut>(self, prompt: &str, argument: &str, handler: F) -> Self
    where
        Out: CompletionOutput + 'static,
        F: Fn(Context, CompleteRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let key = CompletionKey::Prompt {
            name: prompt.to_owned(),
            argument: argument.to_owned(),
        };
        self.offer.set_completion(key, handler);
        self
    }

    /// Is [`Plugin::complete_prompt`] for a variable of a resource template.
    pub fn complete_template<Out, F, Fut>(
        self,
        uri_template: &str,
        variable: &str,
        handler: F,
    ) -> Self
    where
        Out: CompletionOutput + 'static,
        F: Fn(Context, CompleteRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let (uri_template, variable) = (uri_template.to_owned(), variable.to_owned());
        self.offer.set_completion(
            CompletionKey::Template {
                uri_template,
                variable,
            },
            handler,
        );
        self
    }

    /// Sets what is told the whole set of URIs that clients are subscribed to,
    /// each time it changes, and answers with those whose changes
    /// [`Handle::resource_updated`] will report. Without it these are the URIs
    /// of what is subscribable. Use it to watch no more than anybody reads.
    pub fn on_subscriptions(
        mut self,
        hook: impl Fn(&[String]) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        self.details.on_subscriptions = Some(Box::new(hook));
        self
    }

    /// Sets what is told that a client's connection is gone, so that state kept
    /// under its [`Caller::connection_id`](crate::Caller::connection_id) can go.
    /// The host promises no more than best effort.
    pub fn on_end_connection(mut self, hook: impl Fn(String) + Send + Sync + 'static) -> Self {
        self.details.on_end_connection = Some(Box::new(hook));
        self
    }

    /// Sets what runs beside the calls, from the start until the plugin stops:
    /// it is dropped then. What it adds comes late: see [`Plugin::ability`].
    pub fn on_start<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce(Handle) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_start = Some(Box::new(|plugin| Box::pin(hook(plugin))));
        self
    }

    /// Sets what runs before the process ends: after the calls in flight have
    /// ended or been cancelled. It has half a second: what still runs then is
    /// abandoned with the process. It does not run when the process is killed.
    pub fn on_shutdown<F, Fut>(mut self, hook: F) -> Self
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_shutdown = Some(Box::new(|| Box::pin(hook())));
        self
    }

    /// Serves the plugin to the host that started this process, and ends the
    /// process when it has stopped. Without a host, or after a mistake in what
    /// it offers, it explains itself on standard error and ends the process with
    /// code 1.
    ///
    /// It stops when the host asks, on SIGTERM, and when the host is gone: calls
    /// in flight have 2 s to end, or what the host allows. It takes over the
    /// process: SIGINT is ignored, as a terminal sends it to the host's children
    /// too, and the variables of the handshake leave the environment, which
    /// children inherit.
    pub async fn serve(self) {
        std::process::exit(serve::main(self).await);
    }

    /// Ends the time in which mistakes are collected.
    pub(crate) fn start(self) -> Result<Started, String> {
        if !self.mistakes.is_empty() {
            return Err(format!(
                "plugin {} cannot start:\n{}",
                self.details.name,
                self.mistakes.join("\n")
            ));
        }
        let logger = Logger::new(&self.details.name);
        let inner = Inner {
            details: self.details,
            offer: self.offer,
            logger,
            configured: OnceLock::new(),
            announced: OnceLock::new(),
        };
        let plugin = Handle(Arc::new(inner));
        plugin.announced();
        Ok(Started {
            plugin,
            on_start: self.on_start,
            on_shutdown: self.on_shutdown,
            pipes: self.pipes,
        })
    }

    fn with_mistake(mut self, done: Result<(), String>) -> Self {
        self.mistakes.extend(done.err());
        self
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("name", &self.details.name)
            .finish_non_exhaustive()
    }
}

/// A plugin that is complete, and what it left for the process to run.
pub(crate) struct Started {
    pub(crate) plugin: Handle,
    pub(crate) on_start: Option<StartHook>,
    pub(crate) on_shutdown: Option<ShutdownHook>,
    pub(crate) pipes: Option<serve::Pipes>,
}

fn shared<T: Send + Sync + 'static>(value: T) -> Arc<dyn Any + Send + Sync> {
    Arc::new(value)
}
