// SPDX-License-Identifier: Apache-2.0

use std::panic::{catch_unwind, AssertUnwindSafe};

use tokio::sync::Mutex;
use tonic::{Request, Response, Status};

use crate::catalogue::joint_revision;
use crate::error::ProtocolError;
use crate::proto::v1;
use crate::proto::v1::resource_service_server::ResourceService;

use super::{call, CallStream, Parts};

/// Answers for the plugin's resources.
pub(crate) struct Resources {
    parts: Parts,
    /// Keeps the order of the sets, and the author from two at once.
    setting: Mutex<()>,
}

impl Resources {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            setting: Mutex::new(()),
        }
    }

    /// Those of the URIs whose changes will be reported.
    fn accept(&self, uris: &[String]) -> Result<Vec<String>, Status> {
        let plugin = &self.parts.plugin;
        let Some(hook) = &plugin.details().on_subscriptions else {
            let mut accepted = uris.to_vec();
            accepted.retain(|uri| {
                plugin
                    .offer()
                    .reader(uri)
                    .is_some_and(|reader| reader.subscribable)
            });
            return Ok(accepted);
        };
        let accepted = catch_unwind(AssertUnwindSafe(|| hook(uris)));
        let mut accepted = accepted.map_err(|_| Status::internal("internal error"))?;
        accepted.retain(|uri| uris.contains(uri));
        Ok(accepted)
    }
}

#[tonic::async_trait]
impl ResourceService for Resources {
    type ReadResourceStream = CallStream<v1::ReadResourceResponse>;

    async fn list_resources(
        &self,
        request: Request<v1::ListResourcesRequest>,
    ) -> Result<Response<v1::ListResourcesResponse>, Status> {
        let offer = self.parts.plugin.offer();
        let snapshot = offer.resources.snapshot();
        let revision = joint_revision(&snapshot.revision, &offer.templates.snapshot().revision);
        let page = snapshot.page(&request.get_ref().page_token, revision);
        Ok(Response::new(v1::ListResourcesResponse {
            resources: page.list,
            next_page_token: page.next,
            revision: page.revision,
        }))
    }

    async fn list_resource_templates(
        &self,
        request: Request<v1::ListResourceTemplatesRequest>,
    ) -> Result<Response<v1::ListResourceTemplatesResponse>, Status> {
        let offer = self.parts.plugin.offer();
        let snapshot = offer.templates.snapshot();
        let revision = joint_revision(&offer.resources.snapshot().revision, &snapshot.revision);
        let page = snapshot.page(&request.get_ref().page_token, revision);
        Ok(Response::new(v1::ListResourceTemplatesResponse {
            resource_templates: page.list,
            next_page_token: page.next,
            revision: page.revision,
        }))
    }

    async fn read_resource(
        &self,
        request: Request<v1::ReadResourceRequest>,
    ) -> Result<Response<Self::ReadResourceStream>, Status> {
        let v1::ReadResourceRequest {
            context,
            uri,
            resumption,
        } = request.into_inner();
        let reader = self.parts.plugin.offer().reader(&uri);
        let request = call::Request {
            kind: "resource",
            name: uri.clone(),
            context,
            resumption,
        };
        let stream = call::start(&self.parts, request, |ctx| async move {
            match reader {
                Some(reader) => (reader.read)(ctx, uri).await,
                None => {
                    Err(ProtocolError::not_found(format!("there is no resource {uri:?}")).into())
                }
            }
        })?;
        Ok(Response::new(stream))
    }

    async fn set_subscriptions(
        &self,
        request: Request<v1::SetSubscriptionsRequest>,
    ) -> Result<Response<v1::SetSubscriptionsResponse>, Status> {
        let _turn = self.setting.lock().await;
        let uris = request.into_inner().uris;
        let updates = &self.parts.plugin.offer().updates;
        updates.watch(uris.clone()); // so that a change while the author looks is not lost
        let accepted_uris = self.accept(&uris)?;
        updates.watch(accepted_uris.clone());
        Ok(Response::new(v1::SetSubscriptionsResponse {
            accepted_uris,
        }))
    }
}
