# SPDX-License-Identifier: Apache-2.0

"""Asks the person at the client, its model, or for its folders, in a straight line.

This is what really happens. The first time, elicit raises Asked and the call is
over: nothing waits, and plugin and host may be replaced meanwhile. When the
answer is there, the host calls the function again from its beginning with the
same arguments, and elicit returns the answer. So what comes before a question
runs again: put effects after the last question, or into memo. A call must come
to the same questions under the same keys each time.
"""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from . import schema
from .call import Call, current
from .content import Content, Role, Text, read_content
from .errors import DeclarationError, ToolError
from .exchange import ELICIT, ROOTS, SAMPLE, Answer, InputRequest, Question

T = TypeVar("T")

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.")


class Action(enum.Enum):
    """What a person did with what they were asked."""

    ACCEPT = "accept"
    """Filled in the form; agreed to visit the URL."""
    DECLINE = "decline"
    """Said no."""
    CANCEL = "cancel"
    """Closed it without a choice."""


@dataclass(frozen=True)
class Filled(Generic[T]):
    """What a person did with a form."""

    action: Action
    _value: T | None = None

    @property
    def accepted(self) -> bool:
        """Whether the person filled in the form."""
        return self.action is Action.ACCEPT

    @property
    def value(self) -> T:
        """The form; ToolError if it was not filled in."""
        if self._value is None:
            raise ToolError(f"the person did not fill in the form, but chose to {self.action.value}")
        return self._value


@dataclass(frozen=True)
class SampleMessage:
    """A message for the client's model."""

    content: Content | Sequence[Content] | str
    role: Role = Role.USER

    def _json(self) -> dict[str, Any]:
        blocks = [Text(self.content)] if isinstance(self.content, str) else self.content
        content = [one._json() for one in blocks] if isinstance(blocks, Sequence) else blocks._json()
        return {"role": self.role.value, "content": content}


@dataclass(frozen=True)
class Sampled:
    """What the client's model said."""

    content: Sequence[Content]
    role: Role = Role.ASSISTANT
    model: str = ""
    stop_reason: str = ""

    @property
    def text(self) -> str:
        """The text of the answer, its blocks joined by newlines."""
        return "\n".join(block.text for block in self.content if isinstance(block, Text))


@dataclass(frozen=True)
class Root:
    """A folder that the client works in."""

    uri: str
    name: str = ""


def form_question(form: type[T], key: str, message: str) -> Question:
    """A form for ask(): see elicit()."""
    params = {"mode": "form", "message": message, "requestedSchema": form_schema(form)}
    return Question(InputRequest(key, ELICIT, params), lambda result: _filled(form, result))


def url_question(key: str, message: str, url: str) -> Question:
    """A URL for ask(): see elicit_url()."""
    if not _SCHEME.match(url):
        raise ToolError(f"question {key!r}: {url!r} is no URL: it has no scheme, such as https")
    params = {"mode": "url", "message": message, "url": url}
    return Question(InputRequest(key, ELICIT, params), _action)


def sample_question(key: str, messages: Sequence[SampleMessage | str], max_tokens: int = 1024, **params: Any) -> Question:
    """A request to the model for ask(): see sample()."""
    said = [SampleMessage(one) if isinstance(one, str) else one for one in messages]
    asked = {"messages": [one._json() for one in said], "maxTokens": max_tokens, **params}
    return Question(InputRequest(key, SAMPLE, asked), _sampled)


def roots_question(key: str) -> Question:
    """The folders for ask(): see roots()."""
    return Question(InputRequest(key, ROOTS), _roots)


def ask(*questions: Question) -> tuple[Any, ...]:
    """Puts several questions to the client in one round and returns their answers."""
    return tuple(_call().exchange.ask(questions))


def elicit(form: type[T], key: str, message: str) -> Filled[T]:
    """Asks a person to fill in a form.

    form is a flat dataclass or TypedDict: its members are strings, numbers,
    booleans, Literals and enums of strings, or lists of those to choose several
    from. An accepted answer conforms to it; one that does not is asked once more.
    Never ask for secrets in a form: use elicit_url.
    """
    filled: Filled[T] = ask(form_question(form, key, message))[0]
    return filled


