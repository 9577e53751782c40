# SPDX-License-Identifier: Apache-2.0

"""What a plugin may know about a call, the same for every version of MCP."""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._proto import context_pb2 as pb


class LogLevel(enum.IntEnum):
    """The severity of a message for the client (RFC 5424), the least first."""

    NONE = pb.LOG_LEVEL_UNSPECIFIED
    DEBUG = pb.LOG_LEVEL_DEBUG
    INFO = pb.LOG_LEVEL_INFO
    NOTICE = pb.LOG_LEVEL_NOTICE
    WARNING = pb.LOG_LEVEL_WARNING
    ERROR = pb.LOG_LEVEL_ERROR
    CRITICAL = pb.LOG_LEVEL_CRITICAL
    ALERT = pb.LOG_LEVEL_ALERT
    EMERGENCY = pb.LOG_LEVEL_EMERGENCY


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What can be asked of a client."""

    elicitation_form: bool = False
    """Ask the person to fill in a form."""
    elicitation_url: bool = False
    """Ask the person to visit a URL."""
    sampling: bool = False
    """Ask the client's model."""
    sampling_tools: bool = False
    """Ask the client's model with tools."""
    roots: bool = False
    """Ask for the client's root folders."""

    def __or__(self, other: Capabilities) -> Capabilities:
        names = [field.name for field in dataclasses.fields(self)]
        return Capabilities(**{name: getattr(self, name) or getattr(other, name) for name in names})

    def _wire(self) -> pb.ClientCapabilities | None:
        return pb.ClientCapabilities(**vars(self)) if self != Capabilities() else None

    @classmethod
    def _read(cls, wire: pb.ClientCapabilities) -> Capabilities:
        return cls(**{field.name: getattr(wire, field.name) for field in dataclasses.fields(cls)})


@dataclass(frozen=True)
class Client:
    """The client program's own word about itself. For display only."""

    name: str = ""
    version: str = ""
    title: str = ""


@dataclass(frozen=True)
class Principal:
    """An authenticated caller."""

    subject: str = ""
    """Unique within the issuer; empty: nobody in particular."""
    issuer: str = ""
    """Who vouches for the subject; empty: the host itself."""
    scopes: Sequence[str] = ()


@dataclass(frozen=True)
class CallInfo:
    """What a plugin may know about a call."""

    request_id: str = ""
    """Names the call in logs; unique in the host's life."""
    connection_id: str = ""
    """Names the client's connection. Empty where there is none: keep no state then."""
    client: Client = Client()
    capabilities: Capabilities = Capabilities()
    """What the client can do on this call."""
    log_level: LogLevel = LogLevel.NONE
    """The least severe that log() passes on."""
    wants_progress: bool = False
    """Whether anybody reads what progress() says."""
    principal: Principal = Principal()
    headers: Sequence[tuple[str, str]] = ()
    """The HTTP headers that the operator allows the plugin to see, as (name, value)."""
    meta: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The request's "_meta"."""


def read_info(wire: pb.CallContext) -> CallInfo:
    """The context of a call as the host sent it."""
    known = wire.log_level in [level.value for level in LogLevel]
    return CallInfo(
        request_id=wire.request_id,
        connection_id=wire.connection_id,
        client=Client(wire.client.name, wire.client.version, wire.client.title),
        capabilities=Capabilities._read(wire.capabilities),
        log_level=LogLevel(wire.log_level) if known else LogLevel.NONE,
        wants_progress=wire.wants_progress,
        principal=Principal(wire.principal.subject, wire.principal.issuer, tuple(wire.principal.scopes)),
        headers=tuple((header.name, header.value) for header in wire.headers),
        meta=json.loads(wire.meta_json) if wire.meta_json else {},
    )
