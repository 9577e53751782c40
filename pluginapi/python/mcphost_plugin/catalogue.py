# SPDX-License-Identifier: Apache-2.0

"""What a plugin offers, by name, and what of it has changed. It knows nothing of
how that was declared, nor of how it is served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ._proto import plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .errors import not_found
from .schema import Member
from .template import Template

Handler = Callable[..., Any]

MAX_UPDATES: Final = 256
"""How many changed resources wait to be told; of more, the oldest are forgotten."""


@dataclass(frozen=True)
class Tool:
    """A tool and what calls it."""

    wire: tool_pb2.Tool
    handler: Handler
    members: Sequence[Member] | None
    """The arguments; None: the handler takes them as one dictionary, unchecked."""


@dataclass(frozen=True)
class Resource:
    """A resource, or a family of them, and what reads it."""

    wire: resource_pb2.Resource | resource_pb2.ResourceTemplate
    handler: Handler
    subscribable: bool
    takes_uri: bool
    template: Template | None = None


@dataclass(frozen=True)
class Prompt:
    """A prompt and what fills it in."""

    wire: prompt_pb2.Prompt
    handler: Handler


class Catalogue:
    """All that one plugin offers. Any thread may change it."""

    def __init__(self, details: plugin_pb2.DescribeResponse) -> None:
        self.details = details
        self.tools: dict[str, Tool] = {}
        self.resources: dict[str, Resource] = {}
        self.templates: dict[str, Resource] = {}
        self.prompts: dict[str, Prompt] = {}
        self.completers: dict[tuple[str, str, str], Handler] = {}
        self.configurer: tuple[Any, Handler] | None = None
        self.shutdowns: list[Handler] = []
        self.subscriber: Callable[[list[str]], Iterable[str]] | None = None
        self.connection_ender: Handler | None = None
        self.watched: frozenset[str] = frozenset()
        self.data_dir = ""
        self._lock = threading.Lock()
        self._revisions = {"tools": 1, "resources": 1, "prompts": 1}
        self._updates: dict[str, None] = {}
        self._wake: Callable[[], None] = lambda: None

    def add_tool(self, tool: Tool) -> None:
        """Offers a tool, in place of one of the same name."""
        self._add(self.tools, tool.wire.name, tool, "tools")

    def add_resource(self, resource: Resource) -> None:
        """Offers a resource or a family of them."""
        if isinstance(resource.wire, resource_pb2.ResourceTemplate):
            self._add(self.templates, resource.wire.uri_template, resource, "resources")
        else:
            self._add(self.resources, resource.wire.uri, resource, "resources")

    def add_prompt(self, prompt: Prompt) -> None:
        """Offers a prompt."""
        self._add(self.prompts, prompt.wire.name, prompt, "prompts")

    def remove_tool(self, name: str) -> None:
        """Takes a tool away, if it is there."""
        self._remove(self.tools, name, "tools")

    def remove_resource(self, uri: str) -> None:
        """Takes a resource away, if it is there."""
        self._remove(self.resources, uri, "resources")

    def remove_resource_template(self, uri_template: str) -> None:
        """Takes a family of resources away, if it is there."""
        self._remove(self.templates, uri_template, "resources")

    def remove_prompt(self, name: str) -> None:
        """Takes a prompt away, if it is there."""
        self._remove(self.prompts, name, "prompts")

    def updated(self, uri: str) -> None:
        """Notes that a resource has changed, if anybody watches it."""
        with self._lock:
            if uri not in self.watched:
                return
            self._updates[uri] = None
            while len(self._updates) > MAX_UPDATES:
                del self._updates[next(iter(self._updates))]
        self._wake()

    def abilities(self) -> list[int]:
        """What the plugin provides, as it is when it starts."""
        subscribable = any(r.subscribable for r in [*self.resources.values(), *self.templates.values()])
        found = {
            plugin_pb2.ABILITY_TOOLS: bool(self.tools),
            plugin_pb2.ABILITY_RESOURCES: bool(self.resources or self.templates),
            plugin_pb2.ABILITY_PROMPTS: bool(self.prompts),
            plugin_pb2.ABILITY_COMPLETIONS: bool(self.completers),
            plugin_pb2.ABILITY_SUBSCRIPTIONS: subscribable or self.subscriber is not None,
        }
        return [ability for ability, provided in found.items() if provided]

    def revisions(self) -> plugin_pb2.Revisions:
        """The revision of each list."""
        with self._lock:
            return plugin_pb2.Revisions(**{kind: str(revision) for kind, revision in self._revisions.items()})

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Sets what is called, by any thread, when something is to be told."""
        self._wake = wake

    def take_updates(self) -> list[str]:
        """The resources that have changed and were not told yet."""
        with self._lock:
            updates = list(self._updates)
            self._updates.clear()
        return updates

    def find_resource(self, uri: str) -> tuple[Resource, dict[str, str]]:
        """What reads a URI, with its variables. ProtocolError: nothing does."""
        if found := self.resources.get(uri):
            return found, {}
        for family in list(self.templates.values()):
            variables = family.template.match(uri) if family.template else None
            if variables is not None:
                return family, variables
        raise not_found(f"there is no resource {uri!r}")

    def accept(self, uris: list[str]) -> list[str]:
        """Those of the URIs whose changes will be told."""
        if self.subscriber is not None:
            accepted = [uri for uri in self.subscriber(list(uris)) if uri in uris]
        else:
            accepted = [uri for uri in uris if self._subscribable(uri)]
        with self._lock:
            self.watched = frozenset(accepted)
        return accepted

    def _subscribable(self, uri: str) -> bool:
        try:
            return self.find_resource(uri)[0].subscribable
        except Exception:
            return False

    def _add(self, where: dict[str, Any], key: str, value: Any, kind: str) -> None:
        with self._lock:
            if key in where and where[key].wire == value.wire:
                where[key] = value
                return
            where[key] = value
            self._revisions[kind] += 1
        self._wake()

    def _remove(self, where: dict[str, Any], key: str, kind: str) -> None:
        with self._lock:
            if where.pop(key, None) is None:
                return
            self._revisions[kind] += 1
        self._wake()
