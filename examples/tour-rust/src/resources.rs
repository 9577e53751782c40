// SPDX-License-Identifier: Apache-2.0

//! What the resources are read as.

use std::sync::atomic::Ordering;

use mcphost_plugin::{Context, ProtocolError, Result, Variables};

use crate::Clock;

/// A picture of one pixel.
pub const LOGO: &[u8] = include_bytes!("logo.png");

pub async fn clock(clock: Clock) -> Result<String> {
    Ok(clock.load(Ordering::SeqCst).to_string())
}

pub async fn square(_: Context, uri: String, vars: Variables) -> Result<String> {
    let n: Option<i64> = vars.get("n").and_then(|n| n.parse().ok());
    match n.map(i128::from) {
        Some(n) => Ok((n * n).to_string()),
        None => Err(ProtocolError::not_found(format!("there is no resource {uri:?}")).into()),
    }
}
