# SPDX-License-Identifier: Apache-2.0

"""A plugin in a process of its own, as a host has it."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

import grpc.aio

from mcphost_plugin import testing

PROBE = """
import asyncio, os, subprocess, sys, threading
from mcphost_plugin import Plugin

plugin = Plugin("probe", "1")


@plugin.tool
def child(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@plugin.tool
async def leave() -> None:
    sys.exit(3)


@plugin.tool
async def leave_task() -> None:
    async def task() -> None:
        sys.exit(4)

    await asyncio.gather(task())


@plugin.tool
def hang() -> None:
    threading.Event().wait()


@plugin.tool
async def read() -> str:
    return repr(sys.stdin.read())


plugin.run()
"""

Test = Callable[[testing.Client, "subprocess.Popen[bytes]"], Coroutine[Any, Any, None]]


def with_process(test: Test) -> str:
    """Runs a test against a plugin process, and returns what that wrote to standard error."""
    pipe = subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="p") as folder:
        handshake = {
            "MCPHOST_PLUGIN": "mcphost-plugin-v1",
            "PLUGIN_PROTOCOL_VERSIONS": "1",
            "PLUGIN_UNIX_SOCKET_DIR": folder,
        }
        command = [sys.executable, "-c", PROBE]
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | handshake)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().decode().split("|")[3]
            assert address.startswith(folder)

            async def main() -> None:
                async with grpc.aio.insecure_channel("unix:" + address) as channel:
                    await asyncio.wait_for(test(testing.Client(channel), process), 20)

            asyncio.run(main())
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
            _, said = process.communicate(timeout=20)
            assert process.returncode == 0
            return said.decode()
        finally:
            process.kill()
            process.wait()


def test_children_and_the_plugin_itself_find_standard_input_empty() -> None:
    async def check(client: testing.Client, process: "subprocess.Popen[bytes]") -> None:
        assert (await client.call_tool("child", {"command": ["head", "-c", "5"]})).text == ""
        assert (await client.call_tool("read")).text == "''"

    with_process(check)


def test_children_are_not_told_of_the_handshake() -> None:
    async def check(client: testing.Client, process: "subprocess.Popen[bytes]") -> None:
        told = (await client.call_tool("child", {"command": ["env"]})).text
        names = {line.partition("=")[0] for line in told.splitlines()}
        assert "PATH" in names
        assert names.isdisjoint({"MCPHOST_PLUGIN", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR"})

    with_process(check)


def test_a_tool_that_exits_ends_its_call_and_not_the_plugin() -> None:
    async def check(client: testing.Client, process: "subprocess.Popen[bytes]") -> None:
        for tool in ("leave", "leave_task", "leave"):
            assert (await client.call_tool(tool)).text == "internal error"

    said = with_process(check)
    assert "SystemExit: 3" in said and "SystemExit: 4" in said and "Traceback" in said


def test_a_thread_that_goes_on_does_not_hold_the_process() -> None:
    async def check(client: testing.Client, process: "subprocess.Popen[bytes]") -> None:
        call = asyncio.ensure_future(client.call_tool("hang"))
        assert (await client.call_tool("read")).text == "''"  # the host has sent both
        call.cancel()

    with_process(check)


def test_the_plugin_ends_with_the_pipe_of_its_host() -> None:
    async def check(client: testing.Client, process: "subprocess.Popen[bytes]") -> None:
        assert process.poll() is None

    with_process(check)  # closes it, and waits
