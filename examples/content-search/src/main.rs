// SPDX-License-Identifier: Apache-2.0

//! A plugin that searches the content of files below one folder. This file says
//! what it offers; `root` knows which files there are, and `search` what is in
//! them.

mod root;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mcphost_plugin::{Context, Plugin, Result, Structured, Tool};
use root::{Root, Scope, Settings};
use schemars::JsonSchema;
use search::{Found, Search};
use serde::{Deserialize, Serialize};

/// Searches that run at once; each uses all cores.
const MAX_CALLS: u32 = 4;

#[tokio::main]
async fn main() {
    plugin().serve().await;
}

fn plugin() -> Plugin {
    Plugin::new("content-search", "1.0.0")
        .title("Content search")
        .description("Searches the content of files below one folder, fast.")
        .max_concurrent_calls(MAX_CALLS)
        .configure(|settings: Settings| async { Root::open(settings) })
        .tool(
            Tool::new("search")
                .title("Search")
                .description(
                    "Find the lines of files that match a regular expression, with the lines around them. \
                     Use it to find where something is defined, used or said. \
                     Narrow a search with glob or path rather than raising max_results.",
                )
                .read_only()
                .open_world(false),
            search,
        )
        .tool(
            Tool::new("files")
                .title("List files")
                .description("List the files that can be searched, by glob or folder.")
                .read_only()
                .open_world(false),
            files,
        )
}

async fn search(ctx: Context, args: Search) -> Result<Found> {
    let root = ctx.settings::<Root>()?;
    // The thread outlives this future if the call is cancelled, but not for long:
    // it asks the context before each file and each read.
    tokio::task::spawn_blocking(move || search::run(&ctx, &root, &args)).await?
}

/// The arguments of `files`.
#[derive(Deserialize, JsonSchema)]
struct List {
    #[serde(flatten)]
    scope: Scope,
    /// the most files to return; default: 500
    #[serde(default = "default_files")]
    #[schemars(range(min = 1, max = 5000))]
    max_results: usize,
}

fn default_files() -> usize {
    500
}

/// What `files` returns.
#[derive(Serialize, JsonSchema)]
struct Files {
    /// in order, relative to the root
    files: Vec<File>,
    /// whether there are more
    truncated: bool,
}

#[derive(Serialize, JsonSchema)]
struct File {
    path: String,
    bytes: u64,
}

async fn files(ctx: Context, args: List) -> Result<Structured<Files>> {
    let root = ctx.settings::<Root>()?;
    let listing = tokio::task::spawn_blocking(move || list(&ctx, &root, &args));
    listing.await?.map(Structured)
}

fn list(ctx: &Context, root: &Arc<Root>, args: &List) -> Result<Files> {
    let mut walk = root.walk(&args.scope)?.take_while(|_| !ctx.is_cancelled());
    let files = walk
        .by_ref()
        .take(args.max_results)
        .map(|path| File {
            bytes: path.metadata().map_or(0, |m| m.len()), // it may be gone already
            path: root.relative(&path),
        })
        .collect();
    Ok(Files {
        files,
        truncated: walk.next().is_some(),
    })
}
