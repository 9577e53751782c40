# SPDX-License-Identifier: Apache-2.0

"""What functions say of themselves: names, parameters, types and docstrings
become definitions."""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from . import schema
from ._proto import prompt_pb2, tool_pb2
from .errors import DeclarationError
from .results import output_schema
from .schema import REQUIRED, Member
from .wire import dump

Handler = Callable[..., Any]


@contextlib.contextmanager
def declaring(what: str) -> typing.Iterator[None]:
    """Says which declaration a mistake is in."""
    try:
        yield
    except (TypeError, NameError) as err:
        raise DeclarationError(f"{what}: {err}") from err


def parameters(function: Handler) -> list[Member]:
    """The parameters of a function, as members of an object."""
    hints = typing.get_type_hints(function, include_extras=True)
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DeclarationError(f"the parameter {parameter.name} cannot be given by name")
        if parameter.name not in hints:
            raise DeclarationError(f"the parameter {parameter.name} has no type")
        default = REQUIRED if parameter.default is parameter.empty else parameter.default
        found.append(Member(parameter.name, hints[parameter.name], default))
    return found


def hints(**hints: bool | None) -> tool_pb2.ToolAnnotations:
    wire = tool_pb2.ToolAnnotations()
    for name, hint in hints.items():
        if hint is not None:
            setattr(wire, name, hint)
    return wire


def takes_all(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


def doc(function: Handler) -> str:
    return inspect.getdoc(function) or ""


def output(function: Handler, by_hand: Mapping[str, Any] | None) -> bytes:
    if by_hand is not None:
        return dump(by_hand)
    hint = typing.get_type_hints(function, include_extras=True).get("return", typing.Any)
    found = output_schema(hint)
    return b"" if found is None else dump(found)


def prompt_argument(member: Member) -> prompt_pb2.PromptArgument:
    said = schema.schema_of(member.hint)
    kinds = said.get("type")
    if kinds != "string" and kinds != ["string", "null"] and "enum" not in said:
        raise DeclarationError(f"the argument {member.name} of a prompt is no string")
    return prompt_pb2.PromptArgument(
        name=member.name,
        title=said.get("title", ""),
        description=said.get("description", ""),
        required=member.default is REQUIRED,
    )
