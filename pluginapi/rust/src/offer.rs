// SPDX-License-Identifier: Apache-2.0

//! What a plugin offers right now, each with what answers for it.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::catalogue::{locked, Catalogue, Changes};
use crate::completion::{CompleteRequest, Completion, CompletionOutput};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::json;
use crate::prompt::{Arguments, Prompt, PromptOutput, PromptResult};
use crate::proto::v1;
use crate::resource::{Resource, ResourceOutput, ResourceTemplate};
use crate::schema::Input;
use crate::template::{Template, Variables};
use crate::tool::{check_name, Tool, ToolOutput};
use crate::updates::Updates;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) type ToolHandler =
    Arc<dyn Fn(Context, Bytes) -> BoxFuture<Result<v1::CallToolResult>> + Send + Sync>;
pub(crate) type PromptHandler = Arc<
    dyn Fn(Context, BTreeMap<String, String>) -> BoxFuture<Result<v1::GetPromptResult>>
        + Send
        + Sync,
>;
pub(crate) type CompleteHandler =
    Arc<dyn Fn(Context, CompleteRequest) -> BoxFuture<Result<v1::Completion>> + Send + Sync>;

type ReadHandler =
    Arc<dyn Fn(Context, String) -> BoxFuture<Result<v1::ReadResourceResult>> + Send + Sync>;
type ReadTemplateHandler = Arc<
    dyn Fn(Context, String, Variables) -> BoxFuture<Result<v1::ReadResourceResult>> + Send + Sync,
>;

/// What answers for one URI.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) subscribable: bool,
    pub(crate) read: ReadHandler,
}

/// What answers for the URIs of a template.
#[derive(Clone)]
pub(crate) struct Family {
    template: Template,
    pub(crate) subscribable: bool,
    read: ReadTemplateHandler,
}

/// Names what is filled in.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum CompletionKey {
    Prompt {
        name: String,
        argument: String,
    },
    Template {
        uri_template: String,
        variable: String,
    },
}

/// What a plugin offers.
pub(crate) struct Offer {
    pub(crate) changes: Changes,
    pub(crate) tools: Catalogue<v1::Tool, ToolHandler>,
    pub(crate) prompts: Catalogue<v1::Prompt, PromptHandler>,
    pub(crate) resources: Catalogue<v1::Resource, Reader>,
    pub(crate) templates: Catalogue<v1::ResourceTemplate, Family>,
    pub(crate) completions: Mutex<HashMap<CompletionKey, CompleteHandler>>,
    pub(crate) updates: Updates,
}

impl Offer {
    pub(crate) fn new() -> Self {
        let changes = Changes::new();
        Self {
            tools: Catalogue::new(&changes),
            prompts: Catalogue::new(&changes),
            resources: Catalogue::new(&changes),
            templates: Catalogue::new(&changes),
            completions: Mutex::new(HashMap::new()),
            updates: Updates::default(),
            changes,
        }
    }

