# SPDX-License-Identifier: Apache-2.0

"""Serves the plugin protocol: each RPC becomes calls of the author's functions."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import grpc
import grpc.aio

from . import schema
from ._proto import completion_pb2, context_pb2, plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .call import Call, current
from .caller import read_info
from .catalogue import Catalogue
from .errors import ErrorCode, ProtocolError, ToolError, invalid_params, not_found
from .exchange import Asked, Exchange, InputRequired
from .results import completion, prompt_result, read_result, tool_error, tool_result
from .running import contained, finished
from .wire import valid_text

_log = logging.getLogger("mcphost_plugin")

# What a client is told of a bug; the operator's log has the traceback.
INTERNAL = "internal error"

Context = grpc.aio.ServicerContext[Any, Any]
T = TypeVar("T")


class Services:
    """The services of one plugin. They live in one event loop."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.calls: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._over = False
        catalogue.announce()
        loop = asyncio.get_running_loop()
        catalogue.wake_with(lambda: _safely(loop, self._changed.set))

    async def drain(self, grace: float) -> None:
        """Waits for the calls in flight, for grace seconds at most."""
        if self.calls:
            await asyncio.wait(set(self.calls), timeout=grace)

    def end(self) -> None:
        """Cancels the calls that are still in flight, and ends the watch."""
        for call in self.calls:
            call.cancel()
        self.catalogue.retire()
        self._over = True
        self._changed.set()

    # PluginService

    async def describe(self, request: plugin_pb2.DescribeRequest, context: Context) -> plugin_pb2.DescribeResponse:
        response = plugin_pb2.DescribeResponse()
        response.CopyFrom(self.catalogue.details)
        response.abilities.extend(self.catalogue.announced())  # type: ignore[arg-type]
        return response

    async def configure(self, request: plugin_pb2.ConfigureRequest, context: Context) -> plugin_pb2.ConfigureResponse:
        self.catalogue.data_dir = request.data_dir
        try:
            settings = json.loads(request.settings_json or b"{}")
            if self.catalogue.configurer is not None:
                hint, function = self.catalogue.configurer
                await finished(function, schema.read(hint, settings, "settings"))
            elif settings:
                raise ValueError("this plugin takes no settings")
        except (ValueError, ToolError) as err:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, valid_text(str(err)))
        except Exception:
            _log.exception("the settings could not be taken")
            await context.abort(grpc.StatusCode.INTERNAL, "the settings could not be taken; the plugin's log says why")
        return plugin_pb2.ConfigureResponse()

    async def watch(self, request: plugin_pb2.WatchRequest, context: Context) -> AsyncIterator[plugin_pb2.WatchResponse]:
        told = None
        while not self._over:
            self._changed.clear()
            if (now := self.catalogue.revisions()) != told:
                told = now
                yield plugin_pb2.WatchResponse(revisions=now)
            for uri in self.catalogue.take_updates():
                yield plugin_pb2.WatchResponse(resource_updated=plugin_pb2.ResourceUpdated(uri=uri))
            await self._changed.wait()

    async def end_connection(
        self, request: plugin_pb2.EndConnectionRequest, context: Context
    ) -> plugin_pb2.EndConnectionResponse:
        if self.catalogue.connection_ender is not None:
            await finished(self.catalogue.connection_ender, request.connection_id)
        return plugin_pb2.EndConnectionResponse()

    # The lists. Their pages are whole: the host's limits are far below 64 MiB.

    async def list_tools(self, request: tool_pb2.ListToolsRequest, context: Context) -> tool_pb2.ListToolsResponse:
        revision = self.catalogue.revisions().tools
        return tool_pb2.ListToolsResponse(tools=[t.wire for t in list(self.catalogue.tools.values())], revision=revision)

    async def list_resources(
        self, request: resource_pb2.ListResourcesRequest, context: Context
    ) -> resource_pb2.ListResourcesResponse:
        revision, found = self.catalogue.revisions().resources, list(self.catalogue.resources.values())
        wires = [r.wire for r in found if isinstance(r.wire, resource_pb2.Resource)]
        return resource_pb2.ListResourcesResponse(resources=wires, revision=revision)

    async def list_templates(
        self, request: resource_pb2.ListResourceTemplatesRequest, context: Context
    ) -> resource_pb2.ListResourceTemplatesResponse:
        revision, found = self.catalogue.revisions().resources, list(self.catalogue.templates.values())
        wires = [r.wire for r in found if isinstance(r.wire, resource_pb2.ResourceTemplate)]
        return resource_pb2.ListResourceTemplatesResponse(resource_templates=wires, revision=revision)

    async def list_prompts(self, request: prompt_pb2.ListPromptsRequest, context: Context) -> prompt_pb2.ListPromptsResponse:
        revision, found = self.catalogue.revisions().prompts, list(self.catalogue.prompts.values())
        return prompt_pb2.ListPromptsResponse(prompts=[p.wire for p in found], revision=revision)

    async def set_subscriptions(
        self, request: resource_pb2.SetSubscriptionsRequest, context: Context
    ) -> resource_pb2.SetSubscriptionsResponse:
        accepted = await finished(self.catalogue.accept, list(request.uris))
        return resource_pb2.SetSubscriptionsResponse(accepted_uris=accepted)

    # The calls

    async def call_tool(
        self, request: tool_pb2.CallToolRequest, context: Context
    ) -> AsyncIterator[tool_pb2.CallToolResponse]:
        async def result() -> tool_pb2.CallToolResult | InputRequired:
            tool = self.catalogue.tools.get(request.name)
            if tool is None:
                raise not_found(f"there is no tool {request.name!r}")
            try:
                args = json.loads(request.arguments_json or b"{}")
                if tool.members is None:
                    out = await finished(tool.handler, _checked(lambda: schema.read(Any, args)))
                else:
                    members = tool.members
                    out = await finished(tool.handler, **_checked(lambda: schema.read_object(members, args)))
                return out if isinstance(out, InputRequired) else _tool_result(request.name, out)
            except (ValueError, ToolError) as err:
                return tool_error(valid_text(str(err)) or INTERNAL)
            except (ProtocolError, Asked):
                raise
            except Exception:
                _log.exception("tool %s", request.name)
                return tool_error(INTERNAL)

        async for event in self._run(request, tool_pb2.CallToolResponse, result, tool_error):
            yield event

    async def read_resource(
        self, request: resource_pb2.ReadResourceRequest, context: Context
    ) -> AsyncIterator[resource_pb2.ReadResourceResponse]:
        async def result() -> resource_pb2.ReadResourceResult | InputRequired:
            resource, variables = self.catalogue.find_resource(request.uri)
            more = {"uri": request.uri} if resource.takes_uri else {}
            out = await finished(resource.handler, **variables, **more)
            return out if isinstance(out, InputRequired) else read_result(out, request.uri, resource.wire.mime_type)

        async for event in self._run(request, resource_pb2.ReadResourceResponse, result):
            yield event

    async def get_prompt(
        self, request: prompt_pb2.GetPromptRequest, context: Context
    ) -> AsyncIterator[prompt_pb2.GetPromptResponse]:
        async def result() -> prompt_pb2.GetPromptResult | InputRequired:
            prompt = self.catalogue.prompts.get(request.name)
            if prompt is None:
                raise not_found(f"there is no prompt {request.name!r}")
            args = dict(request.arguments)
            _check_prompt(prompt.wire, args)
            out = await finished(prompt.handler, **args)
            return out if isinstance(out, InputRequired) else prompt_result(out)

        async for event in self._run(request, prompt_pb2.GetPromptResponse, result):
            yield event

    async def complete(self, request: completion_pb2.CompleteRequest, context: Context) -> completion_pb2.CompleteResponse:
        try:
            if request.WhichOneof("reference") == "prompt_name":
                key, known = ("prompt", request.prompt_name, request.argument_name), self.catalogue.prompts
            else:
                key, known = ("template", request.resource_uri_template, request.argument_name), self.catalogue.templates  # type: ignore[assignment]
            if key[1] not in known:
                raise not_found(f"there is no {key[0]} {key[1]!r}")
            found = completion([])
            if function := self.catalogue.completers.get(key):
                args = [request.argument_value, dict(request.resolved_arguments)]
                found = completion(await finished(function, *args[: len(inspect.signature(function).parameters)]))
            wire = completion_pb2.Completion(values=found.values, total=found.total, has_more=found.has_more)
            return completion_pb2.CompleteResponse(completion=wire)
        except Exception as err:
            return completion_pb2.CompleteResponse(error=_protocol_error(err, "completion"))

    async def _run(
        self,
        request: Any,
        response: Callable[..., Any],
        result: Callable[[], Awaitable[Any]],
        failed: Callable[[str], Any] | None = None,
    ) -> AsyncIterator[Any]:
        """Runs one call: its events while it works, then its outcome.

        failed makes a result of a mistake in asking; without it that is an error.
        """
        # Until the last message is on its way, not only until the work is done.
        if rpc := asyncio.current_task():
            self.calls.add(rpc)
            rpc.add_done_callback(self.calls.discard)
        info = read_info(request.context)
        try:
            resumption = request.resumption if request.HasField("resumption") else None
            call = Call(info, Exchange(info.capabilities, resumption), asyncio.get_running_loop())
        except ProtocolError as err:
            yield response(error=err._wire())
            return
        current.set(call)
        work = asyncio.ensure_future(_outcome(call, result, failed))
        try:
            async for name, event in _events(call, work):
                yield response(**{name: event})
            name, outcome = await work
            yield response(**{name: outcome})
        finally:
            # Whoever leaves early takes the call along.
            call.cancelled.set()
            if not work.done():
                work.cancel()
                await asyncio.wait([work])


