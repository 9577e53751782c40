# SPDX-License-Identifier: Apache-2.0

"""Declares what a plugin offers: functions become tools, resources and prompts."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from . import schema
from ._proto import plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .caller import Capabilities
from .catalogue import ABILITIES, Catalogue, Prompt, Resource, Tool
from .content import Annotations, Icon, Meta
from .declare import declaring, doc, hints, output, parameters, prompt_argument, takes_all
from .errors import DeclarationError
from .results import Completion
from .template import Template
from .wire import dump, dump_meta

F = TypeVar("F", bound=Callable[..., Any])

Ability = Literal["tools", "resources", "prompts", "completions", "subscriptions"]
"""A kind of thing that a plugin provides."""


class Plugin:
    """A plugin. Declare what it offers, then run() it.

    Things may be added and removed at any time, by any thread; clients are told.
    But they look for those kinds only that are there when run() is called: name
    the others in abilities, or adding one later is a DeclarationError.
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
        abilities: Sequence[Ability] = (),
    ) -> None:
        details = plugin_pb2.DescribeResponse(
            name=name, version=version, title=title, description=description, website_url=website_url, extensions=extensions
        )
        if max_concurrent_calls:
            details.limits.max_concurrent_calls = max_concurrent_calls
        if unknown := [one for one in abilities if one not in ABILITIES]:
            raise DeclarationError(f"{unknown[0]!r} is no ability; there are {', '.join(ABILITIES)}")
        self.catalogue = Catalogue(details, abilities)
        """What it offers, for the services; not for authors."""

    @property
    def data_dir(self) -> str:
        """Where the plugin may keep files that outlive it; empty until it is configured."""
        return self.catalogue.data_dir

    @overload
    def tool(self, function: F, /) -> F: ...

    @overload
    def tool(
        self,
        *,
        name: str = ...,
        title: str = ...,
        description: str = ...,
        input_schema: Mapping[str, Any] | None = ...,
        output_schema: Mapping[str, Any] | None = ...,
        read_only: bool = ...,
        destructive: bool | None = ...,
        idempotent: bool = ...,
        open_world: bool | None = ...,
        icons: Sequence[Icon] = ...,
        meta: Meta | None = ...,
        requires: Capabilities | None = ...,
    ) -> Callable[[F], F]: ...

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
    ) -> F | Callable[[F], F]:
        """Offers a function as a tool.

        Its parameters are the arguments: their type hints become the schema, and
        what does not fit never reaches it. Its docstring is the description, its
        return type decides the output schema. With input_schema the function
        takes one dictionary, as the client wrote it. An async function is
        cancelled when nobody waits any more; any other runs in a thread.

        A ValueError or ToolError is for the model to read, a ProtocolError for
        the client's developer; any other exception, SystemExit among them, is
        "internal error", with the traceback in the operator's log.
        """

        def add(function: F) -> F:
            called = name or function.__name__
            with declaring(f"tool {called!r}"):
                fields = None if input_schema is not None else parameters(function)
                wire = tool_pb2.Tool(
                    name=called,
                    title=title,
                    description=description or doc(function),
                    input_schema_json=dump(input_schema if fields is None else schema.object_schema(fields)),
                    output_schema_json=output(function, output_schema),
                    annotations=hints(
                        read_only=read_only, destructive=destructive, idempotent=idempotent, open_world=open_world
                    ),
                    icons=[icon._wire() for icon in icons],
                    meta_json=dump_meta(meta),
                    requires=requires._wire() if requires else None,
                )
            self.catalogue.add_tool(Tool(wire, function, fields))
            return function

        return add if function is None else add(function)

    def remove_tool(self, name: str) -> None:
        """Takes a tool away; calls in flight go on."""
        self.catalogue.remove_tool(name)

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
                description=description or doc(function),
                mime_type=mime_type,
                size=size,
                annotations=annotations._wire() if annotations else None,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
            )
            if ":" not in uri:
                raise DeclarationError(f"resource {uri!r}: a URI has a scheme")
            takes_uri = "uri" in inspect.signature(function).parameters
            self.catalogue.add_resource(Resource(wire, function, subscribable, takes_uri))
            return function

        return add

    def remove_resource(self, uri: str) -> None:
        """Takes a resource away."""
        self.catalogue.remove_resource(uri)

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
            with declaring(f"template {uri_template!r}"):
                template = Template(uri_template)
                parameters = inspect.signature(function).parameters
                if missing := [one for one in template.names if one not in parameters and not takes_all(parameters)]:
                    raise DeclarationError(f"the function has no parameter {missing[0]}")
            wire = resource_pb2.ResourceTemplate(
                uri_template=uri_template,
                name=name or function.__name__,
                title=title,
                description=description or doc(function),
                mime_type=mime_type,
                annotations=annotations._wire() if annotations else None,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
            )
            takes_uri = "uri" in parameters and "uri" not in template.names
            self.catalogue.add_resource(Resource(wire, function, subscribable, takes_uri, template))
            return function

        return add

    def remove_resource_template(self, uri_template: str) -> None:
        """Takes a family of resources away."""
        self.catalogue.remove_resource_template(uri_template)

    @overload
    def prompt(self, function: F, /) -> F: ...

    @overload
    def prompt(
        self,
        *,
        name: str = ...,
        title: str = ...,
        description: str = ...,
        icons: Sequence[Icon] = ...,
        meta: Meta | None = ...,
        requires: Capabilities | None = ...,
    ) -> Callable[[F], F]: ...

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
    ) -> F | Callable[[F], F]:
        """Offers a function as a prompt; its parameters, all strings, are the arguments.

        It returns a str, a Content, PromptMessages or a PromptResult.
        """

        def add(function: F) -> F:
            called = name or function.__name__
            with declaring(f"prompt {called!r}"):
                arguments = [prompt_argument(member) for member in parameters(function)]
            wire = prompt_pb2.Prompt(
                name=called,
                title=title,
                description=description or doc(function),
                arguments=arguments,
                icons=[icon._wire() for icon in icons],
                meta_json=dump_meta(meta),
                requires=requires._wire() if requires else None,
            )
            self.catalogue.add_prompt(Prompt(wire, function))
            return function

        return add if function is None else add(function)

    def remove_prompt(self, name: str) -> None:
        """Takes a prompt away."""
        self.catalogue.remove_prompt(name)

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
            self.catalogue.add_completer(key, function)
            return function

        return add

    def on_configure(self, function: F) -> F:
        """Receives the operator's settings, before the first call.

        Its one parameter is a dataclass, TypedDict or pydantic model, from which
        the schema is inferred. A ValueError is shown to the operator and disables
        the plugin until the settings change. Without it a plugin takes no settings.
        """
        (parameter,) = parameters(function)
        with declaring("settings"):
            self.catalogue.details.settings_schema_json = dump(schema.schema_of(parameter.hint))
        self.catalogue.configurer = (parameter.hint, function)
        return function

    def on_shutdown(self, function: F) -> F:
        """Is called when the plugin stops, after its calls; it has half a second."""
        self.catalogue.shutdowns.append(function)
        return function

    def on_end_connection(self, function: F) -> F:
        """Is told the id of a client's connection that is gone. Best effort."""
        self.catalogue.connection_ender = function
        return function

    def on_subscriptions(self, function: Callable[[list[str]], Iterable[str]]) -> Callable[[list[str]], Iterable[str]]:
        """Is told the whole set of URIs that clients are subscribed to, each time it
        changes, and returns those whose changes resource_updated() will report."""
        self.catalogue.set_subscriber(function)
        return function

    def resource_updated(self, uri: str) -> None:
        """Tells the clients that have subscribed to a resource that it has changed."""
        self.catalogue.updated(uri)

    def run(self) -> typing.NoReturn:
        """Serves the host until it asks to stop, and ends the process."""
        import sys

        from .serve import serve

        sys.exit(serve(self.catalogue))


def prefix_completion(values: Sequence[str]) -> Callable[[str], Completion]:
    """Suggests those of the values that begin with what is typed, in any case."""

    def complete(typed: str) -> Completion:
        return Completion([value for value in values if value.lower().startswith(typed.lower())])

    return complete
