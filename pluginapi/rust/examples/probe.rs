// SPDX-License-Identifier: Apache-2.0

//! The plugin that the tests of processes start. `PROBE` says how it behaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use mcphost_plugin::{Context, Plugin, Resource, Result, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Sleep {
    ms: u64,
}

/// Counts the handlers that were dropped before their end.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::main]
async fn main() {
    let mode = std::env::var("PROBE").unwrap_or_default();
    let mut plugin = Plugin::new("probe", "1.0.0");
    println!("chatter before the handshake");
    if mode == "mistake" {
        plugin = plugin.tool(Tool::new("not a name"), |_, ()| async { Ok(()) });
    }
    plugin = with_calls(plugin);
    plugin = plugin.resource(
        Resource::new("probe://a", "a").subscribable(),
        |_, _| async { Ok("a") },
    );
    plugin
        .on_shutdown(|| async { eprintln!("shut down") })
        .serve()
        .await;
}

fn with_calls(plugin: Plugin) -> Plugin {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = dropped.clone();
    plugin
        .tool(
            Tool::new("echo"),
            |_, echo: Echo| async move { Ok(echo.text) },
        )
        .tool(Tool::new("print"), |_, ()| async {
            println!("chatter in a call");
            Ok("printed")
        })
        .tool(Tool::new("child"), |_, ()| async {
            let read = tokio::task::spawn_blocking(|| {
                let script = "head -c 5; env | grep -E '^(MCPHOST_PLUGIN=|PLUGIN_)'; echo $?";
                let mut child = std::process::Command::new("sh");
                child
                    .args(["-c", script])
                    .stdin(std::process::Stdio::inherit());
                child.output()
            });
            Ok(String::from_utf8_lossy(&read.await??.stdout).into_owned())
        })
        .tool(Tool::new("panic"), |_, ()| async {
            panic!("on purpose") as Result<()>
        })
        .tool(Tool::new("sleep"), |ctx, sleep: Sleep| async move {
            ctx.progress(0.0, None, "asleep").await;
            tokio::time::sleep(Duration::from_millis(sleep.ms)).await;
            Ok("awake")
        })
        .tool(Tool::new("wait"), move |ctx: Context, ()| {
            let dropped = Dropped(dropped.clone());
            async move {
                ctx.progress(0.0, None, "waiting").await;
                std::future::pending::<()>().await;
                drop(dropped);
                Ok(())
            }
        })
        .tool(Tool::new("dropped"), move |_, ()| {
            let count = counted.load(Ordering::SeqCst);
            async move { Ok(count.to_string()) }
        })
        .tool(Tool::new("block"), |ctx, ()| async move {
            ctx.progress(0.0, None, "blocked").await;
            tokio::task::spawn_blocking(std::thread::park).await?;
            Ok(())
        })
        .tool(Tool::new("grow"), |ctx, ()| async move {
            ctx.plugin()
                .add_tool(Tool::new("grown"), |_, ()| async { Ok(()) })?;
            ctx.plugin().resource_updated("probe://a");
            Ok(())
        })
}
