# SPDX-License-Identifier: Apache-2.0

"""A plugin of mcphost in Python, with nothing but grpcio and generated code.

It serves the plugin protocol on a unix socket and go-plugin's small services
beside it, then prints the one line that tells the host where. Numbers in
comments are the steps that any plugin without a library goes through.
"""

import os
import sys

# 1. The cookie tells a host from a person.
if os.environ.get("MCPHOST_PLUGIN") != "mcphost-plugin-v1":
    sys.exit("hello-python is a plugin for mcphost, an MCP server: put this folder "
             "into mcphost's plugin directory and start mcphost.")

# 2. Standard output belongs to the handshake line alone. From here on whatever
# prints, of the libraries too, prints to standard error: the operator's log.
handshake = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import asyncio
import json
import signal
import stat
import tempfile
import threading

import grpc

from mcphost.plugin.v1 import content_pb2, context_pb2, plugin_pb2, plugin_pb2_grpc, tool_pb2, tool_pb2_grpc

MAX_MESSAGE_SIZE = 64 << 20  # bytes, the protocol's limit; gRPC's own is 4 MiB
CALL_GRACE = 2  # seconds for the calls in flight, where the host does not say


class Plugin(plugin_pb2_grpc.PluginServiceServicer):
    """Says who we are. What is left out, Configure and Watch, means: no settings, a static list."""

    async def Describe(self, request, context):
        return plugin_pb2.DescribeResponse(name="hello-python", version="1.0.0")


class Tools(tool_pb2_grpc.ToolServiceServicer):
    """Lists and calls the tools of the table below."""

    def __init__(self):
        self.calls = set()  # the tasks of those in flight

    async def ListTools(self, request, context):
        return tool_pb2.ListToolsResponse(tools=[
            tool_pb2.Tool(name=name, description=tool.__doc__, input_schema_json=json.dumps(schema).encode(),
                          annotations=tool_pb2.ToolAnnotations(read_only=True))
            for name, (tool, schema) in TOOLS.items()])

    async def CallTool(self, request, context):
        if request.name not in TOOLS:
            yield tool_pb2.CallToolResponse(error=context_pb2.ProtocolError(
                code=context_pb2.PROTOCOL_ERROR_CODE_NOT_FOUND, message=f"there is no tool {request.name!r}"))
            return
        tool, schema = TOOLS[request.name]
        self.calls.add(asyncio.current_task())
        try:
            # A cancelled call is cancelled here: asyncio raises out of the tool's next await.
            async for event in tool(**checked(json.loads(request.arguments_json), schema)):
                yield event
        except ValueError as err:
            yield result(str(err), is_error=True)
        finally:
            self.calls.discard(asyncio.current_task())

    async def drain(self, grace):
        """Waits for the calls in flight, for grace seconds at most."""
        if self.calls:
            await asyncio.wait(self.calls, timeout=grace)


async def greet(who):
    """Say hello to someone."""
    yield result(f"Hello, {who}!")


async def count(n, delay_ms=0):
    """Count to n, slowly."""
    for i in range(1, n + 1):
        await asyncio.sleep(delay_ms / 1000)
        yield tool_pb2.CallToolResponse(progress=context_pb2.Progress(progress=i, total=n, message=f"counted {i}"))
    yield result(f"Counted to {n}.")


TOOLS = {
    "greet": (greet, {
        "type": "object",
        "properties": {"who": {"type": "string", "description": "whom to greet"}},
        "required": ["who"],
        "additionalProperties": False,
    }),
    "count": (count, {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "description": "where to stop"},
            "delay_ms": {"type": "integer", "description": "milliseconds before each number"},
        },
        "required": ["n"],
        "additionalProperties": False,
    }),
}


def checked(args, schema):
    """Returns args if they conform to schema, of which it knows what the table uses."""
    kinds = {"string": str, "integer": int}
    for name in schema["required"]:
        if name not in args:
            raise ValueError(f"invalid arguments: {name} is missing")
    for name, value in args.items():
        if name not in schema["properties"]:
            raise ValueError(f"invalid arguments: {name} is not known")
        want = schema["properties"][name]["type"]
        if isinstance(value, bool) or not isinstance(value, kinds[want]):
            raise ValueError(f"invalid arguments: {name} is not of type {want}")
    return args


def result(text, is_error=False):
    block = content_pb2.ContentBlock(text=content_pb2.TextContent(text=text))
    return tool_pb2.CallToolResponse(result=tool_pb2.CallToolResult(content=[block], is_error=is_error))


def goplugin_services(tools, stop):
    """go-plugin's own services, as bytes: no generated code is needed for messages this small."""

    async def check(request, context):
        return b"\x08\x01"  # HealthCheckResponse{status: SERVING}

    async def shutdown(request, context):
        # The host closes the connection as soon as we answer. Its deadline is its patience.
        patience = context.time_remaining()
        await tools.drain(CALL_GRACE if patience is None else patience)
        stop.set()
        return b""

    async def stdio(request, context):
        try:
            await stop.wait()  # nothing to say; what we print goes to standard error
        finally:
            stop.set()  # 10. the host holds this stream for life: its end is the host's

    async def broker(requests, context):
        await stop.wait()  # mcphost opens it, and never uses it

    def service(name, **methods):
        return grpc.method_handlers_generic_handler(name, methods)

    return (
        service("grpc.health.v1.Health", Check=grpc.unary_unary_rpc_method_handler(check)),
        service("plugin.GRPCController", Shutdown=grpc.unary_unary_rpc_method_handler(shutdown)),
        service("plugin.GRPCStdio", StreamStdio=grpc.unary_stream_rpc_method_handler(stdio)),
        service("plugin.GRPCBroker", StartStream=grpc.stream_stream_rpc_method_handler(broker)),
    )


def watch_stdin(stop):
    """10. Sets stop when the pipe ends that the host holds and never writes to: the host is gone."""
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return  # a terminal, a file or the null device says nothing of the host
    loop = asyncio.get_running_loop()

    def wait():
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()


async def main():
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # 3. a terminal's Ctrl-C is meant for the host
    loop.add_signal_handler(signal.SIGTERM, stop.set)

    # 5. Raise the limits; 6. and 8. aio holds the streams of go-plugin without a thread each.
    server = grpc.aio.server(options=[
        ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
        ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
    ])
    tools = Tools()
    plugin_pb2_grpc.add_PluginServiceServicer_to_server(Plugin(), server)
    tool_pb2_grpc.add_ToolServiceServicer_to_server(tools, server)
    server.add_generic_rpc_handlers(goplugin_services(tools, stop))

    # 4. A socket of our own, in the directory that the host names.
    folder = tempfile.mkdtemp(prefix="plugin", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR"))
    path = os.path.join(folder, "s")
    server.add_insecure_port("unix:" + path)
    os.chmod(path, 0o600)
    watch_stdin(stop)

    # 7. Serve first, then say so: the line is last, and flushed.
    await server.start()
    print(f"1|1|unix|{path}|grpc|", file=handshake, flush=True)

    await stop.wait()
    await tools.drain(CALL_GRACE)
    await server.stop(0.25)  # the last answers may be on their way
    os.rmdir(folder)  # gRPC has removed the socket


asyncio.run(main())
