# SPDX-License-Identifier: Apache-2.0

"""Serves a plugin to the host that has started this process, or to a debugger's.

It knows go-plugin's handshake and its small services, and nothing of tools.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
import grpc.aio

from . import _operator
from ._proto import completion_pb2, plugin_pb2, prompt_pb2, resource_pb2, tool_pb2
from ._stdio import HOST
from .catalogue import Catalogue
from .running import finished
from .services import Services
from .wire import MAX_MESSAGE_SIZE

_log = logging.getLogger("mcphost_plugin")

PROTOCOL_VERSION: Final = 1
DEBUG_VARIABLE: Final = "MCPHOST_DEBUG"
THREADS: Final = 64
"""How many functions that are not async work at once: as many as the host's default of calls."""
CALL_GRACE: Final = 2.0
"""Seconds that calls in flight have to end, where the host does not say."""
HOOK_GRACE: Final = 0.5
"""Seconds that the on_shutdown functions have."""


def serve(catalogue: Catalogue) -> int:
    """Serves until the host asks to stop, or is gone. Returns the exit code."""
    debugging = HOST is None and os.environ.pop(DEBUG_VARIABLE, "") == "1"
    if HOST is None and not debugging:
        name = catalogue.details.name
        print(
            f"{name} is a plugin for mcphost, an MCP server: put it into mcphost's plugin directory and start mcphost. "
            f"With {DEBUG_VARIABLE}=1 in its environment it waits for a debugger's host.",
            file=sys.stderr,
        )
        return 1
    _operator.to_the_operator()
    try:
        _run(_Life(catalogue, debugging).run)
    except Exception:
        _log.exception("the plugin cannot be served")
        return 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # a thread of a call that was given up must not hold the process


def _run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs main in a loop of its own, as asyncio.run does, but for two things.

    A task of the author's that raises SystemExit or KeyboardInterrupt stops a
    loop: it is run on, since whoever awaits the task is told as well. And threads
    are not waited for: a call that was given up may hold one for ever.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    life = loop.create_task(main())
    while not life.done():
        try:
            loop.run_until_complete(life)
        except (SystemExit, KeyboardInterrupt):
            _log.exception("a task ends with it, not the plugin")
    if rest := asyncio.all_tasks(loop):
        for task in rest:
            task.cancel()
        loop.run_until_complete(asyncio.wait(rest, timeout=HOOK_GRACE))
    life.result()


