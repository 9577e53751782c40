// SPDX-License-Identifier: Apache-2.0

//! Content that tools return and prompts hold.

use bytes::Bytes;
use serde_json::Value;

use crate::json;
use crate::proto::v1;
use crate::proto::v1::content_block::Kind;

/// One piece of content: text, an image, a sound, a link to a resource, or what
/// a resource holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Content(v1::ContentBlock);

impl Content {
    /// Text for the model or the user.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Kind::Text(v1::TextContent { text: text.into() }))
    }

    /// A picture: the file's bytes, and its MIME type such as "image/png".
    pub fn image(data: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        Self::of(Kind::Image(v1::MediaContent {
            data: data.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// A sound: the file's bytes, and its MIME type such as "audio/wav".
    pub fn audio(data: impl Into<Bytes>, mime_type: impl Into<String>) -> Self {
        Self::of(Kind::Audio(v1::MediaContent {
            data: data.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// What a resource holds. The contents need a URI.
    pub fn resource(contents: ResourceContents) -> Self {
        Self::of(Kind::Resource(contents.into_wire()))
    }

    /// A block of a kind that this crate has no function for: the whole MCP
    /// block, an object with "type", and what a client sees that does not know
    /// the kind.
    pub fn raw(block: &Value, fallback: impl Into<String>) -> Self {
        Self::of(Kind::Raw(v1::RawContent {
            block_json: json::bytes(block),
            fallback_text: fallback.into(),
        }))
    }

    /// Says whom it is for; both sides if nothing is said.
    pub fn audience(mut self, audience: impl IntoIterator<Item = Role>) -> Self {
        self.annotations().audience = audience.into_iter().map(|r| r.into_wire().into()).collect();
        self
    }

    /// Says how important it is, from 0 (optional) to 1 (required).
    pub fn priority(mut self, priority: f64) -> Self {
        self.annotations().priority = Some(priority);
        self
    }

    /// Says when it changed last, as ISO 8601.
    pub fn last_modified(mut self, time: impl Into<String>) -> Self {
        self.annotations().last_modified = time.into();
        self
    }

    /// Sets the block's `_meta`, a JSON object.
    pub fn meta(mut self, meta: &Value) -> Self {
        self.0.meta_json = json::bytes(meta);
        self
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0.kind {
            Some(Kind::Text(text)) => Some(&text.text),
            _ => None,
        }
    }

    /// The bytes and MIME type, if it is an image or a sound.
    pub fn as_media(&self) -> Option<(&Bytes, &str)> {
        match &self.0.kind {
            Some(Kind::Image(media) | Kind::Audio(media)) => Some((&media.data, &media.mime_type)),
            _ => None,
        }
    }

    /// The whole MCP block, if it is of a kind that this crate has no function
    /// for.
    pub fn as_raw(&self) -> Option<Value> {
        match &self.0.kind {
            Some(Kind::Raw(raw)) => serde_json::from_slice(&raw.block_json).ok(),
            _ => None,
        }
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self(v1::ContentBlock {
            kind: Some(kind),
            ..Default::default()
        })
    }

    pub(crate) fn from_wire(wire: v1::ContentBlock) -> Self {
        Self(wire)
    }

    pub(crate) fn wire(&self) -> &v1::ContentBlock {
        &self.0
    }

    /// The block as the host reads it, or why the host would not.
    pub(crate) fn into_wire(self) -> Result<v1::ContentBlock, String> {
        match &self.0.kind {
            Some(Kind::Image(media) | Kind::Audio(media)) if media.mime_type.is_empty() => {
                Err("an image or a sound needs a MIME type".to_owned())
            }
            Some(Kind::ResourceLink(link)) if link.uri.is_empty() || link.name.is_empty() => {
                Err("a resource link needs a URI and a name".to_owned())
            }
            Some(Kind::Resource(contents)) if contents.uri.is_empty() => {
                Err("resource contents need a URI".to_owned())
            }
            Some(Kind::Raw(raw)) if raw.fallback_text.is_empty() => {
                Err("a raw block needs a fallback text".to_owned())
            }
            _ => Ok(self.0),
        }
    }

    fn annotations(&mut self) -> &mut v1::Annotations {
        self.0.annotations.get_or_insert_default()
    }
}

impl From<ResourceLink> for Content {
    fn from(link: ResourceLink) -> Self {
        Self::of(Kind::ResourceLink(link.0))
    }
}

/// Points at a resource that the client can read. Make it a [`Content`] with
/// `into`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceLink(v1::ResourceLink);

impl ResourceLink {
    /// A link; both strings are required.
    pub fn new(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self(v1::ResourceLink {
            uri: uri.into(),
            name: name.into(),
            ..Default::default()
        })
    }

    /// Sets the human-readable name.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.0.title = title.into();
        self
    }

    /// Says what it is.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.0.description = description.into();
        self
    }

    /// Sets the MIME type.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.0.mime_type = mime_type.into();
        self
    }

    /// Sets the size in bytes.
    pub fn size(mut self, bytes: u64) -> Self {
        self.0.size = Some(bytes);
        self
    }

    /// Adds an icon.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.0.icons.push(icon.0);
        self
    }
}

/// What a resource holds: text or bytes. Contents without a URI have that which
/// was asked for, and the definition's MIME type.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceContents(v1::ResourceContents);

impl ResourceContents {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(v1::ResourceContents {
            contents: Some(v1::resource_contents::Contents::Text(text.into())),
            ..Default::default()
        })
    }

    /// Bytes.
    pub fn blob(data: impl Into<Bytes>) -> Self {
        Self(v1::ResourceContents {
            contents: Some(v1::resource_contents::Contents::Blob(data.into())),
            ..Default::default()
        })
    }

    /// Sets the URI; it may be that of a part of what was asked for.
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.0.uri = uri.into();
        self
    }

    /// Sets the MIME type.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.0.mime_type = mime_type.into();
        self
    }

    /// Sets `_meta`, a JSON object.
    pub fn meta(mut self, meta: &Value) -> Self {
        self.0.meta_json = json::bytes(meta);
        self
    }

    pub(crate) fn into_wire(self) -> v1::ResourceContents {
        self.0
    }
}

/// A side of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Role {
    User,
    Assistant,
}

impl Role {
    pub(crate) fn into_wire(self) -> v1::Role {
        match self {
            Role::User => v1::Role::User,
            Role::Assistant => v1::Role::Assistant,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// An image for user interfaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Icon(pub(crate) v1::Icon);

impl Icon {
    /// An icon at an https, http or data URI.
    pub fn new(src: impl Into<String>) -> Self {
        Self(v1::Icon {
            src: src.into(),
            ..Default::default()
        })
    }

    /// Sets the MIME type.
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.0.mime_type = mime_type.into();
        self
    }

    /// Adds a size such as "48x48", or "any".
    pub fn size(mut self, size: impl Into<String>) -> Self {
        self.0.sizes.push(size.into());
        self
    }

    /// Sets the background that it is made for: "light" or "dark".
    pub fn theme(mut self, theme: impl Into<String>) -> Self {
        self.0.theme = theme.into();
        self
    }
}
