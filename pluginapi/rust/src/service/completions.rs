// SPDX-License-Identifier: Apache-2.0

use std::sync::atomic::AtomicBool;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::caller::Caller;
use crate::catalogue::locked;
use crate::completion::CompleteRequest;
use crate::context::{Call, Context};
use crate::error::Error;
use crate::offer::CompletionKey;
use crate::proto::v1;
use crate::proto::v1::complete_request::Reference;
use crate::proto::v1::complete_response::Outcome;
use crate::proto::v1::completion_service_server::CompletionService;

use super::{guarded, stopping, Parts};

/// Answers for the plugin's completions.
pub(crate) struct Completions(Parts);

impl Completions {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(parts)
    }
}

#[tonic::async_trait]
impl CompletionService for Completions {
    /// Suggests nothing for what it does not know, as the protocol says.
    async fn complete(
        &self,
        request: Request<v1::CompleteRequest>,
    ) -> Result<Response<v1::CompleteResponse>, Status> {
        let Parts { plugin, life } = &self.0;
        let _inside = life.enter().ok_or_else(stopping)?;
        let request = request.into_inner();
        let handler =
            key_of(&request).and_then(|key| locked(&plugin.offer().completions).get(&key).cloned());
        let Some(handler) = handler else {
            return Ok(Response::new(completed(v1::Completion::default())));
        };
        let cancelled = life.call_token();
        let _guard = cancelled.clone().drop_guard(); // the client may go while we suggest
        let (ctx, ask) = self.call(request, cancelled.clone());
        let suggesting = guarded(async move { handler(ctx, ask).await });
        let suggested = cancelled
            .run_until_cancelled(suggesting)
            .await
            .ok_or_else(stopping)?;
        Ok(Response::new(
            match suggested.unwrap_or_else(|_| Err(Error::internal())) {
                Ok(completion) => completed(completion),
                Err(err) => v1::CompleteResponse {
                    outcome: Some(Outcome::Error(err.into_wire())),
                },
            },
        ))
    }
}

impl Completions {
    /// What the author's code is given.
    fn call(
        &self,
        request: v1::CompleteRequest,
        cancelled: CancellationToken,
    ) -> (Context, CompleteRequest) {
        let name = match request.reference {
            Some(Reference::PromptName(name) | Reference::ResourceUriTemplate(name)) => name,
            None => String::new(),
        };
        let call = Call {
            kind: "completion",
            name,
            caller: Caller::from_wire(request.context),
            plugin: self.0.plugin.clone(),
            cancelled,
            events: None,
            exchange: None,
            over: AtomicBool::new(false),
        };
        let ask = CompleteRequest {
            argument: request.argument_name,
            value: request.argument_value,
            arguments: request.resolved_arguments.into_iter().collect(),
        };
        (Context::new(Arc::new(call)), ask)
    }
}

fn key_of(request: &v1::CompleteRequest) -> Option<CompletionKey> {
    let argument = request.argument_name.clone();
    Some(match request.reference.clone()? {
        Reference::PromptName(name) => CompletionKey::Prompt { name, argument },
        Reference::ResourceUriTemplate(uri_template) => CompletionKey::Template {
            uri_template,
            variable: argument,
        },
    })
}

fn completed(completion: v1::Completion) -> v1::CompleteResponse {
    v1::CompleteResponse {
        outcome: Some(Outcome::Completion(completion)),
    }
}