class _Life:
    """From the socket to the end of the process."""

    def __init__(self, catalogue: Catalogue, debugging: bool) -> None:
        self.catalogue = catalogue
        self.debugging = debugging
        self.stop = asyncio.Event()
        self.folder = ""

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="call"))
        self.services = Services(self.catalogue)
        # A terminal's Ctrl-C is meant for the host, unless there is none.
        loop.add_signal_handler(signal.SIGINT, self.stop.set if self.debugging else lambda: None)
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        server = self._server()
        path = self._listen(server)
        await server.start()
        os.chmod(path, 0o600)
        self._announce(path)
        try:
            await self.stop.wait()
            await self._end(server)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _server(self) -> grpc.aio.Server:
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
            ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
        ]
        server = grpc.aio.server(options=options)
        server.add_generic_rpc_handlers((*_protocol(self.services), *self._goplugin()))
        return server

    def _listen(self, server: grpc.aio.Server) -> str:
        self.folder = tempfile.mkdtemp(prefix="plugin", dir=HOST.socket_dir if HOST else None)
        path = os.path.join(self.folder, "s")
        if len(path.encode()) > 100:
            raise OSError(f"the path of the socket is too long: set TMPDIR to a shorter directory than {self.folder}")
        server.add_insecure_port("unix:" + path)
        return path

    def _announce(self, path: str) -> None:
        """Tells the host where to connect, when everything is served."""
        if HOST is not None:
            self._watch(HOST.life)
            print(f"1|{PROTOCOL_VERSION}|unix|{path}|grpc|", file=HOST.handshake, flush=True)
            return
        running = {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": path},
        }
        said = json.dumps({self.catalogue.details.name: running}).replace("'", "\\u0027")
        print("Start mcphost with this in its environment:", file=sys.stderr)
        print(f"MCPHOST_REATTACH='{said}'", file=sys.stderr, flush=True)

    def _watch(self, pipe: int | None) -> None:
        """Stops when the pipe ends that the host holds and never writes to."""
        if pipe is None or not stat.S_ISFIFO(os.fstat(pipe).st_mode):
            return  # a terminal, a file or the null device says nothing of the host
        loop = asyncio.get_running_loop()

        def wait() -> None:
            while os.read(pipe, 4096):
                pass
            loop.call_soon_threadsafe(self.stop.set)

        threading.Thread(target=wait, daemon=True, name="stdin").start()

    async def _end(self, server: grpc.aio.Server) -> None:
        await self.services.drain(CALL_GRACE)
        self.services.end()
        for hook in self.catalogue.shutdowns:
            try:
                await asyncio.wait_for(finished(hook), HOOK_GRACE)
            except Exception:
                _log.exception("on_shutdown failed")
        await server.stop(0.25)  # the last answers may be on their way

    def _goplugin(self) -> list[Any]:
        """go-plugin's own services, as bytes: their messages are too small for generated code."""

        async def check(request: bytes, context: Any) -> bytes:
            return b"\x08\x01"  # HealthCheckResponse{status: SERVING}

        async def shutdown(request: bytes, context: Any) -> bytes:
            if not self.debugging:
                # The host closes the connection as soon as we answer. Its deadline is its patience.
                patience = context.time_remaining()
                await self.services.drain(CALL_GRACE if patience is None else patience)
                self.stop.set()
            return b""

        async def stdio(request: bytes, context: Any) -> Any:
            try:
                await self.stop.wait()  # nothing to say: what is printed goes to standard error
            finally:
                if not self.debugging:
                    self.stop.set()  # the host holds this stream for life: its end is the host's
            if False:
                yield b""

        async def broker(requests: Any, context: Any) -> Any:
            await self.stop.wait()  # the host opens it, and never uses it
            if False:
                yield b""

        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        streams = grpc.stream_stream_rpc_method_handler
        return [
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": unary(check)}),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": unary(shutdown)}),
            grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": stream(_quiet(stdio))}),
            grpc.method_handlers_generic_handler("plugin.GRPCBroker", {"StartStream": streams(broker)}),
        ]


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """A stream that nobody reads any more ends without a word; grpcio would log it as a fault."""

    async def stream(request: Any, context: Any) -> Any:
        try:
            async for message in function(request, context):
                yield message
        except asyncio.CancelledError:
            return

    return stream


def _protocol(s: Services) -> list[Any]:
    """The services of the plugin protocol. They are few, so no stubs are generated."""

    def unary(function: Callable[..., Any], request: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(function, request.FromString, lambda m: m.SerializeToString())

    def stream(function: Callable[..., Any], request: Any) -> Any:
        return grpc.unary_stream_rpc_method_handler(_quiet(function), request.FromString, lambda m: m.SerializeToString())

    methods: dict[str, dict[str, Any]] = {
        "PluginService": {
            "Describe": unary(s.describe, plugin_pb2.DescribeRequest),
            "Configure": unary(s.configure, plugin_pb2.ConfigureRequest),
            "Watch": stream(s.watch, plugin_pb2.WatchRequest),
            "EndConnection": unary(s.end_connection, plugin_pb2.EndConnectionRequest),
        },
        "ToolService": {
            "ListTools": unary(s.list_tools, tool_pb2.ListToolsRequest),
            "CallTool": stream(s.call_tool, tool_pb2.CallToolRequest),
        },
        "ResourceService": {
            "ListResources": unary(s.list_resources, resource_pb2.ListResourcesRequest),
            "ListResourceTemplates": unary(s.list_templates, resource_pb2.ListResourceTemplatesRequest),
            "ReadResource": stream(s.read_resource, resource_pb2.ReadResourceRequest),
            "SetSubscriptions": unary(s.set_subscriptions, resource_pb2.SetSubscriptionsRequest),
        },
        "PromptService": {
            "ListPrompts": unary(s.list_prompts, prompt_pb2.ListPromptsRequest),
            "GetPrompt": stream(s.get_prompt, prompt_pb2.GetPromptRequest),
        },
        "CompletionService": {"Complete": unary(s.complete, completion_pb2.CompleteRequest)},
    }
    return [grpc.method_handlers_generic_handler("mcphost.plugin.v1." + name, of) for name, of in methods.items()]
