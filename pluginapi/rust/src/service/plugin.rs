// SPDX-License-Identifier: Apache-2.0

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::catalogue::joint_revision;
use crate::handle::{Configured, Handle};
use crate::proto::v1;
use crate::proto::v1::plugin_service_server::PluginService;
use crate::proto::v1::watch_response::Event;

use super::{guarded, BoxStream, Parts};

/// Answers for the plugin as a whole.
pub(crate) struct PluginInfo {
    parts: Parts,
    configuring: tokio::sync::Mutex<()>,
}

impl PluginInfo {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            configuring: tokio::sync::Mutex::new(()),
        }
    }
}

#[tonic::async_trait]
impl PluginService for PluginInfo {
    type WatchStream = BoxStream<v1::WatchResponse>;

    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        Ok(Response::new(self.parts.plugin.describe()))
    }

    async fn configure(
        &self,
        request: Request<v1::ConfigureRequest>,
    ) -> Result<Response<v1::ConfigureResponse>, Status> {
        // One host at a time. After a refusal, one that attaches may give better
        // settings.
        let _configuring = self.configuring.lock().await;
        let request = request.into_inner();
        let plugin = &self.parts.plugin;
        let identity = request.plugin_name;
        let data_dir =
            Some(PathBuf::from(request.data_dir)).filter(|dir| !dir.as_os_str().is_empty());
        let Some(settings) = &plugin.details().settings else {
            let _ = plugin.0.configured.set(Configured {
                identity,
                data_dir,
                settings: std::sync::Arc::new(()),
            });
            return Err(Status::unimplemented("this plugin has no settings"));
        };
        if plugin.0.configured.get().is_some() {
            return Err(Status::failed_precondition(
                "configured already: other settings need a new process",
            ));
        }
        let raw: Value = serde_json::from_slice(&request.settings_json)
            .map_err(|err| Status::invalid_argument(format!("invalid settings: {err}")))?;
        let settings = guarded(async { (settings.configure)(raw).await })
            .await
            .map_err(|_| Status::internal("internal error"))?
            .map_err(|err| Status::invalid_argument(err.to_string()))?;
        let _ = plugin.0.configured.set(Configured {
            identity,
            data_dir,
            settings,
        });
        Ok(Response::new(v1::ConfigureResponse {}))
    }

    async fn watch(
        &self,
        _: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (events, stream) = mpsc::channel(1);
        let (plugin, ended) = (self.parts.plugin.clone(), self.parts.life.ended());
        self.parts.life.spawn_stream(async move {
            tokio::select! {
                () = events.closed() => {}
                () = ended.cancelled() => {}
                () = report(&plugin, &events) => {}
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn end_connection(
        &self,
        request: Request<v1::EndConnectionRequest>,
    ) -> Result<Response<v1::EndConnectionResponse>, Status> {
        let Some(hook) = &self.parts.plugin.details().on_end_connection else {
            return Err(Status::unimplemented(
                "this plugin keeps nothing by connection",
            ));
        };
        catch_unwind(AssertUnwindSafe(|| {
            hook(request.into_inner().connection_id)
        }))
        .map_err(|_| Status::internal("internal error"))?;
        Ok(Response::new(v1::EndConnectionResponse {}))
    }
}

/// Reports changes until nobody listens.
async fn report(plugin: &Handle, events: &mpsc::Sender<Result<v1::WatchResponse, Status>>) {
    let mut changes = plugin.offer().changes.watch();
    let mut sent = None;
    loop {
        changes.mark_unchanged(); // before reading, so that nothing is lost
        let now = revisions(plugin);
        if sent.as_ref() != Some(&now) {
            sent = Some(now.clone());
            if !send(events, Event::Revisions(now)).await {
                return;
            }
        }
        for uri in plugin.offer().updates.take() {
            if !send(events, Event::ResourceUpdated(v1::ResourceUpdated { uri })).await {
                return;
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Reports whether anybody listens.
async fn send(events: &mpsc::Sender<Result<v1::WatchResponse, Status>>, event: Event) -> bool {
    events
        .send(Ok(v1::WatchResponse { event: Some(event) }))
        .await
        .is_ok()
}

/// Those of all lists right now.
fn revisions(plugin: &Handle) -> v1::Revisions {
    let offer = plugin.offer();
    v1::Revisions {
        tools: offer.tools.snapshot().revision.clone(),
        resources: joint_revision(
            &offer.resources.snapshot().revision,
            &offer.templates.snapshot().revision,
        ),
        prompts: offer.prompts.snapshot().revision.clone(),
    }
}
