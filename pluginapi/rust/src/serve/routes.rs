// SPDX-License-Identifier: Apache-2.0

//! Finds the service that a request is for. tonic's own router would bring a web
//! framework along.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::Status;

use crate::handle::Handle;
use crate::proto::goplugin::{grpc_broker_server, grpc_controller_server, grpc_stdio_server};
use crate::proto::health::health_server;
use crate::proto::v1::{
    completion_service_server, plugin_service_server, prompt_service_server,
    resource_service_server, tool_service_server,
};
use crate::service::{
    Broker, Completions, Controller, Health, Parts, PluginInfo, Prompts, Resources, Stdio, Tools,
};

use super::{Life, MAX_MESSAGE};

/// All services of a plugin process: what Describe does not name is not called,
/// and may be added later.
#[derive(Clone)]
pub(super) struct Routes {
    plugin: plugin_service_server::PluginServiceServer<PluginInfo>,
    tools: tool_service_server::ToolServiceServer<Tools>,
    resources: resource_service_server::ResourceServiceServer<Resources>,
    prompts: prompt_service_server::PromptServiceServer<Prompts>,
    completions: completion_service_server::CompletionServiceServer<Completions>,
    health: health_server::HealthServer<Health>,
    controller: grpc_controller_server::GrpcControllerServer<Controller>,
    stdio: grpc_stdio_server::GrpcStdioServer<Stdio>,
    broker: grpc_broker_server::GrpcBrokerServer<Broker>,
}

/// A generated server with gRPC's limit, 4 MiB, lifted to the protocol's.
macro_rules! sized {
    ($server:path, $service:expr) => {
        <$server>::new($service)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    };
}

impl Routes {
    pub(super) fn new(plugin: Handle, life: &Arc<Life>) -> Self {
        let parts = || Parts {
            plugin: plugin.clone(),
            life: life.clone(),
        };
        Self {
            plugin: sized!(
                plugin_service_server::PluginServiceServer<_>,
                PluginInfo::new(parts())
            ),
            tools: sized!(
                tool_service_server::ToolServiceServer<_>,
                Tools::new(parts())
            ),
            resources: sized!(
                resource_service_server::ResourceServiceServer<_>,
                Resources::new(parts())
            ),
            prompts: sized!(
                prompt_service_server::PromptServiceServer<_>,
                Prompts::new(parts())
            ),
            completions: sized!(
                completion_service_server::CompletionServiceServer<_>,
                Completions::new(parts())
            ),
            health: health_server::HealthServer::new(Health),
            controller: grpc_controller_server::GrpcControllerServer::new(Controller::new(
                life.clone(),
            )),
            stdio: grpc_stdio_server::GrpcStdioServer::new(Stdio::new(life.clone())),
            broker: grpc_broker_server::GrpcBrokerServer::new(Broker::new(life.clone())),
        }
    }
}

impl Service<Request<Body>> for Routes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let service = path
            .strip_prefix('/')
            .and_then(|p| p.split_once('/'))
            .map_or("", |(name, _)| name);
        match service {
            plugin_service_server::SERVICE_NAME => self.plugin.call(request),
            tool_service_server::SERVICE_NAME => self.tools.call(request),
            resource_service_server::SERVICE_NAME => self.resources.call(request),
            prompt_service_server::SERVICE_NAME => self.prompts.call(request),
            completion_service_server::SERVICE_NAME => self.completions.call(request),
            health_server::SERVICE_NAME => self.health.call(request),
            grpc_controller_server::SERVICE_NAME => self.controller.call(request),
            grpc_stdio_server::SERVICE_NAME => self.stdio.call(request),
            grpc_broker_server::SERVICE_NAME => self.broker.call(request),
            _ => Box::pin(async {
                Ok(Status::unimplemented("there is no such service").into_http())
            }),
        }
    }
}
