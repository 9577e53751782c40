# SPDX-License-Identifier: Apache-2.0

"""The errors that a plugin's functions raise, and those that the kit does."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

from ._proto import context_pb2 as pb
from .caller import Capabilities
from .wire import dump, valid_text


class ToolError(Exception):
    """The work failed. The model reads the text, and may do better.

    A ValueError of a plugin's function is read by the model as well; any other
    exception is a bug, whose traceback goes to the operator's log alone.
    """


class DeclarationError(TypeError):
    """A tool, resource, prompt or form is declared wrongly."""


class ErrorCode(enum.IntEnum):
    """What is wrong with a call. The host gives each its JSON-RPC code."""

    INVALID_PARAMS = pb.PROTOCOL_ERROR_CODE_INVALID_PARAMS
    NOT_FOUND = pb.PROTOCOL_ERROR_CODE_NOT_FOUND
    MISSING_CAPABILITY = pb.PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY
    INTERNAL = pb.PROTOCOL_ERROR_CODE_INTERNAL


class ProtocolError(Exception):
    """A call that cannot be served as asked, for the client's developer to read."""

    def __init__(self, code: ErrorCode, message: str, *, data: Any = None, required: Capabilities | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        """Any JSON value; none if None."""
        self.required = required
        """With MISSING_CAPABILITY: what the client would have to declare."""

    def _wire(self) -> pb.ProtocolError:
        return pb.ProtocolError(
            code=self.code.value,
            message=valid_text(self.message),
            data_json=b"" if self.data is None else dump(self.data),
            required=self.required._wire() if self.required else None,
        )


def invalid_params(message: str) -> ProtocolError:
    """The parameters of a call make no sense."""
    return ProtocolError(ErrorCode.INVALID_PARAMS, message)


def not_found(message: str) -> ProtocolError:
    """What a call names does not exist."""
    return ProtocolError(ErrorCode.NOT_FOUND, message)


def missing_capability(required: Capabilities) -> ProtocolError:
    """The client cannot do what the call needs."""
    message = "the client lacks a capability that this call needs"
    return ProtocolError(ErrorCode.MISSING_CAPABILITY, message, required=required)


class QuestionError(ToolError):
    """There is no answer to a question. A person's refusal is none: see Action."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"no answer to the question {key!r}: {message}")
        self.key = key


def joined(errors: Sequence[Exception]) -> Exception:
    """The one error, or one that says all."""
    return errors[0] if len(errors) == 1 else ToolError("\n".join(map(str, errors)))
