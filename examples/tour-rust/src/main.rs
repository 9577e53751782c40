// SPDX-License-Identifier: Apache-2.0

//! Every ability of a plugin, once. This file says what the plugin offers; the
//! others say what becomes of it.

mod resources;
#[cfg(test)]
mod tests;
mod tools;

use std::sync::atomic::AtomicU64;
use std::sync::Arc;

use mcphost_plugin::{prefix_completion, Plugin, Prompt, Resource, ResourceTemplate, Tool};
use schemars::JsonSchema;
use serde::Deserialize;

const DESCRIPTION: &str = "Every ability of a plugin, once.";
const CLOCK: &str = "tour://clock";
const SQUARES: &str = "tour://squares/{n}";

/// What `tick` advances and `tour://clock` shows.
type Clock = Arc<AtomicU64>;

/// What the operator may set.
#[derive(Deserialize, JsonSchema)]
#[serde(default)]
struct Settings {
    /// how to greet
    greeting: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            greeting: "Hello".to_owned(),
        }
    }
}

#[tokio::main]
async fn main() {
    tour().serve().await;
}

fn tour() -> Plugin {
    let clock = Clock::default();
    let plugin = Plugin::new("tour-rust", "1.0.0")
        .title("Tour")
        .description(DESCRIPTION)
        .settings::<Settings>();
    let plugin = with_tools(plugin, clock.clone());
    let plugin = with_resources(plugin, clock);
    with_prompts(plugin)
}

fn with_tools(plugin: Plugin, clock: Clock) -> Plugin {
    let reads = |name, description| Tool::new(name).description(description).read_only();
    let tick = Tool::new("tick").description("Advance the clock by one.");
    let grow = Tool::new("grow")
        .description("Add the tool grown.")
        .idempotent();
    plugin
        .tool(
            reads("greet", "Say hello to someone.").title("Greet"),
            tools::greet,
        )
        .tool(reads("count", "Count to n, slowly."), tools::count)
        .tool(
            reads("stats", "Count, add and average numbers."),
            tools::stats,
        )
        .tool(reads("fill", "Return as much text as wanted."), tools::fill)
        .tool(reads("picture", "Show a picture."), tools::picture)
        .tool(reads("fail", "Fail in one of three ways."), tools::fail)
        .tool(reads("say", "Log a message to the client."), tools::say)
        .tool(reads("whoami", "Tell who is calling."), tools::whoami)
        .tool(
            reads("survey", "Ask the user, the model and the client in a row."),
            tools::survey,
        )
        .tool(tick, move |ctx, ()| tools::tick(ctx, clock.clone()))
        .tool(grow, tools::grow)
}

fn with_resources(plugin: Plugin, clock: Clock) -> Plugin {
    plugin
        .resource(
            Resource::new("tour://readme", "readme").mime_type("text/plain"),
            |_, _| async { Ok(DESCRIPTION) },
        )
        .resource(
            Resource::new("tour://logo", "logo").mime_type("image/png"),
            |_, _| async { Ok(resources::LOGO.to_vec()) },
        )
        .resource(
            Resource::new(CLOCK, "clock")
                .mime_type("text/plain")
                .subscribable(),
            move |_, _| resources::clock(clock.clone()),
        )
        .resource_template(
            ResourceTemplate::new(SQUARES, "squares").mime_type("text/plain"),
            resources::square,
        )
        .complete_template(
            SQUARES,
            "n",
            prefix_completion(["1", "10", "100", "2", "20"]),
        )
}

/// The arguments of `introduce`.
#[derive(Deserialize, JsonSchema)]
struct Introduce {
    /// whom to introduce
    who: String,
    /// how to do it; friendly if not given
    style: Option<String>,
}

fn with_prompts(plugin: Plugin) -> Plugin {
    plugin
        .prompt(
            Prompt::new("introduce").description("Introduce someone."),
            |_, args: Introduce| async move {
                let style = args.style.as_deref().unwrap_or("friendly");
                Ok(format!("Introduce {} in a {style} way.", args.who))
            },
        )
        .complete_prompt(
            "introduce",
            "style",
            prefix_completion(["formal", "friendly", "funny"]),
        )
}
