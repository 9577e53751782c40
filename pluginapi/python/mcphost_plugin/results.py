# SPDX-License-Identifier: Apache-2.0

"""Turns what an author's function returns into what the protocol carries."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from . import schema
from ._proto import content_pb2, prompt_pb2, resource_pb2, tool_pb2
from .content import Content, Meta, ResourceContents, Role, _Block, text_block
from .wire import dump, dump_meta

MAX_VALUES: typing.Final = 100
"""How many suggestions MCP lets a completion hold."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a tool returns, in full, for what the other forms cannot say."""

    content: Sequence[Content] = ()
    structured: Any = None
    """A JSON object, or what becomes one."""
    is_error: bool = False
    meta: Meta | None = None

    def _wire(self) -> tool_pb2.CallToolResult:
        structured = b"" if self.structured is None else dump(schema.to_json(self.structured))
        return tool_pb2.CallToolResult(
            content=[block._wire() for block in self.content],
            structured_content_json=structured,
            is_error=self.is_error,
            meta_json=dump_meta(self.meta),
        )


@dataclass(frozen=True, kw_only=True)
class ReadResult:
    """What reading a resource gives, in full."""

    contents: Sequence[ResourceContents]
    ttl_seconds: float = 0
    """For how long it stays fresh; stale at once if zero."""
    shareable: bool = False
    """Whether others than this caller may be given a cached copy."""
    meta: Meta | None = None


@dataclass(frozen=True)
class PromptMessage:
    """A message of a prompt."""

    content: Content | str
    role: Role = Role.USER

    def _wire(self) -> prompt_pb2.PromptMessage:
        block = text_block(self.content) if isinstance(self.content, str) else self.content._wire()
        return prompt_pb2.PromptMessage(role=self.role._wire(), content=block)


@dataclass(frozen=True, kw_only=True)
class PromptResult:
    """A prompt filled in, in full."""

    messages: Sequence[PromptMessage]
    description: str = ""
    meta: Meta | None = None


@dataclass(frozen=True)
class Completion:
    """A list of suggestions."""

    values: Sequence[str]
    """The best first; clients see the first 100, and that there are more."""
    total: int | None = None
    """How many there are in all; unknown if None."""
    has_more: bool = False


def tool_error(text: str) -> tool_pb2.CallToolResult:
    """A result that says that the tool failed."""
    return tool_pb2.CallToolResult(content=[text_block(text)], is_error=True)


def tool_result(out: Any) -> tool_pb2.CallToolResult:
    """What a tool has returned. TypeError: it cannot be told what."""
    if isinstance(out, Result):
        return out._wire()
    if out is None:
        return tool_pb2.CallToolResult()
    if isinstance(out, (bytes, bytearray)):
        raise TypeError("bytes say not what they are: return an Image, an Audio or an EmbeddedResource")
    if (blocks := _blocks(out)) is not None:
        return tool_pb2.CallToolResult(content=blocks)
    value = schema.to_json(out)
    data = dump(value)
    result = tool_pb2.CallToolResult(content=[text_block(data.decode())])
    if isinstance(value, dict):
        result.structured_content_json = data
    return result


def _blocks(out: Any) -> list[content_pb2.ContentBlock] | None:
    if isinstance(out, str):
        return [text_block(out)]
    if isinstance(out, _Block):
        return [out._wire()]
    if isinstance(out, (list, tuple)) and out and all(isinstance(one, _Block) for one in out):
        return [one._wire() for one in out]
    return None


def output_schema(hint: Any) -> schema.Schema | None:
    """The schema of what a tool returns, if that is a JSON object."""
    for kind in _alternatives(hint):
        if kind in (str, type(None), Any, Result) or (isinstance(kind, type) and issubclass(kind, _Block)):
            return None
        if get_origin(kind) in (list, Sequence, typing.Sequence):
            return None
    found = schema.schema_of(hint)
    return found if found.get("type") == "object" else None


def _alternatives(hint: Any) -> Sequence[Any]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else [hint]


def read_result(out: Any, uri: str, mime_type: str) -> resource_pb2.ReadResourceResult:
    """What a resource holds. TypeError: it cannot be told what."""
    if isinstance(out, ReadResult):
        return resource_pb2.ReadResourceResult(
            contents=[one._wire(uri, mime_type) for one in out.contents],
            ttl_ms=int(out.ttl_seconds * 1000),
            shareable=out.shareable,
            meta_json=dump_meta(out.meta),
        )
    if isinstance(out, (str, bytes)):
        out = ResourceContents(out)
    pieces = [out] if isinstance(out, ResourceContents) else out
    if not isinstance(pieces, (list, tuple)) or not pieces or not all(isinstance(p, ResourceContents) for p in pieces):
        raise TypeError("a resource is a str, bytes, ResourceContents or a ReadResult")
    return resource_pb2.ReadResourceResult(contents=[one._wire(uri, mime_type) for one in pieces])


def prompt_result(out: Any) -> prompt_pb2.GetPromptResult:
    """A prompt filled in. TypeError: it cannot be told with what."""
    if isinstance(out, PromptResult):
        return prompt_pb2.GetPromptResult(
            description=out.description, messages=[one._wire() for one in out.messages], meta_json=dump_meta(out.meta)
        )
    if isinstance(out, (str, _Block)):
        out = PromptMessage(out)  # type: ignore[arg-type]
    messages = [out] if isinstance(out, PromptMessage) else out
    if not isinstance(messages, (list, tuple)) or not all(isinstance(one, PromptMessage) for one in messages):
        raise TypeError("a prompt is a str, a Content, PromptMessages or a PromptResult")
    return prompt_pb2.GetPromptResult(messages=[one._wire() for one in messages])


def completion(out: Any) -> Completion:
    """Suggestions, no more of them than MCP allows."""
    found = out if isinstance(out, Completion) else Completion(list(out))
    if len(found.values) <= MAX_VALUES:
        return found
    total = found.total
    if total is None and not found.has_more:
        total = len(found.values)
    return Completion(found.values[:MAX_VALUES], total, has_more=True)