async def _events(call: Call, work: asyncio.Future[Any]) -> AsyncIterator[tuple[str, Any]]:
    """What a call has to say while it works."""
    while not work.done():
        waiting = asyncio.ensure_future(call.ready.wait())
        try:
            await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not work.done():
            for event in call.take():
                yield event
    for event in call.close():
        yield event


async def _outcome(call: Call, result: Callable[[], Awaitable[Any]], failed: Callable[[str], Any] | None) -> tuple[str, Any]:
    try:
        try:
            out = await contained(result())
        except Asked:
            return "input_required", call.exchange.end()
        if isinstance(out, InputRequired):
            return "input_required", call.exchange.end_by_hand(out)
        return "result", out
    except ToolError as err:
        if failed is not None:
            return "result", failed(valid_text(str(err)) or INTERNAL)
        return "error", _protocol_error(err, "call")
    except Exception as err:
        return "error", _protocol_error(err, "call")


def _checked(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as err:
        raise ValueError(f"invalid arguments: {err}") from None


def _tool_result(name: str, out: Any) -> tool_pb2.CallToolResult:
    try:
        return tool_result(out)
    except ValueError:
        # The model reads why, but only the author can do better.
        _log.exception("tool %s: what it returned is no result", name)
        raise


def _check_prompt(prompt: prompt_pb2.Prompt, args: dict[str, str]) -> None:
    known = {argument.name for argument in prompt.arguments}
    if unknown := sorted(set(args) - known):
        raise invalid_params(f"the prompt {prompt.name!r} has no argument {unknown[0]!r}")
    for argument in prompt.arguments:
        if argument.required and argument.name not in args:
            raise invalid_params(f"the prompt {prompt.name!r} needs the argument {argument.name!r}")


def _protocol_error(err: Exception, what: str) -> context_pb2.ProtocolError:
    """An error for the client's developer. What is a bug has its traceback in the log."""
    if isinstance(err, ProtocolError):
        return err._wire()
    if isinstance(err, (ValueError, ToolError)):
        return ProtocolError(ErrorCode.INTERNAL, str(err) or INTERNAL)._wire()
    _log.error("%s failed", what, exc_info=err)
    return ProtocolError(ErrorCode.INTERNAL, INTERNAL)._wire()


def _safely(loop: asyncio.AbstractEventLoop, do: Callable[[], Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
        loop.call_soon_threadsafe(do)
