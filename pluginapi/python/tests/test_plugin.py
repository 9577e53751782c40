# SPDX-License-Identifier: Apache-2.0

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from mcphost_plugin import (
    Ability,
    Action,
    Answer,
    Capabilities,
    Completion,
    DeclarationError,
    ErrorCode,
    InputRequest,
    InputRequired,
    LogLevel,
    Plugin,
    ProtocolError,
    Result,
    Text,
    ToolError,
    answers,
    ask,
    caller,
    elicit,
    elicit_url,
    form_question,
    log,
    memo,
    memo_async,
    not_found,
    prefix_completion,
    progress,
    roots_question,
    state,
    testing,
    url_question,
)
from mcphost_plugin._proto import completion_pb2, plugin_pb2, tool_pb2
from mcphost_plugin.catalogue import ABILITIES


def run(test: Callable[[testing.Client], Coroutine[Any, Any, None]], plugin: Plugin) -> None:
    """Runs a test against a plugin that is served."""

    async def main() -> None:
        async with testing.serve(plugin) as client:
            await test(client)

    asyncio.run(main())


@dataclass
class Person:
    name: str


def test_functions_are_tools_whether_async_or_not() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def soon(n: int) -> int:
        progress(1, 2, "half")
        log(LogLevel.INFO, "working", step=1)
        return n + 1

    @plugin.tool
    def later(n: int) -> str:
        time.sleep(0.01)
        progress(1)
        return str(n + 1)

    async def check(client: testing.Client) -> None:
        first = await client.call_tool("soon", {"n": 1})
        assert (first.text, first.structured) == ("2", None)
        assert first.report.progress == [(1, 2, "half")]
        assert first.report.logs == [(LogLevel.INFO, {"message": "working", "step": 1})]
        assert (await client.call_tool("later", {"n": 1})).text == "2"

    run(check, plugin)


def test_results_say_what_they_are() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def person() -> Person:
        return Person("Ada")

    @plugin.tool
    async def nothing() -> None:
        pass

    @plugin.tool
    async def blocks() -> list[Text]:
        return [Text("a"), Text("b")]

    @plugin.tool
    async def whole() -> Result:
        return Result(content=[Text("no")], is_error=True, meta={"k": 1})

    async def raw() -> bytes:
        return b"x"

    with pytest.raises(DeclarationError):
        plugin.tool(raw)
    plugin.tool(raw, output_schema={"type": "object"})

    async def check(client: testing.Client) -> None:
        got = await client.call_tool("person")
        assert (got.structured, got.text) == ({"name": "Ada"}, '{"name":"Ada"}')
        assert len((await client.call_tool("nothing")).wire.content) == 0
        assert (await client.call_tool("blocks")).text == "a\nb"
        failed = await client.call_tool("whole")
        assert failed.is_error and failed.wire.meta_json == b'{"k":1}'
        assert (await client.call_tool("raw")).text == "internal error"

    with pytest.raises(DeclarationError):
        plugin.tool(lambda x: x, name="untyped")
    run(check, plugin)


def test_mistakes_are_told_apart() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def fail(how: str) -> str:
        if how == "value":
            raise ValueError("say please")
        if how == "protocol":
            raise not_found("gone")
        raise KeyError("secret")

    async def check(client: testing.Client) -> None:
        assert (await client.call_tool("fail", {"how": "value"})).text == "say please"
        assert (await client.call_tool("fail", {"how": "bug"})).text == "internal error"
        assert "how: is missing" in (await client.call_tool("fail")).text
        for name, args in (("fail", {"how": "protocol"}), ("absent", {})):
            with pytest.raises(ProtocolError) as err:
                await client.call_tool(name, args)
            assert err.value.code is ErrorCode.NOT_FOUND

    run(check, plugin)


def test_questions_are_asked_in_a_straight_line() -> None:
    plugin, runs = Plugin("p", "1"), list[int]()

    async def seven() -> int:
        return 7

    def count() -> int:
        runs.append(1)
        return len(runs)

    @plugin.tool
    async def order() -> str:
        number = memo("number", count)
        late = await memo_async("late", seven)
        person = elicit(Person, "who", "Who?")
        action = elicit_url("pay", "Pay", "https://example.com")
        return f"{number} {late} {person.value.name} {action.value}"

    replies = {"who": {"action": "accept", "content": {"name": "Ada"}}, "pay": {"action": "accept"}}

    async def check(client: testing.Client) -> None:
        got = await client.call_tool("order", answer=lambda key, method, params: replies[key])
        assert got.text == "1 7 Ada accept"
        assert got.report.questions == ["who", "pay"]
        assert runs == [1]

    run(check, plugin)


