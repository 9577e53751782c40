// SPDX-License-Identifier: Apache-2.0

//! Who has started this process, and how they are told where it serves.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use serde_json::json;

use super::stdio;

// The cookie is no secret: it lets a plugin that a person runs by hand explain
// itself instead of waiting for a host.
const COOKIE: (&str, &str) = ("MCPHOST_PLUGIN", "mcphost-plugin-v1");
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
        stdout: Option<OwnedFd>,
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
        let stdout = stdout.ok_or_else(|| {
            io::Error::other("another plugin in this process has taken standard output")
        })?;
        let mut stdout = File::from(stdout);
        stdout.write_all(format!("1|1|unix|{address}|grpc|\n").as_bytes())?;
        // The end of its output would tell the host that the plugin is over.
        std::mem::forget(stdout);
        Ok(())
    }
}

fn has((variable, value): (&str, &str)) -> bool {
    env::var_os(variable).is_some_and(|v| v == value)
}

/// Takes standard output away from all that prints, in a process that a host
/// has started.
pub(crate) fn guard_stdout() -> io::Result<Option<OwnedFd>> {
    if !has(COOKIE) {
        return Ok(None);
    }
    stdio::take_stdout().map(Some)
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
