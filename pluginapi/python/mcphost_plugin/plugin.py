# SPDX-License-Identifier: Apache-2.0

"""Declares what a plugin offers: functions become tools, resources and prompts."""

from __future__ import annotations

import contextlib
import inspect
import threading
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from . import schema
from ._proto import plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .caller import Capabilities
from .content import Annotations, Icon, Meta
from .errors import DeclarationError, not_found
from .results import Completion, output_schema
from .schema import REQUIRED, Member
from .template import Template
from .wire import dump, dump_meta

F = TypeVar("F", bound=Callable[..., Any])
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


class Plugin:
    """A plugin. Declare what it offers, then run() it.

    Things may be added and removed at any time, by any thread; clients are told.
    """

    def __init__(
        self,
        name: str,
        version: str,
        *,
        title: str = "",
        description: str = "",
        website_url: str = "",
        extensions: Sequence[str] = (),
        max_concurrent_calls: int = 0,
    ) -> None:
        self.details = plugin_pb2.DescribeResponse(
            name=name, version=version, title=title, description=description, website_url=website_url, extensions=extensions
        )
        if max_concurrent_calls:
            self.details.limits.max_concurrent_calls = max_concurrent_calls
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
        """Where the plugin may keep files that outlive it; set when it is configured."""
        self._lock = threading.Lock()
        self._revisions = {"tools": 1, "resources": 1, "prompts": 1}
        self._updates: dict[str, None] = {}
        self._wake: Callable[[], None] = lambda: None

    def tool(
        self,
        function: F | None = None,
        *,
        name: str = "",
        title: str = "",
        description: str = "",
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
        read_only: bool = False,
        destructive: bool | None = None,
        idempotent: bool = False,
        open_world: bool | None = None,
        icons: Sequence[Icon] = (),
        meta: Meta | None = None,
        requires: Capabilities | None = None,
    ) -> Any:
        """Offers a function as a tool.

        Its parameters are the arguments: their type hints become the schema, and
        what does not fit never reaches it. Its docstring is the description, its
        return type decides the output schema. With input_schema the function
        takes one dictionary, as the client wrote it. An async function is
        cancelled when nobody waits any more; any other runs in a thread.

        A ValueError or ToolError is for the model to read, a ProtocolError for
        the client's developer; any other exception is "internal error", with the
        traceback in the operator's log.
        """

        def add(function: F) -> F:
            called = name or function.__name__
            with _declaring(f"tool {called!r}"):
                fields = None if input_schema is not None else _parameters(function)
                wire = tool_pb2.Tool(
                    name=called,
                    title=title,
                    description=description or _doc(function),
                    input_schema_json=dump(input_schema if fields is None else schema.object_schema(fields)),
                    output_schema_json=_output(function, output_schema),
                    annotations=_hints(
                        read_only=read_only, destructive=destructive, idempotent=idempotent, open_world=open_world
                    ),
                    icons=[icon._wire() for icon in icons],
                    meta_json=dump_meta(meta),
                    requires=requires._wire() if requires else None,
                )
            self._add(self.tools, called, Tool(wire, function, fields), "tools")
            return function

        return add if function is None else add(function)

    def remove_tool(self, name: str) -> None:
        """Takes a tool away; calls in flight go on."""
        self._remove(self.tools, name, "tools")

    def resource(
        self,
        uri: str,
        *,
        name: str = "",
        title: str = "",
        description: str = "",
        mime_type: str = "",
        size: int | None = None,
        annotations: Annotations | None = None,
        icons: Sequence[Icon] = (),
        meta: Meta | None = None,
        subscribable: bool = False,
    ) -> Callable[[F], F]:
        """Offers what a function returns as a resource: a str, bytes, ResourceContents or a ReadResult.

        A function with a parameter uri is given it. Raise not_found() for what is
        not there any more. With subscribable, tell of changes with resource_updated().
        """

        def add(function: F) -> F:
            wire = resource_pb2.Resource(
                uri=uri,
                name=name or function.__name__,
                title=title,
                description=description or _doc(function),
                mime_type=mime_type,
                size=size,
                annotations=annotations._wire() if annotations else None,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
            )
            if ":" not in uri:
                raise DeclarationError(f"resource {uri!r}: a URI has a scheme")
            takes_uri = "uri" in inspect.signature(function).parameters
            self._add(self.resources, uri, Resource(wire, function, subscribable, takes_uri), "resources")
            return function

        return add

    def remove_resource(self, uri: str) -> None:
        """Takes a resource away."""
        self._remove(self.resources, uri, "resources")

    def resource_template(
        self,
        uri_template: str,
        *,
        name: str = "",
        title: str = "",
        description: str = "",
        mime_type: str = "",
        annotations: Annotations | None = None,
        icons: Sequence[Icon] = (),
        meta: Meta | None = None,
        subscribable: bool = False,
    ) -> Callable[[F], F]:
        """Offers a family of resources, such as "note://{owner}/{+path}".

        The function takes the variables by name, as strings: they are the
        client's word, so check them.
        """

        def add(function: F) -> F:
            with _declaring(f"template {uri_template!r}"):
                template = Template(uri_template)
                parameters = inspect.signature(function).parameters
                if missing := [one for one in template.names if one not in parameters and not _takes_all(parameters)]:
                    raise DeclarationError(f"the function has no parameter {missing[0]}")
            wire = resource_pb2.ResourceTemplate(
                uri_template=uri_template,
                name=name or function.__name__,
                title=title,
                description=description or _doc(function),
                mime_type=mime_type,
                annotations=annotations._wire() if annotations else None,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
            )
            takes_uri = "uri" in parameters and "uri" not in template.names
            resource = Resource(wire, function, subscribable, takes_uri, template)
            self._add(self.templates, uri_template, resource, "resources")
            return function

        return add

    def remove_resource_template(self, uri_template: str) -> None:
        """Takes a family of resources away."""
        self._remove(self.templates, uri_template, "resources")

    def prompt(
        self,
        function: F | None = None,
        *,
        name: str = "",
        title: str = "",
        description: str = "",
        icons: Sequence[Icon] = (),
        meta: Meta | None = None,
        requires: Capabilities | None = None,
    ) -> Any:
        """Offers a function as a prompt; its parameters, all strings, are the arguments.

        It returns a str, a Content, PromptMessages or a PromptResult.
        """

        def add(function: F) -> F:
            called = name or function.__name__
            with _declaring(f"prompt {called!r}"):
                arguments = [_prompt_argument(member) for member in _parameters(function)]
            wire = prompt_pb2.Prompt(
                name=called,
                title=title,
                description=description or _doc(function),
                arguments=arguments,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
                requires=requires._wire() if requires else None,
            )
            self._add(self.prompts, called, Prompt(wire, function), "prompts")
            return function

        return add if function is None else add(function)

    def remove_prompt(self, name: str) -> None:
        """Takes a prompt away."""
        self._remove(self.prompts, name, "prompts")

    def complete_prompt(self, prompt: str, argument: str) -> Callable[[F], F]:
        """Suggests values for an argument of a prompt.

        The function takes what is typed so far and, if it has a second parameter,
        the arguments that are filled in already. It returns strings or a Completion.
        """
        return self._completer(("prompt", prompt, argument))

    def complete_template(self, uri_template: str, variable: str) -> Callable[[F], F]:
        """Suggests values for a variable of a template, as complete_prompt does."""
        return self._completer(("template", uri_template, variable))

    def _completer(self, key: tuple[str, str, str]) -> Callable[[F], F]:
        def add(function: F) -> F:
            self.completers[key] = function
            return function

        return add

    def on_configure(self, function: F) -> F:
        """Receives the operator's settings, before the first call.

        Its one parameter is a dataclass, TypedDict or pydantic model, from which
        the schema is inferred. A ValueError is shown to the operator and disables
        the plugin until the settings change. Without it a plugin takes no settings.
        """
        (parameter,) = _parameters(function)
        with _declaring("settings"):
            self.details.settings_schema_json = dump(schema.schema_of(parameter.hint))
        self.configurer = (parameter.hint, function)
        return function

    def on_shutdown(self, function: F) -> F:
        """Is called when the plugin stops, after its calls; it has half a second."""
        self.shutdowns.append(function)
        return function

    def on_end_connection(self, function: F) -> F:
        """Is told the id of a client's connection that is gone. Best effort."""
        self.connection_ender = function
        return function

    def on_subscriptions(self, function: Callable[[list[str]], Iterable[str]]) -> Callable[[list[str]], Iterable[str]]:
        """Is told the whole set of URIs that clients are subscribed to, each time it
        changes, and returns those whose changes resource_updated() will report."""
        self.subscriber = function
        return function

    def resource_updated(self, uri: str) -> None:
        """Tells the clients that have subscribed to a resource that it has changed."""
        with self._lock:
            if uri not in self.watched:
                return
            self._updates[uri] = None
            while len(self._updates) > MAX_UPDATES:
                del self._updates[next(iter(self._updates))]
        self._wake()

    def run(self) -> typing.NoReturn:
        """Serves the host until it asks to stop, and ends the process."""
        import sys

        from .serve import serve

        sys.exit(serve(self))

    # What follows is for the services.

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