def test_several_questions_share_a_round() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    def both() -> str:
        person, folders = ask(form_question(Person, "who", "Who?"), roots_question("where"))
        return f"{person.action is Action.DECLINE} {len(folders)}"

    replies: dict[str, Any] = {"who": {"action": "decline"}, "where": {"roots": [{"uri": "file:///a"}]}}

    async def check(client: testing.Client) -> None:
        got = await client.call_tool("both", answer=lambda key, method, params: replies[key])
        assert (got.text, got.report.questions) == ("True 1", ["who", "where"])
        with pytest.raises(ProtocolError) as err:
            await client.call_tool("both", capabilities=Capabilities(roots=True))
        assert err.value.code is ErrorCode.MISSING_CAPABILITY

    run(check, plugin)


def test_changed_keys_are_a_mistake_that_is_told() -> None:
    plugin, keys = Plugin("p", "1"), iter(["one", "two"])

    @plugin.tool
    async def fickle() -> str:
        return elicit(Person, next(keys), "Who?").value.name

    async def check(client: testing.Client) -> None:
        got = await client.call_tool("fickle", answer=lambda *_: {"action": "accept", "content": {"name": "x"}})
        assert got.is_error and "'two' where it asked 'one'" in got.text

    run(check, plugin)


def test_rounds_can_be_taken_by_hand() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def manual() -> str | InputRequired:
        given = answers()
        if "roots" not in given:
            return InputRequired([InputRequest("roots", "roots/list")], state=b"\x00kept")
        assert isinstance(given["roots"], Answer)
        return f"{given['roots'].result} {state()!r}"

    async def check(client: testing.Client) -> None:
        got = await client.call_tool("manual", answer=lambda *_: {"roots": []})
        assert got.text == "{'roots': []} b'\\x00kept'"

    run(check, plugin)


def test_resources_prompts_and_completion() -> None:
    plugin = Plugin("p", "1")

    @plugin.resource("a://b")
    def fixed(uri: str) -> str:
        return uri

    @plugin.resource_template("a://n/{x}")
    async def family(x: str) -> bytes:
        return x.encode()

    @plugin.prompt
    def hello(who: str, how: Annotated[str, "style"] = "kindly") -> str:
        return f"{who} {how}"

    @plugin.complete_prompt("hello", "how")
    def suggest(typed: str, given: dict[str, str]) -> Completion:
        return Completion([typed + given.get("who", "")], total=5, has_more=True)

    async def check(client: testing.Client) -> None:
        assert await client.read_resource("a://b") == ["a://b"]
        assert await client.read_resource("a://n/%41") == [b"A"]
        assert await client.get_prompt("hello", {"who": "Ada"}) == ["Ada kindly"]
        assert await client.complete("x", "how", prompt="hello") == ["x"]
        assert await client.complete("x", "x", template="a://n/{x}") == []
        for bad in ({}, {"who": "a", "age": "3"}):
            with pytest.raises(ProtocolError):
                await client.get_prompt("hello", bad)

    run(check, plugin)


def test_settings_are_checked() -> None:
    plugin = Plugin("p", "1")
    got: list[Person] = []

    @plugin.on_configure
    def configure(settings: Person) -> None:
        if settings.name == "":
            raise ValueError("a name, please")
        got.append(settings)

    async def check(client: testing.Client) -> None:
        await client.configure({"name": "Ada"})
        assert got == [Person("Ada")]
        for settings, says in (({"name": ""}, "please"), ({}, "missing"), ({"name": "a", "x": 1}, "not known")):
            with pytest.raises(ValueError, match=says):
                await client.configure(settings)

    run(check, plugin)


def test_cancelled_call_stops() -> None:
    plugin = Plugin("p", "1")
    stopped = asyncio.Event()

    @plugin.tool
    async def hang() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.set()

    async def check(client: testing.Client) -> None:
        call = asyncio.ensure_future(client.call_tool("hang"))
        await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.wait_for(stopped.wait(), 10)

    run(check, plugin)


def test_outside_a_call_nothing_happens() -> None:
    progress(1, 2)
    log(LogLevel.INFO, "nobody hears")
    assert caller().request_id == "" and memo("k", lambda: 3) == 3


