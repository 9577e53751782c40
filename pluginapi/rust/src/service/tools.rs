// SPDX-License-Identifier: Apache-2.0

use tonic::{Request, Response, Status};

use crate::error::{Error, Kind, ProtocolError};
use crate::proto::v1;
use crate::proto::v1::call_tool_response::Event;
use crate::proto::v1::tool_service_server::ToolService;
use crate::tool::error_result;

use super::{call, CallStream, Parts};

/// Answers for the plugin's tools.
pub(crate) struct Tools(Parts);

impl Tools {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(parts)
    }
}

/// A failure of a tool is for the model to read, unless it says otherwise.
pub(super) fn failed(err: Error) -> Event {
    match err.kind() {
        Kind::Protocol(err) => Event::Error(err.into_wire()),
        other => Event::Result(error_result(Error::of(other).told())),
    }
}

#[tonic::async_trait]
impl ToolService for Tools {
    type CallToolStream = CallStream<v1::CallToolResponse>;

    async fn list_tools(
        &self,
        request: Request<v1::ListToolsRequest>,
    ) -> Result<Response<v1::ListToolsResponse>, Status> {
        let snapshot = self.0.plugin.offer().tools.snapshot();
        let page = snapshot.page(&request.get_ref().page_token, snapshot.revision.clone());
        Ok(Response::new(v1::ListToolsResponse {
            tools: page.list,
            next_page_token: page.next,
            revision: page.revision,
        }))
    }

    async fn call_tool(
        &self,
        request: Request<v1::CallToolRequest>,
    ) -> Result<Response<Self::CallToolStream>, Status> {
        let v1::CallToolRequest {
            context,
            name,
            arguments_json,
            resumption,
        } = request.into_inner();
        let handler = self.0.plugin.offer().tools.get(&name);
        let request = call::Request {
            kind: "tool",
            name: name.clone(),
            context,
            resumption,
        };
        let stream = call::start(&self.0, request, |ctx| async move {
            match handler {
                Some(handler) => handler(ctx, arguments_json).await,
                None => Err(ProtocolError::not_found(format!("there is no tool {name:?}")).into()),
            }
        })?;
        Ok(Response::new(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_words_is_an_internal_error() {
        for (text, told) in [("", "internal error"), ("no", "no")] {
            assert_eq!(Error::new(text).into_wire().message, told);
            assert_eq!(
                failed(Error::new(text)),
                Event::Result(error_result(told.to_owned()))
            );
        }
    }
}
