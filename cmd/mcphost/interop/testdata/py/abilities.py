# SPDX-License-Identifier: Apache-2.0

"""Tries every ability with the official Python client and prints what it saw: a
line of JSON each, that the Go test reads. The one argument is JSON too: how to
connect, and what to answer."""

import json
import sys
import warnings

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPDeprecationWarning

TASK = json.loads(sys.argv[1])
# How the client is told which era to speak.
MODE = {"legacy": "legacy", "auto": "auto", "modern": "2026-07-28"}[TASK["era"]]
MODERN = MODE != "legacy"  # "auto" has to choose it

# What the client is told on its own: a queue for each kind of notification.
told = {}


async def tell(kind, value):
    await told[kind][0].send(value)


async def hear(kind, count=1):
    return [await told[kind][1].receive() for _ in range(count)]


async def elicit(context, params):
    return types.ElicitResult(action="accept", content=TASK["user"])


async def sample(context, params):
    text = types.TextContent(type="text", text=TASK["model"])
    return types.CreateMessageResult(role="assistant", content=text, model="none")


async def roots(context):
    return types.ListRootsResult(roots=[types.Root(uri=TASK["root"], name="data")])


async def log(params):
    await tell("log", params.data)


async def heard(message):
    if isinstance(message, types.ResourceUpdatedNotification):
        await tell("update", str(message.params.uri))


async def progress(done, total, message):
    await tell("progress", f"{done:g}")


def text(result):
    if result.is_error:
        raise RuntimeError(f"tool error: {result.content}")
    return result.content[0].text


class Tour:
    def __init__(self, client):
        self.client = client

    async def call(self, name, args=None, **options):
        return text(await self.client.call_tool(name, args or {}, **options))

    async def speak(self):
        return [self.client.protocol_version]

    async def list_tools(self):
        return [tool.name for tool in (await self.client.list_tools()).tools]

    async def call_tool(self):
        return [await self.call("test_simple_text")]

    async def list_resources(self):
        return [str(resource.uri) for resource in (await self.client.list_resources()).resources]

    async def list_templates(self):
        return [t.uri_template for t in (await self.client.list_resource_templates()).resource_templates]

    async def read(self):
        return [(await self.client.read_resource("test://static-text")).contents[0].text]

    async def read_by_template(self):
        return [(await self.client.read_resource("test://template/7/data")).contents[0].text]

    async def subscribe(self):
        if MODERN:
            async with self.client.listen(resource_subscriptions=[TASK["counter"]]) as subscription:
                await self.call("asker__bump")
                async for event in subscription:
                    return [str(event.uri)]
        await self.client.subscribe_resource(TASK["counter"])
        await self.call("asker__bump")
        return await hear("update")

    async def list_prompts(self):
        return [prompt.name for prompt in (await self.client.list_prompts()).prompts]

    async def prompt(self):
        result = await self.client.get_prompt("test_prompt_with_arguments", {"arg1": "one", "arg2": "two"})
        return [result.messages[0].content.text]

    async def complete(self):
        ref = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        return (await self.client.complete(ref, {"name": "arg1", "value": "test"})).completion.values

    async def elicitation(self):
        return [await self.call("test_elicitation", {"message": "Who are you?"})]

    async def sampling(self):
        return [await self.call("test_sampling", {"prompt": "What is there?"})]

    async def roots(self):
        return [await self.call("test_input_required_result_list_roots")]

    async def progress(self):
        await self.call("test_tool_with_progress", progress_callback=progress)
        return await hear("progress", 3)

    async def log(self):
        if not MODERN:  # there, log_level asks for it with each request
            await self.client.set_logging_level("debug")
        await self.call("test_tool_with_logging")
        return await hear("log", 3)

    async def cancel(self):
        async def give_up(done, total, message):
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            await self.call("hello-go__count", TASK["hours"], progress_callback=give_up)
            return ["counted for hours"]
        return ["cancelled", await self.call("hello-go__greet", {"who": "Ada"})]


async def main():
    for kind in ("log", "update", "progress"):
        told[kind] = anyio.create_memory_object_stream(64)
    command = TASK["command"]
    server = TASK["url"] or StdioServerParameters(command=command[0], args=command[1:])
    client = Client(
        server,
        mode=MODE,
        log_level="debug" if MODERN else None,
        elicitation_callback=elicit,
        sampling_callback=sample,
        list_roots_callback=roots,
        logging_callback=log,
        message_handler=heard,
    )
    async with client:
        tour = Tour(client)
        abilities = {
            "speak": tour.speak,
            "list tools": tour.list_tools,
            "call": tour.call_tool,
            "list resources": tour.list_resources,
            "list templates": tour.list_templates,
            "read": tour.read,
            "read by template": tour.read_by_template,
            "subscribe": tour.subscribe,
            "list prompts": tour.list_prompts,
            "prompt": tour.prompt,
            "complete": tour.complete,
            "elicitation": tour.elicitation,
            "sampling": tour.sampling,
            "roots": tour.roots,
            "progress": tour.progress,
            "log": tour.log,
            "cancel": tour.cancel,
        }
        for name, ability in abilities.items():
            try:
                with anyio.fail_after(20):
                    sighting = {"ability": name, "saw": await ability()}
            except Exception as failure:  # is what the test is to know
                sighting = {"ability": name, "failed": repr(failure)}
            print(json.dumps(sighting), flush=True)


warnings.simplefilter("ignore", MCPDeprecationWarning)
anyio.run(main)
