# SPDX-License-Identifier: Apache-2.0

"""Calls a plugin inside a test as the host does, and answers its questions.

It serves the plugin in the test's own event loop, over gRPC:

    async with testing.serve(plugin) as client:
        result = await client.call_tool("greet", {"who": "Ada"})
        assert result.text == "Hello, Ada!"
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio

from ._proto import completion_pb2, content_pb2, context_pb2, plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from .caller import Capabilities, LogLevel
from .errors import ErrorCode, ProtocolError
from .plugin import Plugin
from .serve import _protocol
from .services import Services
from .wire import MAX_MESSAGE_SIZE, dump

AnswerFunction = Callable[[str, str, dict[str, Any]], Any]
"""Answers a question, by its key, method and params, with MCP's result."""

ROUNDS = 10
_SIZES = [("grpc.max_receive_message_length", MAX_MESSAGE_SIZE), ("grpc.max_send_message_length", MAX_MESSAGE_SIZE)]


@dataclass
class Report:
    """What a call said besides its result, in all rounds."""

    progress: list[tuple[float, float, str]] = field(default_factory=list)
    logs: list[tuple[LogLevel, Any]] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    """Their keys, in order."""


@dataclass
class ToolResult:
    """What a tool returned."""

    wire: tool_pb2.CallToolResult
    report: Report

    @property
    def is_error(self) -> bool:
        """Whether the tool failed."""
        return self.wire.is_error

    @property
    def text(self) -> str:
        """The text of the result, its blocks joined by newlines."""
        return _text(self.wire.content)

    @property
    def structured(self) -> Any:
        """The structured content; None if there is none."""
        raw = self.wire.structured_content_json
        return json.loads(raw) if raw else None


def _text(blocks: Any) -> str:
    texts = [block.text.text for block in blocks if isinstance(block, content_pb2.ContentBlock) and block.HasField("text")]
    return "\n".join(texts)


