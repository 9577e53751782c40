# SPDX-License-Identifier: Apache-2.0

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from mcphost_plugin import (
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
    progress,
    roots_question,
    state,
    testing,
)


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