    pub(crate) fn add_tool<In, Out, F, Fut>(&self, mut tool: Tool, handler: F) -> Result<(), String>
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: ToolOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let name = tool.wire.name.clone();
        let add = || {
            check_name(&name)?;
            let input = Input::infer::<In>(tool.input.take())?;
            tool.wire.input_schema_json = input.schema_json();
            let output = tool.output.take().or_else(Out::schema);
            tool.wire.output_schema_json = output.as_ref().map(json::bytes).unwrap_or_default();
            let handler = Arc::new(handler);
            let call: ToolHandler = Arc::new(move |ctx, raw| {
                let args = input.decode::<In>(&raw);
                let handler = handler.clone();
                Box::pin(async move {
                    let args =
                        args.map_err(|err| Error::new(format!("invalid arguments: {err}")))?;
                    handler(ctx, args).await?.into_result()?.into_wire()
                })
            });
            self.tools.add(name.clone(), tool.wire, call)
        };
        add().map_err(|err| format!("tool {name:?}: {err}"))
    }

    pub(crate) fn add_resource<Out, F, Fut>(
        &self,
        resource: Resource,
        handler: F,
    ) -> Result<(), String>
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let uri = resource.wire.uri.clone();
        let add = || {
            resource.check()?;
            let mime_type: Arc<str> = resource.wire.mime_type.as_str().into();
            let read: ReadHandler = Arc::new(move |ctx, uri: String| {
                let (reading, mime_type) = (handler(ctx, uri.clone()), mime_type.clone());
                Box::pin(async move { reading.await?.into_result().into_wire(&uri, &mime_type) })
            });
            let reader = Reader {
                subscribable: resource.subscribable,
                read,
            };
            self.resources.add(uri.clone(), resource.wire, reader)
        };
        add().map_err(|err| format!("resource {uri:?}: {err}"))
    }

    pub(crate) fn add_template<Out, F, Fut>(
        &self,
        template: ResourceTemplate,
        handler: F,
    ) -> Result<(), String>
    where
        Out: ResourceOutput + 'static,
        F: Fn(Context, String, Variables) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let key = template.wire.uri_template.clone();
        let add = || {
            template.check()?;
            let parsed = Template::parse(&key)?;
            let mime_type: Arc<str> = template.wire.mime_type.as_str().into();
            let read: ReadTemplateHandler = Arc::new(move |ctx, uri: String, vars| {
                let (reading, mime_type) = (handler(ctx, uri.clone(), vars), mime_type.clone());
                Box::pin(async move { reading.await?.into_result().into_wire(&uri, &mime_type) })
            });
            let family = Family {
                template: parsed,
                subscribable: template.subscribable,
                read,
            };
            self.templates.add(key.clone(), template.wire, family)
        };
        add().map_err(|err| format!("resource template {key:?}: {err}"))
    }

    pub(crate) fn add_prompt<In, Out, F, Fut>(
        &self,
        mut prompt: Prompt,
        handler: F,
    ) -> Result<(), String>
    where
        In: DeserializeOwned + JsonSchema + Send + 'static,
        Out: PromptOutput + 'static,
        F: Fn(Context, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let name = prompt.0.name.clone();
        let add = || {
            let arguments = Arguments::infer::<In>(&mut prompt.0)?;
            let handler = Arc::new(handler);
            let get: PromptHandler = Arc::new(move |ctx, given| {
                let args = arguments.decode::<In>(given);
                let handler = handler.clone();
                Box::pin(async move {
                    let filled: PromptResult = handler(ctx, args?).await?.into_result();
                    filled.into_wire()
                })
            });
            self.prompts.add(name.clone(), prompt.0, get)
        };
        add().map_err(|err| format!("prompt {name:?}: {err}"))
    }

    pub(crate) fn set_completion<Out, F, Fut>(&self, key: CompletionKey, handler: F)
    where
        Out: CompletionOutput + 'static,
        F: Fn(Context, CompleteRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let complete: CompleteHandler = Arc::new(move |ctx, request| {
            let suggesting = handler(ctx, request);
            Box::pin(async move {
                let completion: Completion = suggesting.await?.into_completion();
                Ok(completion.into_wire())
            })
        });
        locked(&self.completions).insert(key, complete);
    }

    pub(crate) fn any_subscribable(&self) -> bool {
        self.resources.handlers().iter().any(|r| r.subscribable)
            || self.templates.handlers().iter().any(|f| f.subscribable)
    }

    /// What answers for `uri`: a resource of its own, else the template that was
    /// added first.
    pub(crate) fn reader(&self, uri: &str) -> Option<Reader> {
        if let Some(reader) = self.resources.get(uri) {
            return Some(reader);
        }
        self.templates.handlers().into_iter().find_map(|family| {
            let vars = family.template.variables(uri)?;
            let read = family.read;
            Some(Reader {
                subscribable: family.subscribable,
                read: Arc::new(move |ctx, uri| read(ctx, uri, vars.clone())),
            })
        })
    }
}
