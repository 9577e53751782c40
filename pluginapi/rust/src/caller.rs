// SPDX-License-Identifier: Apache-2.0

//! What a plugin may know about a call.

use std::fmt;

use serde_json::Value;

use crate::proto::v1;

/// What a plugin may know about a call. It is the same for every version of
/// MCP.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Caller {
    /// Names the call in logs; unique in the host's life.
    pub request_id: String,
    /// Names the client's connection, for state that is kept per connection.
    /// Empty where the client's protocol has none: keep no state then.
    pub connection_id: String,
    /// The client program's own word about itself. For display only.
    pub client: Client,
    /// What the client can do on this call.
    pub capabilities: Capabilities,
    /// The least severe level that [`Context::log`](crate::Context::log)
    /// passes on; `None`: nobody reads any.
    pub log_level: Option<LogLevel>,
    /// Whether anybody reads progress.
    pub wants_progress: bool,
    /// Who is calling, where the host authenticates.
    pub principal: Option<Principal>,
    /// The client's HTTP headers that the operator allows the plugin to see,
    /// names in canonical form. Empty on stdio.
    pub headers: Vec<(String, String)>,
    /// The request's `_meta`, a JSON object.
    pub meta: Option<Value>,
}

impl Caller {
    pub(crate) fn from_wire(wire: Option<v1::CallContext>) -> Self {
        let Some(wire) = wire else {
            return Self::default();
        };
        let log_level = LogLevel::from_wire(wire.log_level());
        let client = wire.client.unwrap_or_default();
        Self {
            request_id: wire.request_id,
            connection_id: wire.connection_id,
            client: Client {
                name: client.name,
                version: client.version,
                title: client.title,
            },
            capabilities: Capabilities::from_wire(wire.capabilities),
            log_level,
            wants_progress: wire.wants_progress,
            principal: wire.principal.map(|p| Principal {
                subject: p.subject,
                issuer: p.issuer,
                scopes: p.scopes,
            }),
            headers: wire
                .headers
                .into_iter()
                .map(|h| (h.name, h.value))
                .collect(),
            meta: serde_json::from_slice(&wire.meta_json).ok(),
        }
    }
}

/// The client program's own word about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// Such as "claude-code"; empty if it did not say.
    pub name: String,
    /// Such as "2.1.0"; empty if unknown.
    pub version: String,
    /// Its human-readable name; empty if unknown.
    pub title: String,
}

/// An authenticated caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Principal {
    /// Unique within the issuer.
    pub subject: String,
    /// Who vouches for the subject; empty: the host itself.
    pub issuer: String,
    /// What was granted.
    pub scopes: Vec<String>,
}

/// What can be asked of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Ask the user to fill in a form.
    pub elicitation_form: bool,
    /// Ask the user to visit a URL.
    pub elicitation_url: bool,
    /// Ask the client's model.
    pub sampling: bool,
    /// Ask the client's model with tools.
    pub sampling_tools: bool,
    /// Ask for the client's root folders.
    pub roots: bool,
}

impl Capabilities {
    /// What either has.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            elicitation_form: self.elicitation_form || other.elicitation_form,
            elicitation_url: self.elicitation_url || other.elicitation_url,
            sampling: self.sampling || other.sampling,
            sampling_tools: self.sampling_tools || other.sampling_tools,
            roots: self.roots || other.roots,
        }
    }

    pub(crate) fn from_wire(wire: Option<v1::ClientCapabilities>) -> Self {
        let wire = wire.unwrap_or_default();
        Self {
            elicitation_form: wire.elicitation_form,
            elicitation_url: wire.elicitation_url,
            sampling: wire.sampling,
            sampling_tools: wire.sampling_tools,
            roots: wire.roots,
        }
    }

    /// Nothing is written as nothing.
    pub(crate) fn into_wire(self) -> Option<v1::ClientCapabilities> {
        (self != Self::default()).then_some(v1::ClientCapabilities {
            elicitation_form: self.elicitation_form,
            elicitation_url: self.elicitation_url,
            sampling: self.sampling,
            sampling_tools: self.sampling_tools,
            roots: self.roots,
        })
    }
}

impl fmt::Display for Capabilities {
    /// Names the capabilities that are set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = [
            (self.elicitation_form, "elicitation"),
            (self.elicitation_url, "elicitation by URL"),
            (self.sampling && !self.sampling_tools, "sampling"),
            (self.sampling_tools, "sampling with tools"),
            (self.roots, "roots"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect();
        f.write_str(&names.join(", "))
    }
}

/// Orders log messages for the client by severity (RFC 5424).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // RFC 5424 says it
pub enum LogLevel {
    Debug = 1,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

const LEVELS: [(&str, LogLevel); 8] = [
    ("debug", LogLevel::Debug),
    ("info", LogLevel::Info),
    ("notice", LogLevel::Notice),
    ("warning", LogLevel::Warning),
    ("error", LogLevel::Error),
    ("critical", LogLevel::Critical),
    ("alert", LogLevel::Alert),
    ("emergency", LogLevel::Emergency),
];

impl LogLevel {
    fn from_wire(wire: v1::LogLevel) -> Option<Self> {
        LEVELS
            .into_iter()
            .map(|(_, level)| level)
            .find(|level| *level as i32 == wire as i32)
    }
}

impl std::str::FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        LEVELS
            .into_iter()
            .find(|(name, _)| *name == text)
            .map(|(_, level)| level)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

/// A word that names no [`LogLevel`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = LEVELS.map(|(name, _)| name).join(", ");
        write!(f, "there is no log level {:?}: use one of {names}", self.0)
    }
}

impl std::error::Error for UnknownLevel {}
