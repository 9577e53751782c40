# SPDX-License-Identifier: Apache-2.0

"""Turns type hints into JSON Schema, JSON into values of those types, and back.

It knows the types that plugins declare: str, int, float, bool, None, Any, lists,
dictionaries with string keys, Optional and other unions, Literal, enums,
dataclasses, TypedDicts and, where pydantic is installed, its models. It knows
nothing of tools and forms.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import math
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from .errors import DeclarationError

Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """What a schema says of a value besides its type: Annotated[int, Field(minimum=1)]."""

    description: str = ""
    title: str = ""
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    """A regular expression that a string must match somewhere."""
    format: str = ""
    """Of a string: "email", "uri", "date", "date-time"; for people and forms, not checked here."""
    examples: tuple[Any, ...] = ()
    """Values that work, for the model and for "mcphost plugin test"."""

    def _schema(self, of: Schema) -> Schema:
        array = of.get("type") == "array"
        said = {
            "title": self.title or None,
            "description": self.description or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "minItems" if array else "minLength": self.min_length,
            "maxItems" if array else "maxLength": self.max_length,
            "pattern": self.pattern or None,
            "format": self.format or None,
            "examples": list(self.examples) or None,
        }
        return {**of, **{name: value for name, value in said.items() if value is not None}}

    def _check(self, value: Any, path: str) -> None:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if self.minimum is not None and value < self.minimum:
                raise ValueError(f"{path}: {value} is less than {self.minimum}")
            if self.maximum is not None and value > self.maximum:
                raise ValueError(f"{path}: {value} is more than {self.maximum}")
        if isinstance(value, (str, list)):
            if self.min_length is not None and len(value) < self.min_length:
                raise ValueError(f"{path}: is shorter than {self.min_length}")
            if self.max_length is not None and len(value) > self.max_length:
                raise ValueError(f"{path}: is longer than {self.max_length}")
        if isinstance(value, str) and self.pattern and not re.search(self.pattern, value):
            raise ValueError(f"{path}: does not match {self.pattern}")


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: typing.Final = _Required()
"""The default of a member that has none."""


@dataclass(frozen=True)
class Member:
    """One member of an object."""

    name: str
    hint: Any
    default: Any = REQUIRED
    """What a missing member is; REQUIRED: it must be there."""


def members(kind: Any) -> list[Member] | None:
    """The members of an object type that has a fixed set of them, or None."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind, include_extras=True)
        return [Member(f.name, hints[f.name], _default(f)) for f in dataclasses.fields(kind) if f.init]
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        return [Member(n, h, REQUIRED if n in kind.__required_keys__ else None) for n, h in hints.items()]
    return None


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return REQUIRED


def schema_of(hint: Any) -> Schema:
    """The JSON Schema of a type. DeclarationError: it has none."""
    hint, fields = _bare(hint)
    schema = _schema_of(hint)
    for field in fields:
        schema = field._schema(schema)
    return schema


def object_schema(fields: Sequence[Member]) -> Schema:
    """The schema of an object with just these members."""
    schema: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    for member in fields:
        one = schema_of(member.hint)
        if member.default is not None and member.default is not REQUIRED:
            one = {**one, "default": to_json(member.default)}
        schema["properties"][member.name] = one
    if required := [member.name for member in fields if member.default is REQUIRED]:
        schema["required"] = required
    return schema


_SIMPLE: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


def _schema_of(hint: Any) -> Schema:
    if isinstance(hint, collections.abc.Hashable) and hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _union_schema(args)
    if origin is typing.Literal:
        return {"enum": list(args)}
    if _is_list(origin or hint):
        return {"type": "array", "items": schema_of(args[0]) if args else {}}
    if _is_dict(origin or hint):
        if args and args[0] is not str:
            raise DeclarationError(f"{hint}: a JSON object has strings as keys")
        return {"type": "object", "additionalProperties": schema_of(args[1]) if args else True}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if _is_model(hint):
        schema: Schema = hint.model_json_schema()
        return schema
    if (fields := members(hint)) is not None:
        return object_schema(fields)
    raise DeclarationError(f"{hint} has no JSON form: use str, int, float, bool, lists, dictionaries, enums or dataclasses")


def _union_schema(args: Sequence[Any]) -> Schema:
    kinds = [schema_of(arg) for arg in args]
    if all(set(kind) == {"type"} for kind in kinds):
        return {"type": [kind["type"] for kind in kinds]}
    return {"anyOf": kinds}


def read(hint: Any, value: Any, path: str = "") -> Any:
    """The JSON value as one of the type. ValueError: it is none, and where."""
    hint, fields = _bare(hint)
    got = _read(hint, value, path)
    for field in fields:
        field._check(got, path or "the value")
    return got


