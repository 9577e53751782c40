# SPDX-License-Identifier: Apache-2.0

"""What a plugin offers, by name, and what of it has changed. It knows nothing of
how that was declared, nor of how it is served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ._proto import plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .errors import DeclarationError, not_found
from .schema import Member
from .template import Template

_log = logging.getLogger("mcphost_plugin")

Handler = Callable[..., Any]

ABILITIES: Final[Mapping[str, int]] = {
    "tools": plugin_pb2.ABILITY_TOOLS,
    "resources": plugin_pb2.ABILITY_RESOURCES,
    "prompts": plugin_pb2.ABILITY_PROMPTS,
    "completions": plugin_pb2.ABILITY_COMPLETIONS,
    "subscriptions": plugin_pb2.ABILITY_SUBSCRIPTIONS,
}
"""The kinds of things that a plugin provides."""

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

    def __init__(self, details: plugin_pb2.DescribeResponse, named: Iterable[str] = ()) -> None:
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
        self._named = frozenset(named)
        self._announced: frozenset[str] | None = None
        self._revisions = {"tools": 1, "resources": 1, "prompts": 1}
        self._updates: dict[str, None] = {}
        self._wake: Callable[[], None] = lambda: None

    # What is added while the plugin serves needs an ability that was announced:
    # DeclarationError otherwise.

    def add_tool(self, tool: Tool) -> None:
        """Offers a tool, in place of one of the same name."""
        self.check_announced("tools")
        self._add(self.tools, tool.wire.name, tool, "tools")

    def add_resource(self, resource: Resource) -> None:
        """Offers a resource or a family of them."""
        self.check_announced("resources")
        if resource.subscribable and not self._is_announced("subscriptions"):
            _log.error("nobody can subscribe to what was added: subscriptions are no announced ability")
        if isinstance(resource.wire, resource_pb2.ResourceTemplate):
            self._add(self.templates, resource.wire.uri_template, resource, "resources")
        else:
            self._add(self.resources, resource.wire.uri, resource, "resources")

    def add_prompt(self, prompt: Prompt) -> None:
        """Offers a prompt."""
        self.check_announced("prompts")
        self._add(self.prompts, prompt.wire.name, prompt, "prompts")

    def add_completer(self, key: tuple[str, str, str], completer: Handler) -> None:
        """Sets what suggests values."""
        self.check_announced("completions")
        self.completers[key] = completer

    def set_subscriber(self, subscriber: Callable[[list[str]], Iterable[str]]) -> None:
        """Sets what is told of subscriptions."""
        self.check_announced("subscriptions")
        self.subscriber = subscriber

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

    def announce(self) -> None:
        """Settles what the plugin provides: it is about to serve."""
        subscribable = any(r.subscribable for r in [*self.resources.values(), *self.templates.values()])
        found = {
            "tools": bool(self.tools),
            "resources": bool(self.resources or self.templates),
            "prompts": bool(self.prompts),
            "completions": bool(self.completers),
            "subscriptions": subscribable or self.subscriber is not None,
        }
        provided = self._named | {ability for ability, there in found.items() if there}
        self._announced = provided or frozenset({"tools"})  # none at all would mean that as well

    def announced(self) -> list[int]:
        """What clients are told that the plugin provides."""
        return sorted(ABILITIES[ability] for ability in self._announced or ())

    def retire(self) -> None:
        """Ends the time for which announce() has settled something."""
        self._announced = None

    def check_announced(self, ability: str) -> None:
        """DeclarationError: it comes too late for anybody to look for it."""
        if not self._is_announced(ability):
            raise DeclarationError(
                f"clients were told that this plugin provides no {ability}, and do not look for any: "
                f'announce what comes while it serves with Plugin(..., abilities=["{ability}"])'
            )

    def _is_announced(self, ability: str) -> bool:
        return self._announced is None or ability in self._announced

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
