// SPDX-License-Identifier: Apache-2.0

//! Who has started this process, and how they are told where it serves.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::stdio::{self, Pipes};

// The cookie is no secret: it lets a plugin that a person runs by hand explain
// itself instead of waiting for a host.
const COOKIE: (&str, &str) = ("MCPHOST_PLUGIN", "mcphost-plugin-v1");
// The rest of what go-plugin tells a plugin.
const HANDSHAKE: [&str; 7] = [
    "PLUGIN_CLIENT_CERT",
    "PLUGIN_MAX_PORT",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MULTIPLEX_GRPC",
    "PLUGIN_PROTOCOL_VERSIONS",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_UNIX_SOCKET_GROUP",
];
const DEBUG: (&str, &str) = ("MCPHOST_DEBUG", "1");

/// Whom a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The host that has started it.
    Parent,
    /// Any host that is told the address: a person runs this under a debugger.
    Debugger,
}

impl Host {
    /// `None` if a person has started the process by hand.
    pub(super) fn of_this_process() -> Option<Self> {
        if has(COOKIE) {
            return Some(Host::Parent);
        }
        has(DEBUG).then_some(Host::Debugger)
    }

    /// Says where the plugin serves: to the parent in go-plugin's handshake
    /// line, core protocol 1 and plugin protocol 1; to a person in the variable
    /// that their host reads.
    pub(super) fn announce(
        self,
        name: &str,
        pipes: Option<&Pipes>,
        socket: &Path,
    ) -> io::Result<()> {
        let address = socket
            .to_str()
            .ok_or_else(|| io::Error::other("the socket's path is not UTF-8"))?;
        if self == Host::Debugger {
            let plugin = json!({
                "Protocol": "grpc",
                "ProtocolVersion": 1,
                "Pid": std::process::id(),
                "Test": true,
                "Addr": {"Network": "unix", "String": address},
            });
            let hint = "start the host with this in its environment";
            let line = format!("MCPHOST_REATTACH='{}'", json!({ name: plugin }));
            return writeln!(io::stderr(), "{line}\n# {hint}");
        }
        let pipes = pipes.ok_or_else(|| {
            io::Error::other("another plugin in this process has taken standard output")
        })?;
        // The end of its output would tell the host that the plugin is over: the
        // pipe itself stays open.
        let mut stdout = File::from(pipes.stdout.try_clone()?);
        stdout.write_all(format!("1|1|unix|{address}|grpc|\n").as_bytes())
    }
}

fn has((variable, value): (&str, &str)) -> bool {
    env::var_os(variable).is_some_and(|v| v == value)
}

/// Takes the host's pipes away from all that prints and reads, in a process that
/// a host has started.
pub(crate) fn guard_pipes() -> io::Result<Option<Pipes>> {
    if !has(COOKIE) {
        return Ok(None);
    }
    stdio::take().map(Some)
}

/// Forgets how this process was started, so that no child of it takes itself for
/// a plugin. It is for the time before any of the author's handlers runs: Rust's
/// own readers of the environment are locked out meanwhile, C's are not.
pub(super) fn forget_handshake() {
    for name in HANDSHAKE.into_iter().chain([COOKIE.0, DEBUG.0]) {
        env::remove_var(name);
    }
}

/// What a person is told who has started a plugin by hand.
pub(super) fn explanation(name: &str, version: &str) -> String {
    let program = env::args_os().next().unwrap_or_default();
    let program = Path::new(&program)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    format!(
        "{name} {version} is a plugin for mcphost, an MCP server. It does not run by itself.\n\n\
         Put {program} into mcphost's plugin directory, or name it in\n\
         mcphost.yaml, and start mcphost: MCP clients then see what this plugin offers."
    )
}
