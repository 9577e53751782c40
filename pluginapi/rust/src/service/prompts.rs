// SPDX-License-Identifier: Apache-2.0

use tonic::{Request, Response, Status};

use crate::error::ProtocolError;
use crate::proto::v1;
use crate::proto::v1::prompt_service_server::PromptService;

use super::{call, CallStream, Parts};

/// Answers for the plugin's prompts.
pub(crate) struct Prompts(Parts);

impl Prompts {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(parts)
    }
}

#[tonic::async_trait]
impl PromptService for Prompts {
    type GetPromptStream = CallStream<v1::GetPromptResponse>;

    async fn list_prompts(
        &self,
        request: Request<v1::ListPromptsRequest>,
    ) -> Result<Response<v1::ListPromptsResponse>, Status> {
        let snapshot = self.0.plugin.offer().prompts.snapshot();
        let page = snapshot.page(&request.get_ref().page_token, snapshot.revision.clone());
        Ok(Response::new(v1::ListPromptsResponse {
            prompts: page.list,
            next_page_token: page.next,
            revision: page.revision,
        }))
    }

    async fn get_prompt(
        &self,
        request: Request<v1::GetPromptRequest>,
    ) -> Result<Response<Self::GetPromptStream>, Status> {
        let v1::GetPromptRequest {
            context,
            name,
            arguments,
            resumption,
        } = request.into_inner();
        let handler = self.0.plugin.offer().prompts.get(&name);
        let request = call::Request {
            kind: "prompt",
            name: name.clone(),
            context,
            resumption,
        };
        let stream = call::start(&self.0, request, |ctx| async move {
            match handler {
                Some(handler) => handler(ctx, arguments.into_iter().collect()).await,
                None => {
                    Err(ProtocolError::not_found(format!("there is no prompt {name:?}")).into())
                }
            }
        })?;
        Ok(Response::new(stream))
    }
}
