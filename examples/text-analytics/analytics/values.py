# SPDX-License-Identifier: Apache-2.0

"""Tells what the text of a cell stands for."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["integer", "number", "boolean", "date", "datetime", "text", "empty"]

MAX_SHOWN = 500
"""Of a longer cell, so many characters are shown."""

_MISSING = frozenset({"", "na", "n/a", "null", "none", "nan"})
_BOOLEAN = frozenset({"true", "false", "yes", "no"})
# What begins with a zero, or has more digits than a float holds, is an identifier.
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*|(?=[eE]))|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
_DATETIME = re.compile(
    _DATE.pattern + r"[T ][0-2][0-9]:[0-5][0-9](?::[0-6][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def is_missing(cell: str) -> bool:
    """Whether a cell holds nothing, or one of the words for it."""
    return (len(cell) < 5 and cell.strip().lower() in _MISSING) or not cell.strip()


def number(cell: str, decimal_comma: bool = False) -> float | None:
    """The number that a cell holds; None if it holds another thing."""
    cell = cell.strip()
    if _INTEGER.fullmatch(cell):
        return float(cell)
    if decimal_comma and "." not in cell:
        cell = cell.replace(",", ".", 1)
    if not _NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if abs(value) <= 1e150 else None  # its square is still finite


def kind_of(cell: str, decimal_comma: bool = False) -> Kind:
    """What a cell that is not missing stands for."""
    cell = cell.strip()
    if _INTEGER.fullmatch(cell):
        return "integer"
    if number(cell, decimal_comma) is not None:
        return "number"
    if _DATE.fullmatch(cell):
        return "date"
    if _DATETIME.fullmatch(cell):
        return "datetime"
    return "boolean" if cell.lower() in _BOOLEAN else "text"


def joined(one: Kind, other: Kind) -> Kind:
    """What a column is that holds both."""
    if one == other or other == "empty":
        return one
    if one == "empty":
        return other
    both = {one, other}
    if both == {"integer", "number"}:
        return "number"
    return "datetime" if both == {"date", "datetime"} else "text"


def shown(text: str) -> str:
    """The text as it is shown."""
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
