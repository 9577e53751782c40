// SPDX-License-Identifier: Apache-2.0

//! Resources and families of them: their definitions, and what they are read
//! as.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::content::{Icon, ResourceContents, Role};
use crate::error::{Error, Result};
use crate::json;
use crate::proto::v1;

/// The definition of a resource with a fixed URI.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(crate) wire: v1::Resource,
    pub(crate) subscribable: bool,
}

/// The definition of a family of resources.
#[derive(Clone, Debug)]
pub struct ResourceTemplate {
    pub(crate) wire: v1::ResourceTemplate,
    pub(crate) subscribable: bool,
}

impl Resource {
    /// A resource. The URI has a scheme and is unique within the plugin.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        let wire = v1::Resource {
            uri: uri.into(),
            name: name.into(),
            ..Default::default()
        };
        Self {
            wire,
            subscribable: false,
        }
    }

    /// Sets the size in bytes, before any encoding.
    pub fn size(mut self, bytes: u64) -> Self {
        self.wire.size = Some(bytes);
        self
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let scheme = self
            .wire
            .uri
            .split_once(':')
            .map_or("", |(scheme, _)| scheme);
        let fits = |c: u8| c.is_ascii_alphanumeric() || b"+-.".contains(&c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(fits) {
            return Err("a resource needs a URI with a scheme".to_owned());
        }
        if self.wire.name.is_empty() {
            return Err("a resource needs a name".to_owned());
        }
        Ok(())
    }
}

impl ResourceTemplate {
    /// A family. The template is an RFC 6570 one with expressions `{name}` and
    /// `{+name}`, which matches across slashes.
    pub fn new(uri_template: impl Into<String>, name: impl Into<String>) -> Self {
        let wire = v1::ResourceTemplate {
            uri_template: uri_template.into(),
            name: name.into(),
            ..Default::default()
        };
        Self {
            wire,
            subscribable: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.wire.uri_template.is_empty() || self.wire.name.is_empty() {
            return Err("a resource template needs a URI template and a name".to_owned());
        }
        Ok(())
    }
}

/// What a resource and a family of them say alike.
macro_rules! definition {
    ($definition:ident) => {
        impl $definition {
            /// Sets the human-readable name.
            pub fn title(mut self, title: impl Into<String>) -> Self {
                self.wire.title = title.into();
                self
            }

            /// Says what it is.
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.wire.description = description.into();
                self
            }

            /// Sets the MIME type.
            pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
                self.wire.mime_type = mime_type.into();
                self
            }

            /// Says whom it is for; both sides if nothing is said.
            pub fn audience(mut self, audience: impl IntoIterator<Item = Role>) -> Self {
                let audience = audience.into_iter().map(|r| r.into_wire().into()).collect();
                self.wire.annotations.get_or_insert_default().audience = audience;
                self
            }

            /// Says how important it is, from 0 (optional) to 1 (required).
            pub fn priority(mut self, priority: f64) -> Self {
                self.wire.annotations.get_or_insert_default().priority = Some(priority);
                self
            }

            /// Says when it changed last, as ISO 8601.
            pub fn last_modified(mut self, time: impl Into<String>) -> Self {
                self.wire.annotations.get_or_insert_default().last_modified = time.into();
                self
            }

            /// Adds an icon.
            pub fn icon(mut self, icon: Icon) -> Self {
                self.wire.icons.push(icon.0);
                self
            }

            /// Sets `_meta`, a JSON object.
            pub fn meta(mut self, meta: &Value) -> Self {
                self.wire.meta_json = json::bytes(meta);
                self
            }

            /// Says that changes are told with
            /// [`Handle::resource_updated`](crate::Handle::resource_updated),
            /// so that clients can subscribe.
            pub fn subscribable(mut self) -> Self {
                self.subscribable = true;
                self
            }
        }
    };
}

definition!(Resource);
definition!(ResourceTemplate);

/// What reading a resource gives in full, for what the other forms of
/// [`ResourceOutput`] cannot say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadResult {
    /// At least one.
    pub contents: Vec<ResourceContents>,
    /// For how long it stays fresh; stale at once if zero.
    pub ttl: Duration,
    /// Others than this caller may be given a cached copy.
    pub shareable: bool,
    /// `_meta`, a JSON object.
    pub meta: Option<Value>,
}

impl ReadResult {
    pub(crate) fn into_wire(self, uri: &str, mime_type: &str) -> Result<v1::ReadResourceResult> {
        if self.contents.is_empty() {
            // MCP 2026-07-28, resources: an empty result must not stand for a
            // resource that does not exist.
            return Err(Error::new(
                "the resource has no contents; a plugin returns ProtocolError::not_found for one that does not exist",
            ));
        }
        let contents = self.contents.into_iter().map(|contents| {
            let mut wire = contents.into_wire();
            if wire.uri.is_empty() {
                wire.uri = uri.to_owned();
            }
            if wire.mime_type.is_empty() && wire.uri == uri {
                wire.mime_type = mime_type.to_owned();
            }
            wire
        });
        Ok(v1::ReadResourceResult {
            contents: contents.collect(),
            ttl_ms: self.ttl.as_millis().try_into().unwrap_or(u64::MAX),
            shareable: self.shareable,
            meta_json: self.meta.as_ref().map(json::bytes).unwrap_or_default(),
        })
    }
}

/// What a resource may be read as: text, bytes, contents that say more, or a
/// whole [`ReadResult`].
pub trait ResourceOutput {
    /// The result that the client gets.
    fn into_result(self) -> ReadResult;
}

impl ResourceOutput for ReadResult {
    fn into_result(self) -> ReadResult {
        self
    }
}

impl ResourceOutput for String {
    fn into_result(self) -> ReadResult {
        ResourceContents::text(self).into_result()
    }
}

impl ResourceOutput for &'static str {
    fn into_result(self) -> ReadResult {
        ResourceContents::text(self).into_result()
    }
}

impl ResourceOutput for Vec<u8> {
    fn into_result(self) -> ReadResult {
        ResourceContents::blob(self).into_result()
    }
}

impl ResourceOutput for Bytes {
    fn into_result(self) -> ReadResult {
        ResourceContents::blob(self).into_result()
    }
}

impl ResourceOutput for ResourceContents {
    fn into_result(self) -> ReadResult {
        vec![self].into_result()
    }
}

impl ResourceOutput for Vec<ResourceContents> {
    fn into_result(self) -> ReadResult {
        ReadResult {
            contents: self,
            ..Default::default()
        }
    }
}
