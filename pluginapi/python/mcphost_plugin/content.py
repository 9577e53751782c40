# SPDX-License-Identifier: Apache-2.0

"""The pieces that tools return and prompts hold, and MCP's JSON form of them."""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ._proto import content_pb2 as pb
from ._proto import context_pb2, plugin_pb2
from .wire import dump, dump_meta

Meta = Mapping[str, Any]


class Role(enum.Enum):
    """A side of a conversation."""

    USER = "user"
    ASSISTANT = "assistant"

    def _wire(self) -> context_pb2.Role:
        return context_pb2.ROLE_ASSISTANT if self is Role.ASSISTANT else context_pb2.ROLE_USER


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """Hints on content and resources. The default gives none."""

    audience: Sequence[Role] = ()
    """Whom it is for; both if empty."""
    priority: float | None = None
    """From 0 (optional) to 1 (required)."""
    last_modified: datetime | None = None

    def _wire(self) -> plugin_pb2.Annotations:
        return plugin_pb2.Annotations(
            audience=[role._wire() for role in self.audience],
            priority=self.priority,
            last_modified=_rfc3339(self.last_modified) if self.last_modified else "",
        )

    def _json(self) -> dict[str, Any]:
        said = {
            "audience": [role.value for role in self.audience],
            "priority": self.priority,
            "lastModified": _rfc3339(self.last_modified) if self.last_modified else None,
        }
        return {name: value for name, value in said.items() if value not in (None, [])}


def _rfc3339(when: datetime) -> str:
    return when.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class Icon:
    """An image for user interfaces."""

    src: str
    """An https, http or data URI."""
    mime_type: str = ""
    sizes: Sequence[str] = ()
    """Such as "48x48"; any if empty."""
    theme: str = ""
    """ "light" or "dark": the background it is made for; either if empty."""

    def _wire(self) -> plugin_pb2.Icon:
        return plugin_pb2.Icon(src=self.src, mime_type=self.mime_type, sizes=self.sizes, theme=self.theme)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """What all pieces have in common."""

    annotations: Annotations | None = None
    meta: Meta | None = None

    def _kind(self) -> pb.ContentBlock:
        raise NotImplementedError

    def _wire(self) -> pb.ContentBlock:
        block = self._kind()
        if self.annotations:
            block.annotations.CopyFrom(self.annotations._wire())
        block.meta_json = dump_meta(self.meta)
        return block

    def _json(self) -> dict[str, Any]:
        """MCP's own form, as models are sent it."""
        raise TypeError(f"a model is sent a Text, Image, Audio or Raw, no {type(self).__name__}")

    def _common_json(self) -> dict[str, Any]:
        common: dict[str, Any] = {}
        if self.annotations and (hints := self.annotations._json()):
            common["annotations"] = hints
        if self.meta is not None:
            common["_meta"] = dict(self.meta)
        return common


@dataclass(frozen=True)
class Text(_Block):
    """Text for the model or the person."""

    text: str

    def _kind(self) -> pb.ContentBlock:
        return text_block(self.text)

    def _json(self) -> dict[str, Any]:
        return {"type": "text", "text": self.text, **self._common_json()}


@dataclass(frozen=True)
class Image(_Block):
    """A picture."""

    data: bytes
    mime_type: str
    """Such as "image/png"."""

    def _kind(self) -> pb.ContentBlock:
        return pb.ContentBlock(image=pb.MediaContent(data=self.data, mime_type=self.mime_type))

    def _json(self) -> dict[str, Any]:
        return {"type": "image", **_media_json(self.data, self.mime_type), **self._common_json()}


@dataclass(frozen=True)
class Audio(_Block):
    """A sound."""

    data: bytes
    mime_type: str
    """Such as "audio/wav"."""

    def _kind(self) -> pb.ContentBlock:
        return pb.ContentBlock(audio=pb.MediaContent(data=self.data, mime_type=self.mime_type))

    def _json(self) -> dict[str, Any]:
        return {"type": "audio", **_media_json(self.data, self.mime_type), **self._common_json()}


@dataclass(frozen=True)
class ResourceLink(_Block):
    """Points at a resource that the client can read."""

    uri: str
    name: str
    title: str = ""
    description: str = ""
    mime_type: str = ""
    size: int | None = None
    """In bytes; unknown if None."""
    icons: Sequence[Icon] = ()

    def _kind(self) -> pb.ContentBlock:
        link = pb.ResourceLink(
            uri=self.uri,
            name=self.name,
            title=self.title,
            description=self.description,
            mime_type=self.mime_type,
            size=self.size,
            icons=[icon._wire() for icon in self.icons],
        )
        return pb.ContentBlock(resource_link=link)


@dataclass(frozen=True)
class ResourceContents:
    """What a resource holds: text, or bytes."""

    contents: str | bytes
    uri: str = ""
    """That which was asked for, if empty; required in an EmbeddedResource."""
    mime_type: str = ""
    meta: Meta | None = None

    def _wire(self, uri: str = "", mime_type: str = "") -> pb.ResourceContents:
        at = self.uri or uri
        wire = pb.ResourceContents(
            uri=at,
            mime_type=self.mime_type or (mime_type if at == uri else ""),
            meta_json=dump_meta(self.meta),
        )
        if isinstance(self.contents, str):
            wire.text = _utf8(self.contents)
        else:
            wire.blob = bytes(self.contents)
        return wire


@dataclass(frozen=True)
class EmbeddedResource(_Block):
    """What a resource holds, as a piece of content."""

    resource: ResourceContents

    def _kind(self) -> pb.ContentBlock:
        if not self.resource.uri:
            raise ValueError("an embedded resource needs a URI")
        return pb.ContentBlock(resource=self.resource._wire())


@dataclass(frozen=True)
class Raw(_Block):
    """A block of a kind that this package has no type for."""

    block: Mapping[str, Any]
    """The whole MCP block, with "type"."""
    fallback: str
    """What a client sees that does not know the kind."""

    def _kind(self) -> pb.ContentBlock:
        return pb.ContentBlock(raw=pb.RawContent(block_json=dump(dict(self.block)), fallback_text=self.fallback))

    def _json(self) -> dict[str, Any]:
        return dict(self.block)


Content = Text | Image | Audio | ResourceLink | EmbeddedResource | Raw
"""One piece of content."""


def text_block(text: str) -> pb.ContentBlock:
    """Text alone, by far the commonest block."""
    return pb.ContentBlock(text=pb.TextContent(text=_utf8(text)))


def read_content(block: Any) -> Content:
    """One block as a model answers with it, of any kind. ValueError: it is none."""
    kind = block.get("type") if isinstance(block, dict) else None
    if not isinstance(kind, str):
        raise ValueError("a content has no type")
    if kind == "text":
        if not isinstance(block.get("text"), str):
            raise ValueError("a text has no text")
        return Text(block["text"], meta=block.get("_meta"))
    if kind in ("image", "audio"):
        make = Image if kind == "image" else Audio
        return make(base64.b64decode(block.get("data", "")), block.get("mimeType", ""), meta=block.get("_meta"))
    return Raw(block, "")


def _media_json(data: bytes, mime_type: str) -> dict[str, Any]:
    return {"data": base64.b64encode(data).decode(), "mimeType": mime_type}


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            "text is not valid UTF-8; return binary data as an Image, an Audio or an EmbeddedResource"
        ) from None
    return text
