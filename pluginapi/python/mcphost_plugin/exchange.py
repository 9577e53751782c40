# SPDX-License-Identifier: Apache-2.0

"""The questions and answers of one call, of which a process sees one round.

What came before is in the answers and the state, so that the plugin and the host
may be replaced between a question and its answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ._proto import context_pb2 as pb
from .caller import Capabilities
from .errors import ProtocolError, QuestionError, ToolError, invalid_params, joined, missing_capability
from .wire import dump

MAX_QUESTIONS: Final = 32
MAX_KEY: Final = 128
MAX_STATE: Final = 64 << 10
# How often a question is asked whose answer does not fit.
MAX_ASKED: Final = 2


class Asked(BaseException):
    """Ends a round: the question is on its way, and the host calls again.

    It is no Exception, so that "except Exception" lets it pass. Do not catch it.
    """


@dataclass(frozen=True)
class InputRequest:
    """A question as the protocol has it."""

    key: str
    method: str
    """ "elicitation/create", "sampling/createMessage" or "roots/list"."""
    params: dict[str, Any] = field(default_factory=dict)

    def _wire(self) -> pb.InputRequest:
        return pb.InputRequest(
            key=self.key,
            method=_METHODS[self.method],
            params_json=b"" if self.method == ROOTS else dump(self.params),
        )

    def _needs(self) -> Capabilities:
        if self.method == ELICIT:
            url = self.params.get("mode") == "url"
            return Capabilities(elicitation_url=url, elicitation_form=not url)
        if self.method == SAMPLE:
            return Capabilities(sampling=True, sampling_tools="tools" in self.params or "toolChoice" in self.params)
        return Capabilities(roots=True)

    def _check(self) -> None:
        if not self.key or len(self.key.encode()) > MAX_KEY:
            raise ToolError(f"question {self.key!r}: a key has 1 to {MAX_KEY} bytes")
        if self.method not in _METHODS:
            raise ToolError(f"question {self.key!r}: there is no method {self.method!r}")


ELICIT: Final = "elicitation/create"
SAMPLE: Final = "sampling/createMessage"
ROOTS: Final = "roots/list"
_METHODS: Final = {
    ELICIT: pb.INPUT_METHOD_ELICIT,
    SAMPLE: pb.INPUT_METHOD_SAMPLE,
    ROOTS: pb.INPUT_METHOD_LIST_ROOTS,
}


@dataclass(frozen=True)
class InputRequired:
    """What a function returns that takes the rounds into its own hands."""

    requests: Sequence[InputRequest]
    state: bytes = b""
    """What state() returns in the next round."""


@dataclass(frozen=True)
class Question:
    """A question, and what is made of its answer."""

    request: InputRequest
    take: Callable[[Any], Any]
    """Returns the answer; ValueError: it does not fit."""


@dataclass(frozen=True)
class Answer:
    """What a client has sent: a result, or why there is none."""

    result: Any = None
    failure: str = ""


class Exchange:
    """One round. Its methods may be used by any thread."""

    def __init__(self, able: Capabilities, resumption: pb.Resumption | None) -> None:
        self.able = able
        self.answers: dict[str, Answer] = {}
        self.own = b""
        self._asked: dict[str, int] = {}
        self._memo: dict[str, dict[str, Any]] = {}
        self._met: dict[str, str] = {}
        self._pending: list[InputRequest] = []
        self._manual = False
        self._lock = threading.Lock()
        if resumption is not None:
            self._resume(resumption)

    def _resume(self, resumption: pb.Resumption) -> None:
        for response in resumption.responses:
            if response.WhichOneof("outcome") == "failure":
                failure = response.failure.message or "the client gives no reason"
                self.answers[response.key] = Answer(failure=failure)
            else:
                self.answers[response.key] = Answer(json.loads(response.result_json or b"null"))
        if not resumption.state:
            return
        try:
            state = json.loads(resumption.state)
            self._asked = {str(key): int(times) for key, times in state.get("asked", {}).items()}
            memo = state.get("memo", {})
            self._memo = {str(key): {"value": m["value"], "keys": list(m["keys"])} for key, m in memo.items()}
            self.own = base64.b64decode(state.get("own", ""), validate=True)
        except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            raise invalid_params("the state of the call is not one of this plugin's: start the call again") from None

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The answers to all questions. Asked: there are not all of them yet."""
        with self._lock:
            for question in questions:
                self._meet(question.request)
            taken, unanswered, failures = [], [], list[Exception]()
            for question in questions:
                try:
                    if self._has_answer(question.request.key):
                        taken.append(self._take(question))
                    else:
                        unanswered.append(question.request)
                except _DoesNotFitError:
                    unanswered.append(question.request)
                except QuestionError as err:
                    failures.append(err)
            if failures:
                raise joined(failures)  # the others would be asked in vain
            if not unanswered:
                return taken
            self._allow(unanswered)
            known = {request.key for request in self._pending}
            self._pending += [request for request in unanswered if request.key not in known]
        raise Asked

    def _meet(self, request: InputRequest) -> None:
        request._check()
        asks = f"{request.method} {json.dumps(request.params, sort_keys=True)}"
        if self._met.setdefault(request.key, asks) not in (asks, ""):
            raise ToolError(f"two different questions have the key {request.key!r}: give each its own")

    def _has_answer(self, key: str) -> bool:
        # What was never asked has none, whatever the client sends.
        return key in self.answers and self._asked.get(key, 0) > 0

    def _take(self, question: Question) -> Any:
        key = question.request.key
        answer = self.answers[key]
        if answer.failure:
            raise QuestionError(key, answer.failure)
        try:
            return question.take(answer.result)
        except ValueError as err:
            if self._asked[key] >= MAX_ASKED:
                raise QuestionError(key, f"the answer does not fit: {err}") from None
            raise _DoesNotFitError from None

    def _allow(self, requests: Sequence[InputRequest]) -> None:
        # MCP: a server must not ask for more than the client declares.
        need = Capabilities()
        for request in requests:
            need = need | request._needs()
        if self.able | need != self.able:
            raise missing_capability(need)

    def by_hand(self) -> dict[str, Answer]:
        """All answers, for an author who looks at them without us."""
        with self._lock:
            self._manual = True
            return dict(self.answers)

    def recall(self, key: str) -> tuple[bool, Any]:
        """What a memo has kept, and whether it has."""
        with self._lock:
            if key not in self._memo:
                return False, None
            for asked in self._memo[key]["keys"]:
                self._met.setdefault(asked, "")
            return True, self._memo[key]["value"]

    def mark(self) -> int:
        """How many questions have been met; remember takes it."""
        with self._lock:
            return len(self._met)

    def remember(self, key: str, value: Any, mark: int) -> None:
        """Keeps a value, and the questions met since mark."""
        with self._lock:
            self._memo[key] = {"value": value, "keys": list(self._met)[mark:]}

    def end(self) -> pb.InputRequired:
        """What a round ends with that has asked."""
        with self._lock:
            new = [request.key for request in self._pending if request.key not in self._asked]
            forgotten = [key for key in self._asked if key not in self._met and key in self.answers]
            if new and forgotten and not self._manual:
                raise ToolError(
                    f"the plugin asks {new[0]!r} where it asked {forgotten[0]!r} before: a call has to ask the same "
                    "questions under the same keys whenever it is entered again"
                )
            return self._end(self._pending, self.own)

    def end_by_hand(self, required: InputRequired) -> pb.InputRequired:
        """What a round ends with that an author has put together."""
        for request in required.requests:
            request._check()
        with self._lock:
            self._allow(required.requests)
            return self._end([*self._pending, *required.requests], required.state)

    def _end(self, requests: Sequence[InputRequest], own: bytes) -> pb.InputRequired:
        if len(requests) > MAX_QUESTIONS:
            raise ToolError(f"{len(requests)} questions at once are more than {MAX_QUESTIONS}")
        for request in requests:
            self._asked[request.key] = self._asked.get(request.key, 0) + 1
        state = dump({"asked": self._asked, "memo": self._memo, "own": base64.b64encode(own).decode()})
        if len(state) > MAX_STATE:
            raise ToolError(f"what the call keeps for its next round has {len(state)} bytes, the limit is {MAX_STATE}")
        return pb.InputRequired(requests=[request._wire() for request in requests], state=state)


class _DoesNotFitError(Exception):
    """The answer is asked for once more."""


__all__ = ["Answer", "Asked", "Exchange", "InputRequest", "InputRequired", "ProtocolError", "Question"]
