// SPDX-License-Identifier: Apache-2.0

//! The generated messages and services of the plugin protocol and of
//! go-plugin's own services. Plugins need none of it.

#[rustfmt::skip]
#[path = "proto/mcphost.plugin.v1.rs"]
pub mod v1;

#[rustfmt::skip]
#[path = "proto/plugin.rs"]
pub mod goplugin;

#[rustfmt::skip]
#[path = "proto/grpc.health.v1.rs"]
pub mod health;
