// SPDX-License-Identifier: Apache-2.0

//! go-plugin's own services: how a host asks for health, has a plugin stop, and
//! is noticed when it goes.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_stream::Stream;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use crate::proto::goplugin::grpc_broker_server::GrpcBroker;
use crate::proto::goplugin::grpc_controller_server::GrpcController;
use crate::proto::goplugin::grpc_stdio_server::GrpcStdio;
use crate::proto::goplugin::{ConnInfo, Empty, StdioData};
use crate::proto::health::health_check_response::ServingStatus;
use crate::proto::health::{HealthCheckRequest, HealthCheckResponse};
use crate::serve::{Life, CALL_GRACE};

use super::BoxStream;

/// Says that the plugin answers.
pub(crate) struct Health;

#[tonic::async_trait]
impl crate::proto::health::health_server::Health for Health {
    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.get_ref().service.as_str() {
            // go-plugin's name, and the server as a whole.
            "plugin" | "" => Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            })),
            other => Err(Status::not_found(format!("there is no service {other:?}"))),
        }
    }

    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask with Check"))
    }
}

/// Stops the plugin for the host.
pub(crate) struct Controller(Arc<Life>);

impl Controller {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self(life)
    }
}

#[tonic::async_trait]
impl GrpcController for Controller {
    /// The calls in flight have until the request's deadline, which is the
    /// host's patience. The answer comes after theirs: the host may hang up on
    /// it.
    async fn shutdown(&self, request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.stop_for_host(patience(request.metadata()));
        self.0.drained().await;
        Ok(Response::new(Empty {}))
    }
}

/// The time that a request leaves; gRPC's "grpc-timeout" is a number and a unit.
fn patience(metadata: &MetadataMap) -> Duration {
    let text = metadata
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let unit = match text.chars().last() {
        Some('H') => Duration::from_secs(3600),
        Some('M') => Duration::from_secs(60),
        Some('S') => Duration::from_secs(1),
        Some('m') => Duration::from_millis(1),
        Some('u') => Duration::from_micros(1),
        Some('n') => Duration::from_nanos(1),
        _ => return CALL_GRACE,
    };
    let count = text[..text.len() - 1].parse::<u32>().ok();
    count
        .and_then(|count| unit.checked_mul(count))
        .unwrap_or(CALL_GRACE)
}

/// Holds the stream that go-plugin opens once, at the start. Nothing is said on
/// it: what the plugin prints goes to standard error.
pub(crate) struct Stdio(Arc<Life>);

impl Stdio {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self(life)
    }
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = Held<StdioData, HostIsHere>;

    async fn stream_stdio(
        &self,
        _: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(Held::new(
            &self.0,
            HostIsHere(self.0.clone()),
        )))
    }
}

/// Lasts as long as the host holds the stdio stream: its end is the host's.
pub(crate) struct HostIsHere(Arc<Life>);

impl Drop for HostIsHere {
    fn drop(&mut self) {
        self.0.stop_for_host(CALL_GRACE);
    }
}

/// Holds go-plugin's broker stream, which the host opens and never uses.
pub(crate) struct Broker(Arc<Life>);

impl Broker {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self(life)
    }
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = Held<ConnInfo, Streaming<ConnInfo>>;

    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(Held::new(&self.0, request.into_inner())))
    }
}

/// A stream that says nothing and ends with the plugin.
pub(crate) struct Held<T, K> {
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Dropped with the stream.
    _keep: K,
    says: PhantomData<fn() -> T>,
}

impl<T, K> Held<T, K> {
    fn new(life: &Life, keep: K) -> Self {
        Self {
            ended: Box::pin(life.ended().cancelled_owned()),
            _keep: keep,
            says: PhantomData,
        }
    }
}

impl<T, K: Unpin> Stream for Held<T, K> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        use std::future::Future;
        self.ended.as_mut().poll(cx).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_the_patience() {
        for (text, want) in [
            ("1500m", Duration::from_millis(1500)),
            ("3S", Duration::from_secs(3)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("", CALL_GRACE),
            ("S", CALL_GRACE),
            ("xS", CALL_GRACE),
        ] {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().unwrap());
            assert_eq!(patience(&metadata), want, "{text:?}");
        }
    }
}