def read_object(fields: Sequence[Member], value: Any, path: str = "") -> dict[str, Any]:
    """The members of a JSON object by name, with defaults. ValueError: one does not fit."""
    if not isinstance(value, dict):
        raise ValueError(f"{path or 'the value'}: is not an object")
    known = {member.name for member in fields}
    for name in value:
        if name not in known:
            raise ValueError(f"{_below(path, name)}: is not known; there are {', '.join(sorted(known)) or 'none'}")
    got = {}
    for member in fields:
        if member.name in value:
            got[member.name] = read(member.hint, value[member.name], _below(path, member.name))
        elif member.default is REQUIRED:
            raise ValueError(f"{_below(path, member.name)}: is missing")
        else:
            got[member.name] = member.default
    return got


def _read(hint: Any, value: Any, path: str) -> Any:
    if hint is Any:
        return _finite(value, path)
    if hint in (str, int, float, bool, type(None)):
        return _read_simple(hint, value, path)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _read_union(args, value, path)
    if origin is typing.Literal:
        return _one_of(args, value, path)
    if _is_list(origin or hint):
        if not isinstance(value, list):
            raise ValueError(f"{path}: is not an array")
        return [read(args[0], one, f"{path}[{i}]") for i, one in enumerate(value)] if args else _finite(value, path)
    if _is_dict(origin or hint):
        if not isinstance(value, dict):
            raise ValueError(f"{path}: is not an object")
        return {n: read(args[1], one, _below(path, n)) for n, one in value.items()} if args else _finite(value, path)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(_one_of([member.value for member in hint], value, path))
    if _is_model(hint):
        return _read_model(hint, _finite(value, path), path)
    return _read_members(hint, value, path)


def _read_simple(hint: Any, value: Any, path: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return _float(value, path)
    if hint is float and isinstance(value, float):
        return _finite(value, path)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)  # JSON has one kind of number
    if (isinstance(value, bool) and hint is not bool) or not isinstance(value, hint):
        raise ValueError(f"{path}: is not of type {_SIMPLE[hint]['type']}")
    return value


def _float(value: int, path: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{path or 'the value'}: is too large a number") from None


def _finite(value: Any, path: str) -> Any:
    """The value, if all its numbers are finite: Python reads 1e400 as infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path or 'the value'}: is too large a number")
    if isinstance(value, dict):
        for name, one in value.items():
            _finite(one, _below(path, name))
    if isinstance(value, list):
        for i, one in enumerate(value):
            _finite(one, f"{path}[{i}]")
    return value


def _read_union(args: Sequence[Any], value: Any, path: str) -> Any:
    errors = []
    for arg in args:
        try:
            return read(arg, value, path)
        except ValueError as err:
            errors.append(str(err))
    raise ValueError("; or ".join(errors))


def _one_of(values: Sequence[Any], value: Any, path: str) -> Any:
    for one in values:
        if one == value and isinstance(one, bool) == isinstance(value, bool):
            return one
    raise ValueError(f"{path}: is none of {', '.join(map(repr, values))}")


def _read_members(kind: Any, value: Any, path: str) -> Any:
    fields = members(kind)
    if fields is None:
        raise DeclarationError(f"{kind} has no JSON form")
    got = read_object(fields, value, path)
    if typing.is_typeddict(kind):
        return {name: one for name, one in got.items() if name in value}
    return kind(**got)


def _read_model(kind: Any, value: Any, path: str) -> Any:
    import pydantic

    try:
        return kind.model_validate(value)
    except pydantic.ValidationError as err:
        first = err.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{_below(path, where)}: {first['msg']}") from None


def to_json(value: Any) -> Any:
    """The value as json.dumps takes it."""
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if _is_model(type(value)):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): to_json(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} has no JSON form")
    return value


def _bare(hint: Any) -> tuple[Any, list[Field]]:
    """The type without what Annotated says of it."""
    fields: list[Field] = []
    while True:
        if get_origin(hint) is typing.Annotated:
            hint, *notes = get_args(hint)
            for note in notes:
                if isinstance(note, str):
                    fields.append(Field(description=note))
                elif isinstance(note, Field):
                    fields.append(note)
        elif get_origin(hint) in (typing.Required, typing.NotRequired) if hasattr(typing, "Required") else False:
            (hint,) = get_args(hint)
        else:
            return hint, fields


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_list(kind: Any) -> bool:
    return kind in (list, collections.abc.Sequence, collections.abc.Iterable)


def _is_dict(kind: Any) -> bool:
    return kind in (dict, collections.abc.Mapping)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate")