def prefix_completion(values: Sequence[str]) -> Callable[[str], Completion]:
    """Suggests those of the values that begin with what is typed, in any case."""

    def complete(typed: str) -> Completion:
        return Completion([value for value in values if value.lower().startswith(typed.lower())])

    return complete


@contextlib.contextmanager
def _declaring(what: str) -> typing.Iterator[None]:
    """Says which declaration a mistake is in."""
    try:
        yield
    except (TypeError, NameError) as err:
        raise DeclarationError(f"{what}: {err}") from err


def _parameters(function: Handler) -> list[Member]:
    """The parameters of a function, as members of an object."""
    hints = typing.get_type_hints(function, include_extras=True)
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DeclarationError(f"the parameter {parameter.name} cannot be given by name")
        if parameter.name not in hints:
            raise DeclarationError(f"the parameter {parameter.name} has no type")
        default = REQUIRED if parameter.default is parameter.empty else parameter.default
        found.append(Member(parameter.name, hints[parameter.name], default))
    return found


def _hints(**hints: bool | None) -> tool_pb2.ToolAnnotations:
    wire = tool_pb2.ToolAnnotations()
    for name, hint in hints.items():
        if hint is not None:
            setattr(wire, name, hint)
    return wire


def _takes_all(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


def _doc(function: Handler) -> str:
    return inspect.getdoc(function) or ""


def _output(function: Handler, by_hand: Mapping[str, Any] | None) -> bytes:
    if by_hand is not None:
        return dump(by_hand)
    hint = typing.get_type_hints(function, include_extras=True).get("return", typing.Any)
    found = output_schema(hint)
    return b"" if found is None else dump(found)


def _prompt_argument(member: Member) -> prompt_pb2.PromptArgument:
    said = schema.schema_of(member.hint)
    kinds = said.get("type")
    if kinds != "string" and kinds != ["string", "null"] and "enum" not in said:
        raise DeclarationError(f"the argument {member.name} of a prompt is no string")
    return prompt_pb2.PromptArgument(
        name=member.name,
        title=said.get("title", ""),
        description=said.get("description", ""),
        required=member.default is REQUIRED,
    )
