// SPDX-License-Identifier: Apache-2.0

//! The services of the plugin protocol, and those of go-plugin that a host
//! relies on.

mod call;
mod completions;
mod goplugin;
mod guarded;
mod plugin;
mod prompts;
mod resources;
mod tools;

pub(crate) use call::CallStream;
pub(crate) use completions::Completions;
pub(crate) use goplugin::{Broker, Controller, Health, Stdio};
pub(crate) use guarded::guarded;
pub(crate) use plugin::PluginInfo;
pub(crate) use prompts::Prompts;
pub(crate) use resources::Resources;
pub(crate) use tools::Tools;

use std::pin::Pin;
use std::sync::Arc;

use tokio_stream::Stream;
use tonic::Status;

use crate::handle::Handle;
use crate::serve::Life;

/// What every service of the protocol is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) plugin: Handle,
    pub(crate) life: Arc<Life>,
}

type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Answers calls that come too late.
fn stopping() -> Status {
    Status::unavailable("the plugin is stopping")
}
