# SPDX-License-Identifier: Apache-2.0

"""What a plugin's function can do during a call: progress, log, and who asks.

A call is found by its context, so these functions need no argument for it. They
may be used from the call's own tasks and threads; once the function has
returned they do nothing.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections import deque
from typing import Any, Final

from ._proto import context_pb2 as pb
from .caller import CallInfo, LogLevel
from .exchange import Exchange
from .schema import to_json
from .wire import dump, valid_text

MAX_PENDING: Final = 1024
"""How many events wait for a slow host; of more, the oldest are forgotten."""

Event = tuple[str, Any]
"""The name of an event in the responses of all calls, and its message."""


class Call:
    """One call, or one round of it. Its methods may be used by any thread."""

    def __init__(self, info: CallInfo, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self.info = info
        self.exchange = exchange
        self.cancelled = threading.Event()
        self._loop = loop
        self._lock = threading.Lock()
        self._events: deque[Event] = deque(maxlen=MAX_PENDING)
        self._open = True
        self._done = float("-inf")
        self.ready = asyncio.Event()

    def progress(self, done: float, total: float, message: str) -> None:
        """Adds progress, which must grow."""
        if not self.info.wants_progress:
            return
        with self._lock:
            if done <= self._done:
                return
            self._done = done
        event = pb.Progress(progress=done, message=valid_text(message))
        if total > 0:
            event.total = total
        self.add(("progress", event))

    def add(self, event: Event) -> None:
        """Adds an event, unless the call is over."""
        with self._lock:
            if not self._open:
                return
            self._events.append(event)
        self._loop.call_soon_threadsafe(self.ready.set)

    def take(self) -> list[Event]:
        """Takes the events that wait."""
        with self._lock:
            self.ready.clear()
            events = list(self._events)
            self._events.clear()
        return events

    def close(self) -> list[Event]:
        """Ends the call and takes the last events."""
        with self._lock:
            self._open = False
        return self.take()


current: contextvars.ContextVar[Call | None] = contextvars.ContextVar("mcphost_call", default=None)
"""The call that the code that runs belongs to."""


def caller() -> CallInfo:
    """Who is calling; an empty CallInfo outside a call."""
    call = current.get()
    return call.info if call else CallInfo()


def progress(done: float, total: float = 0, message: str = "") -> None:
    """Tells the client how far the call is: done so far of total, in any unit.

    done must grow from call to call. A total of zero is unknown.
    """
    if call := current.get():
        call.progress(done, total, message)


def log(level: LogLevel, message: str, **data: Any) -> None:
    """Sends a log message to the client, never secrets.

    What concerns the operator goes to Python's logging instead. It does nothing
    for levels that the client does not want.
    """
    call = current.get()
    if call is None or call.info.log_level is LogLevel.NONE or level < call.info.log_level:
        return
    said: Any = {"message": message, **to_json(data)} if data else message
    call.add(("log", pb.Log(level=level.value, data_json=dump(said))))


def release_stream(retry_after_seconds: float = 0) -> None:
    """Asks the host to end the client's response stream and let it resume later,
    so that a long call holds no connection. The host decides when if it is zero."""
    if call := current.get():
        call.add(("release_stream", pb.ReleaseStream(retry_after_ms=int(retry_after_seconds * 1000))))


def cancelled() -> bool:
    """Whether nobody waits for the result any more.

    For functions that are not async, whose thread cannot be stopped; in async
    ones the next await raises asyncio.CancelledError instead.
    """
    call = current.get()
    return call is not None and call.cancelled.is_set()


def logger() -> logging.LoggerAdapter[logging.Logger]:
    """The operator's log, which names the call in every line."""
    return logging.LoggerAdapter(logging.getLogger("plugin"), {"request_id": caller().request_id})