class OddError(BaseException):
    pass


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (lambda: next(iter(())), "StopIteration"),
        (lambda: exec("raise SystemExit(2)"), "SystemExit: 2"),
        (lambda: exec("raise KeyboardInterrupt"), "KeyboardInterrupt"),
        (lambda: exec("raise GeneratorExit"), "GeneratorExit"),
        (lambda: exec("import asyncio; raise asyncio.CancelledError('mine')"), "CancelledError: mine"),
        (lambda: exec("raise OddError", {"OddError": OddError}), "OddError"),
    ],
)
def test_whatever_is_raised_ends_its_call_alone(how: Callable[[], str], says: str, caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    def later() -> str:
        return how()

    @plugin.tool
    async def soon() -> str:
        return how()

    @plugin.resource("a://b")
    async def read() -> str:
        return how()

    @plugin.prompt
    def fill(x: str) -> str:
        return how()

    @plugin.complete_prompt("fill", "x")
    def suggest(typed: str) -> list[str]:
        return [how()]

    async def check(client: testing.Client) -> None:
        for tool in ("later", "soon"):
            caplog.clear()
            got = await asyncio.wait_for(client.call_tool(tool), 10)
            assert got.is_error and got.text == "internal error"
            assert says in caplog.text and "Traceback" in caplog.text
        for call in (
            client.read_resource("a://b"), client.get_prompt("fill", {"x": ""}), client.complete("", "x", prompt="fill")
        ):  # fmt: skip
            with pytest.raises(ProtocolError, match="internal error"):
                await asyncio.wait_for(call, 10)

    run(check, plugin)


def test_a_task_that_a_tool_cancels_is_not_the_call_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def inner() -> None:
        task = asyncio.ensure_future(asyncio.sleep(3600))
        task.cancel()
        await task

    async def check(client: testing.Client) -> None:
        assert (await client.call_tool("inner")).text == "internal error"
        assert "in inner" in caplog.text

    run(check, plugin)


def test_numbers_beyond_all_bounds_are_refused_by_name() -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def half(n: float) -> float:
        return n / 2

    @plugin.tool(input_schema={"type": "object"})
    async def raw(args: dict[str, Any]) -> str:
        return str(args)

    async def check(client: testing.Client) -> None:
        services = client._channel.unary_stream("/mcphost.plugin.v1.ToolService/CallTool")
        for name in ("half", "raw"):
            request = tool_pb2.CallToolRequest(name=name, arguments_json=b'{"n":1e400}')
            async for message in services(request.SerializeToString()):
                result = tool_pb2.CallToolResponse.FromString(message).result
                assert result.is_error
                assert result.content[0].text.text == "invalid arguments: n: is too large a number"

    run(check, plugin)


def test_a_result_without_json_form_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin("p", "1")

    @plugin.tool
    async def endless() -> float:
        return float("inf")

    async def check(client: testing.Client) -> None:
        assert (await client.call_tool("endless")).is_error
        assert "tool endless" in caplog.text and "no JSON form" in caplog.text

    run(check, plugin)


@pytest.mark.parametrize("url", ["Go", "", "example.com/x", "https:", "//example.com"])
def test_a_url_without_a_scheme_is_refused_where_it_is_asked(url: str) -> None:
    with pytest.raises(ToolError, match="no scheme"):
        url_question("key", "Go", url)


def test_suggestions_beyond_the_limit_are_counted() -> None:
    plugin, values = Plugin("p", "1"), [f"n{i}" for i in range(150)]

    @plugin.prompt
    async def pick(x: str) -> str:
        return x

    plugin.complete_prompt("pick", "x")(prefix_completion(values))

    async def check(client: testing.Client) -> None:
        request = completion_pb2.CompleteRequest(prompt_name="pick", argument_name="x", argument_value="N")
        got = (await client._unary("CompletionService/Complete", request, completion_pb2.CompleteResponse)).completion
        assert (list(got.values), got.total, got.has_more) == (values[:100], 150, True)
        assert await client.complete("n14", "x", prompt="pick") == ["n14", *values[140:]]

    run(check, plugin)


def grow(plugin: Plugin, what: str) -> None:
    """Adds one of what."""

    async def more(uri: str) -> str:
        return uri

    add: dict[str, Callable[[], Any]] = {
        "tools": lambda: plugin.tool(more),
        "resources": lambda: plugin.resource("a://b")(more),
        "prompts": lambda: plugin.prompt(more),
        "completions": lambda: plugin.complete_prompt("more", "uri")(more),
        "subscriptions": lambda: plugin.resource("a://c", subscribable=True)(more),
    }
    add[what]()


KINDS: list[Ability] = ["tools", "resources", "prompts", "completions"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_later_is_announced_or_refused(kind: Ability) -> None:
    first = "prompts" if kind == "tools" else "tools"
    silent, loud = Plugin("p", "1"), Plugin("p", "1", abilities=[kind])
    grow(silent, first)
    grow(loud, first)

    async def refused(client: testing.Client) -> None:
        with pytest.raises(DeclarationError, match=rf'abilities=\["{kind}"\]'):
            grow(silent, kind)

    async def announced(client: testing.Client) -> None:
        details = await client._unary("PluginService/Describe", plugin_pb2.DescribeRequest(), plugin_pb2.DescribeResponse)
        assert ABILITIES[kind] in details.abilities
        grow(loud, kind)

    run(refused, silent)
    run(announced, loud)
    grow(silent, kind)  # nobody is served any more


def test_a_late_resource_can_be_read_though_nobody_can_subscribe(caplog: pytest.LogCaptureFixture) -> None:
    plugin = Plugin("p", "1", abilities=["resources"])

    async def check(client: testing.Client) -> None:
        grow(plugin, "subscriptions")
        assert await client.read_resource("a://c") == ["a://c"]
        assert "nobody can subscribe" in caplog.text

    run(check, plugin)
    with pytest.raises(DeclarationError, match="'tool' is no ability"):
        Plugin("p", "1", abilities=["tool"])  # type: ignore[list-item]
