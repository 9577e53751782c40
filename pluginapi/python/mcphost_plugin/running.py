# SPDX-License-Identifier: Apache-2.0

"""Runs an author's function, async or not, so that whatever it raises ends its
call alone. It knows nothing of tools, nor of how errors are told."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .call import current
from .exchange import Asked

T = TypeVar("T")


class EscapedError(Exception):
    """Stands for an exception that is no Exception, which is its cause.

    An event loop would end with some of them, and a call would never be answered.
    """


async def finished(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a function returns, be it async or not. One that is not gets a thread."""
    if inspect.iscoroutinefunction(function):
        return await contained(function(*args, **kwargs))

    # A Future cannot hold a StopIteration, so that errors come as values.
    def work() -> tuple[Any, BaseException | None]:
        try:
            return function(*args, **kwargs), None
        except BaseException as err:
            return None, err

    async def result() -> Any:
        out, err = await asyncio.to_thread(work)
        if err is not None:
            raise err
        return await out if inspect.isawaitable(out) else out

    return await contained(result())


async def contained(work: Awaitable[T]) -> T:
    """Waits for what runs an author's code, which may raise anything."""
    try:
        return await work
    except (Exception, Asked):
        raise
    except (asyncio.CancelledError, GeneratorExit) as err:
        if _is_over():
            raise
        raise EscapedError("the function awaited what was cancelled, and its call was not") from err
    except BaseException as err:  # SystemExit, KeyboardInterrupt, and authors' own
        raise EscapedError(f"{type(err).__name__} ends the call, not the plugin") from err


def _is_over() -> bool:
    """Whether the work itself is cancelled, not something that it waits for."""
    if call := current.get():
        return call.cancelled.is_set()
    # A task tells since Python 3.11; before, it is taken for cancelled.
    cancelling: Callable[[], int] | None = getattr(asyncio.current_task(), "cancelling", None)
    return cancelling is None or cancelling() > 0
