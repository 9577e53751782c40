# SPDX-License-Identifier: Apache-2.0

import enum
import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypedDict

import pytest

from mcphost_plugin import DeclarationError, Field
from mcphost_plugin.schema import read, schema_of, to_json


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    label: Annotated[str, "for people"] = ""
    tags: list[str] = field(default_factory=list)


class Options(TypedDict, total=False):
    deep: bool


@pytest.mark.parametrize(
    ("hint", "want"),
    [
        (str, {"type": "string"}),
        (Any, {}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (dict[str, float], {"type": "object", "additionalProperties": {"type": "number"}}),
        (int | None, {"type": ["integer", "null"]}),
        (int | list[str], {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Color, {"enum": ["red", "blue"]}),
        (Annotated[int, Field("n", minimum=0)], {"type": "integer", "description": "n", "minimum": 0}),
        (Annotated[str, Field(examples=("a.csv",))], {"type": "string", "examples": ["a.csv"]}),
        (Annotated[list[str], Field(min_length=1)], {"type": "array", "items": {"type": "string"}, "minItems": 1}),
        (Options, {"type": "object", "properties": {"deep": {"type": "boolean"}}, "additionalProperties": False}),
    ],
)
def test_types_become_schemas(hint: Any, want: dict[str, Any]) -> None:
    assert schema_of(hint) == want


def test_dataclass_requires_what_has_no_default() -> None:
    got = schema_of(Point)
    assert got["required"] == ["x"]
    assert got["properties"]["label"] == {"type": "string", "description": "for people", "default": ""}


@pytest.mark.parametrize("hint", [bytes, dict[int, str], object, complex])
def test_types_without_json_are_refused(hint: Any) -> None:
    with pytest.raises(DeclarationError):
        schema_of(hint)


@pytest.mark.parametrize(
    ("hint", "value", "want"),
    [
        (int, 2.0, 2),
        (float, 2, 2.0),
        (list[Point], [{"x": 1}], [Point(1)]),
        (Color, "red", Color.RED),
        (str | None, None, None),
        (Options, {}, {}),
        (Literal[1, "a"], "a", "a"),
    ],
)
def test_values_become_those_of_their_type(hint: Any, value: Any, want: Any) -> None:
    assert read(hint, value) == want


@pytest.mark.parametrize(
    ("hint", "value", "where"),
    [
        (int, True, "integer"),
        (int, 1.5, "integer"),
        (str, 1, "string"),
        (bool, 1, "boolean"),
        (list[int], ["a"], "[0]"),
        (Point, {"x": "1"}, "x"),
        (Point, {}, "x: is missing"),
        (Point, {"x": 1, "y": 2}, "y: is not known"),
        (dict[str, Point], {"a": {"x": None}}, "a.x"),
        (Literal[1], True, "none of 1"),
        (Annotated[int, Field(maximum=3)], 4, "more than 3"),
        (Annotated[str, Field(pattern="^a")], "b", "match"),
        (int | list[str], "a", "; or "),
        (list[float], [1.5, math.inf], "[1]: is too large"),
        (dict[str, Any], {"a": [{"b": math.inf}]}, "a[0].b: is too large"),
        (Point, {"x": math.inf}, "x: is not"),
        (dict[str, float], {"a": 10**400}, "a: is too large"),
    ],
)
def test_values_that_do_not_fit_say_where(hint: Any, value: Any, where: str) -> None:
    with pytest.raises(ValueError) as err:
        read(hint, value)
    assert where in str(err.value)


def test_values_become_json() -> None:
    assert to_json({"p": Point(1), "c": [Color.RED], "t": (1, 2)}) == {
        "p": {"x": 1, "label": "", "tags": []}, "c": ["red"], "t": [1, 2],
    }  # fmt: skip
    with pytest.raises(ValueError, match="no JSON form"):
        to_json(float("nan"))


def test_pydantic_models_are_types_too() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):  # type: ignore[name-defined,misc]
        n: int

    assert schema_of(Model)["properties"]["n"]["type"] == "integer"
    assert read(Model, {"n": 1}).n == 1
    with pytest.raises(ValueError, match="n"):
        read(Model, {"n": "x"}, "args")
    assert to_json(Model(n=1)) == {"n": 1}