class Client:
    """The host's end of one plugin."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def call_tool(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        answer: AnswerFunction | None = None,
        capabilities: Capabilities | None = None,
    ) -> ToolResult:
        """Calls a tool. A refusal is a ProtocolError; a tool that fails has is_error."""
        request = tool_pb2.CallToolRequest(context=_context(capabilities), name=name, arguments_json=dump(dict(args or {})))
        call = self._stream("ToolService/CallTool", tool_pb2.CallToolResponse)
        wire, report = await self._rounds(call, request, answer)
        return ToolResult(wire, report)

    async def read_resource(self, uri: str) -> list[str | bytes]:
        """What a resource holds, piece by piece."""
        request = resource_pb2.ReadResourceRequest(context=_context(None), uri=uri)
        call = self._stream("ResourceService/ReadResource", resource_pb2.ReadResourceResponse)
        wire, _ = await self._rounds(call, request, None)
        return [getattr(one, one.WhichOneof("contents")) for one in wire.contents]

    async def get_prompt(self, name: str, args: Mapping[str, str] | None = None) -> list[str]:
        """The texts of a prompt's messages."""
        request = prompt_pb2.GetPromptRequest(context=_context(None), name=name, arguments=dict(args or {}))
        call = self._stream("PromptService/GetPrompt", prompt_pb2.GetPromptResponse)
        wire, _ = await self._rounds(call, request, None)
        return [message.content.text.text for message in wire.messages]

    async def complete(self, typed: str, argument: str, *, prompt: str = "", template: str = "") -> list[str]:
        """The suggestions for an argument of a prompt, or a variable of a template."""
        request = completion_pb2.CompleteRequest(context=_context(None), argument_name=argument, argument_value=typed)
        if prompt:
            request.prompt_name = prompt
        else:
            request.resource_uri_template = template
        response = await self._unary("CompletionService/Complete", request, completion_pb2.CompleteResponse)
        if response.WhichOneof("outcome") == "error":
            raise _error(response.error)
        return list(response.completion.values)

    async def list_tools(self) -> dict[str, dict[str, Any]]:
        """The input schema of each tool, by name."""
        page = await self._unary("ToolService/ListTools", tool_pb2.ListToolsRequest(), tool_pb2.ListToolsResponse)
        return {tool.name: json.loads(tool.input_schema_json) for tool in page.tools}

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Hands over settings. ValueError: the plugin refuses them."""
        request = plugin_pb2.ConfigureRequest(settings_json=dump(dict(settings)), plugin_name="test")
        try:
            await self._unary("PluginService/Configure", request, plugin_pb2.ConfigureResponse)
        except grpc.aio.AioRpcError as err:
            raise ValueError(err.details()) from None

    async def _rounds(self, call: Any, request: Any, answer: AnswerFunction | None) -> tuple[Any, Report]:
        report = Report()
        for _ in range(ROUNDS):
            kind, event = await _outcome(call(request), report)
            if kind == "result":
                return event, report
            if kind == "error":
                raise _error(event)
            if answer is None:
                raise AssertionError(f"the plugin asks {[one.key for one in event.requests]}, and nothing answers")
            request.resumption.state = event.state
            for one in event.requests:
                report.questions.append(one.key)
                method = _METHODS[one.method]
                result = answer(one.key, method, json.loads(one.params_json or b"{}"))
                _replace(request.resumption, context_pb2.InputResponse(key=one.key, result_json=dump(result)))
        raise AssertionError(f"the plugin asks for more than {ROUNDS} rounds")

    def _stream(self, method: str, response: Any) -> Any:
        return self._channel.unary_stream(
            "/mcphost.plugin.v1." + method, lambda m: m.SerializeToString(), response.FromString
        )

    async def _unary(self, method: str, request: Any, response: Any) -> Any:
        call = self._channel.unary_unary(
            "/mcphost.plugin.v1." + method, lambda m: m.SerializeToString(), response.FromString
        )
        return await call(request)


_METHODS = {1: "elicitation/create", 2: "sampling/createMessage", 3: "roots/list"}


def _context(capabilities: Capabilities | None) -> context_pb2.CallContext:
    able = capabilities or Capabilities(
        elicitation_form=True, elicitation_url=True, sampling=True, sampling_tools=True, roots=True
    )
    return context_pb2.CallContext(
        request_id="test", wants_progress=True, log_level=context_pb2.LOG_LEVEL_DEBUG, capabilities=able._wire()
    )


async def _outcome(stream: Any, report: Report) -> tuple[str, Any]:
    kind, event = "", None
    async for response in stream:
        kind = response.WhichOneof("event")
        event = getattr(response, kind)
        if kind == "progress":
            report.progress.append((event.progress, event.total, event.message))
        elif kind == "log":
            report.logs.append((LogLevel(event.level), json.loads(event.data_json)))
    return kind, event


def _replace(resumption: context_pb2.Resumption, response: context_pb2.InputResponse) -> None:
    kept = [one for one in resumption.responses if one.key != response.key]
    del resumption.responses[:]
    resumption.responses.extend([*kept, response])


def _error(wire: context_pb2.ProtocolError) -> ProtocolError:
    return ProtocolError(ErrorCode(wire.code or ErrorCode.INTERNAL), wire.message)


@contextlib.asynccontextmanager
async def serve(plugin: Plugin) -> AsyncIterator[Client]:
    """Serves the plugin until the block ends."""
    services = Services(plugin.catalogue)
    server = grpc.aio.server(options=_SIZES)
    server.add_generic_rpc_handlers(tuple(_protocol(services)))
    with tempfile.TemporaryDirectory(prefix="p") as folder:
        address = "unix:" + os.path.join(folder, "s")
        server.add_insecure_port(address)
        await server.start()
        async with grpc.aio.insecure_channel(address, options=_SIZES) as channel:
            try:
                yield Client(channel)
            finally:
                services.end()
                await server.stop(None)