def elicit_url(key: str, message: str, url: str) -> Action:
    """Asks a person to visit a URL, for what must not pass through the client.

    ACCEPT means that they agreed, not that they are done there.
    """
    action: Action = ask(url_question(key, message, url))[0]
    return action


def sample(key: str, messages: Sequence[SampleMessage | str], max_tokens: int = 1024, **params: Any) -> Sampled:
    """Asks the client's model. params are MCP's others, such as systemPrompt."""
    sampled: Sampled = ask(sample_question(key, messages, max_tokens, **params))[0]
    return sampled


def roots(key: str) -> list[Root]:
    """The folders that the client works in."""
    found: list[Root] = ask(roots_question(key))[0]
    return found


def memo(key: str, make: Callable[[], T]) -> T:
    """Computes a value once and carries it through the rounds of a call.

    The value passes through JSON: use strings, numbers, booleans, lists and
    dictionaries. It travels with the next question.
    """
    call = current.get()
    if call is None:
        return make()
    kept, value = call.exchange.recall(key)
    if kept:
        return value  # type: ignore[no-any-return]
    mark = call.exchange.mark()
    made = make()
    if inspect.isawaitable(made):
        raise DeclarationError("memo: the function is async; use memo_async")
    call.exchange.remember(key, schema.to_json(made), mark)
    return made


async def memo_async(key: str, make: Callable[[], Awaitable[T]]) -> T:
    """memo() for an async function."""
    call = current.get()
    if call is None:
        return await make()
    kept, value = call.exchange.recall(key)
    if kept:
        return value  # type: ignore[no-any-return]
    mark = call.exchange.mark()
    made = await make()
    call.exchange.remember(key, schema.to_json(made), mark)
    return made


def answers() -> Mapping[str, Answer]:
    """All that the client has answered in this call so far, unchecked."""
    call = current.get()
    return call.exchange.by_hand() if call else {}


def state() -> bytes:
    """The state of the InputRequired that ended the round before."""
    call = current.get()
    return call.exchange.own if call else b""


def _call() -> Call:
    call = current.get()
    if call is None:
        raise ToolError("questions can be asked during a call only")
    return call


def form_schema(form: Any) -> dict[str, Any]:
    """The schema of a form, of the kinds that MCP allows. DeclarationError: it is none."""
    fields = schema.members(form)
    if fields is None:
        raise DeclarationError(f"{form}: a form is a dataclass or a TypedDict")
    whole = schema.object_schema(fields)
    del whole["additionalProperties"]
    for name, member in whole["properties"].items():
        whole["properties"][name] = _form_member(name, member)
    return whole


def _form_member(name: str, member: dict[str, Any]) -> dict[str, Any]:
    if isinstance(member.get("type"), list):
        member = {**member, "type": next(kind for kind in member["type"] if kind != "null")}
    if "enum" in member:
        return {"type": "string", **member}
    if member.get("type") in ("string", "integer", "number", "boolean"):
        return member
    items = member.get("items", {})
    if member.get("type") == "array" and "enum" in items:
        return {**member, "items": {"type": "string", **items}}
    raise DeclarationError(f"{name}: a form holds strings, numbers, booleans and choices only")


def _action(result: Any) -> Action:
    return Action(result.get("action") if isinstance(result, dict) else None)


def _filled(form: Any, result: Any) -> Filled[Any]:
    action = _action(result)
    if action is not Action.ACCEPT:
        return Filled(action)
    return Filled(action, schema.read(form, result.get("content", {})))


def _sampled(result: Any) -> Sampled:
    if not isinstance(result, dict):
        raise ValueError("is not an object")
    content = result.get("content")
    blocks = content if isinstance(content, list) else [content]
    role = Role(result.get("role", "assistant"))
    said = [read_content(one) for one in blocks]
    return Sampled(said, role, str(result.get("model", "")), str(result.get("stopReason", "")))


def _roots(result: Any) -> list[Root]:
    found = result.get("roots") if isinstance(result, dict) else None
    if not isinstance(found, list):
        raise ValueError("holds no roots")
    return [schema.read(Root, {k: v for k, v in one.items() if k in ("uri", "name")}, "root") for one in found]
