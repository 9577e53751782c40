# SPDX-License-Identifier: Apache-2.0

"""Every ability of a plugin, once. The other tours are the same plugin in other languages."""

import asyncio
import base64
import itertools
import time
from dataclasses import dataclass
from typing import Annotated

from mcphost_plugin import (
    Field,
    Image,
    LogLevel,
    Plugin,
    caller,
    elicit,
    invalid_params,
    log,
    memo,
    not_found,
    prefix_completion,
    progress,
    roots,
    sample,
)

# The smallest PNG.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/eUe4QwAAAABJRU5ErkJggg=="
)

plugin = Plugin("tour-python", "1.0.0", title="Tour", description="Every ability of a plugin, once.")


@dataclass
class Settings:
    greeting: Annotated[str, "the word to greet with"] = "Hello"


settings = Settings()


@plugin.on_configure
def configure(given: Settings) -> None:
    settings.greeting = given.greeting


@plugin.tool(title="Greet", read_only=True)
async def greet(who: Annotated[str, "whom to greet"]) -> str:
    """Say hello to someone."""
    return f"{settings.greeting}, {who}!"


Count = Annotated[int, Field("where to stop", minimum=0)]
Delay = Annotated[int, Field("milliseconds before each number", minimum=0)]


@plugin.tool(read_only=True)
async def count(n: Count, delay_ms: Delay = 0) -> str:
    """Count to n, slowly."""
    for i in range(1, n + 1):
        await asyncio.sleep(delay_ms / 1000)
        progress(i, n, f"counted {i}")
    return f"Counted to {n}."


@dataclass
class Stats:
    count: int
    sum: float
    mean: float


@plugin.tool(read_only=True)
async def stats(numbers: Annotated[list[float], "at least one"]) -> Stats:
    """Count, add up and average numbers."""
    if not numbers:
        raise ValueError("numbers must not be empty")
    return Stats(len(numbers), sum(numbers), sum(numbers) / len(numbers))


@plugin.tool(read_only=True)
async def fill(bytes: Annotated[int, Field("how many", minimum=0)]) -> str:
    """Return that many letters x."""
    return "x" * bytes


@plugin.tool(read_only=True)
async def picture() -> Image:
    """Return an image."""
    return Image(PNG, "image/png")


@plugin.tool(read_only=True)
async def fail(how: Annotated[str, "error, crash or protocol"]) -> str:
    """Fail, in one of three ways."""
    if how == "crash":
        raise ZeroDivisionError("asked to crash")
    if how == "protocol":
        raise invalid_params("asked to fail")
    raise ValueError("asked to fail")


@plugin.tool(read_only=True)
async def say(level: Annotated[str, "as MCP names it, such as warning"], message: str) -> str:
    """Send the client a log message."""
    if level.upper() not in LogLevel.__members__:
        raise ValueError(f"there is no level {level!r}")
    log(LogLevel[level.upper()], message)
    return "Said."


@dataclass
class Caller:
    client: str
    principal: str
    wants_progress: bool
    elicitation: bool


@plugin.tool(read_only=True)
async def whoami() -> Caller:
    """Tell who is calling."""
    c = caller()
    return Caller(c.client.name, c.principal.subject, c.wants_progress, c.capabilities.elicitation_form)


@dataclass
class Person:
    name: str


@plugin.tool(read_only=True)
async def survey() -> str:
    """Ask three questions in a row."""
    # This runs from its beginning each time that an answer has come.
    memo("started", time.time)
    who = elicit(Person, "who", "Who are you?")
    if not who.accepted:
        return "nobody answered"
    name = who.value.name
    model = sample("model", [f"Greet {name}."], max_tokens=100)
    return f"name={name} model={model.text} roots={len(roots('roots'))}"


CLOCK = "tour://clock"
ticks = itertools.count(1)
now = 0


@plugin.tool
async def tick() -> str:
    """Move the clock by one."""
    global now
    now = next(ticks)
    plugin.resource_updated(CLOCK)
    return str(now)


async def grown() -> str:
    """Was not there before."""
    return "grown"


@plugin.tool
async def grow() -> str:
    """Add a tool to this plugin."""
    plugin.tool(grown)
    return "A tool grew."


@plugin.resource("tour://readme", mime_type="text/plain")
async def readme() -> str:
    return "Every ability of a plugin, once."


@plugin.resource("tour://logo", mime_type="image/png")
async def logo() -> bytes:
    return PNG


@plugin.resource(CLOCK, mime_type="text/plain", subscribable=True)
async def clock() -> str:
    return str(now)


@plugin.resource_template("tour://squares/{n}", mime_type="text/plain")
async def squares(n: str) -> str:
    try:
        return str(int(n) ** 2)
    except ValueError:
        raise not_found(f"{n!r} is no integer") from None


plugin.complete_template("tour://squares/{n}", "n")(prefix_completion(["1", "10", "100", "2", "20"]))


@plugin.prompt(title="Introduce")
async def introduce(
    who: Annotated[str, "whom to introduce"], style: Annotated[str, "formal, friendly or funny"] = "friendly"
) -> str:
    """Introduce somebody."""
    return f"Introduce {who} in a {style} way."


plugin.complete_prompt("introduce", "style")(prefix_completion(["formal", "friendly", "funny"]))

if __name__ == "__main__":
    plugin.run()
