# SPDX-License-Identifier: Apache-2.0

"""Turns a table into what is known of each column."""

from __future__ import annotations

import math
import statistics
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import Annotated

from .table import Reading, Table
from .values import Kind, is_missing, joined, kind_of, number, shown

MAX_DISTINCT = 50_000
"""So many distinct values of a column are told apart."""


@dataclass(frozen=True)
class Frequent:
    """A value and how often it is there."""

    value: str
    count: int


@dataclass(frozen=True)
class Column:
    """What is known of a column. Figures that a column of its type has not are null."""

    name: str
    type: Kind
    count: Annotated[int, "cells that hold a value"]
    missing: Annotated[int, "empty cells, and those with NA, N/A, null, none or NaN"]
    distinct: Annotated[int, "distinct values"]
    distinct_exact: Annotated[bool, f"whether these are all; beyond {MAX_DISTINCT} new ones are not counted"]
    min: Annotated[float | str | None, "the least number or the first date"] = None
    max: Annotated[float | str | None, "the greatest number or the last date"] = None
    mean: float | None = None
    median: float | None = None
    stddev: Annotated[float | None, "of a sample; null for fewer than two values"] = None
    top: Annotated[list[Frequent] | None, "the most frequent values of what is no number"] = None


@dataclass(frozen=True)
class Description:
    """A table, column by column."""

    read: Reading
    columns: list[Column]


def describe(table: Table, top: int) -> Description:
    """Reads the table, and keeps the numbers and the distinct values of each column."""
    profiles = [_Profile(table.decimal_comma) for _ in table.columns]
    for row in table:
        for profile, cell in zip(profiles, row, strict=True):
            profile.add(cell)
    columns = [profile.column(name, top) for name, profile in zip(table.columns, profiles, strict=True)]
    return Description(table.reading(), columns)


class _Profile:
    """What is known of a column so far."""

    def __init__(self, decimal_comma: bool) -> None:
        self._decimal_comma = decimal_comma
        self._kind: Kind = "empty"
        self._missing = self._count = 0
        self._numbers = array("d")
        self._values: Counter[str] = Counter()
        self._exact = True

    def add(self, cell: str) -> None:
        if is_missing(cell):
            self._missing += 1
            return
        self._count += 1
        if self._kind != "text":  # which nothing changes any more
            self._kind = joined(self._kind, kind_of(cell, self._decimal_comma))
        if self._kind in ("integer", "number"):
            self._numbers.append(number(cell, self._decimal_comma) or 0.0)
        if cell in self._values or len(self._values) < MAX_DISTINCT:
            self._values[cell] += 1
        else:
            self._exact = False

    def column(self, name: str, top: int) -> Column:
        column = Column(name, self._kind, self._count, self._missing, len(self._values), self._exact)
        if self._kind == "empty":
            return column
        known = vars(column)
        if self._kind in ("integer", "number"):
            return Column(**{**known, **_figures(self._numbers)})
        found = [Frequent(shown(value), count) for value, count in self._values.most_common(top)]
        if self._kind in ("date", "datetime") and self._exact:
            # ISO 8601 is ordered as it is written.
            return Column(**{**known, "min": min(self._values), "max": max(self._values), "top": found})
        return Column(**{**known, "top": found})


def _figures(numbers: array[float]) -> dict[str, float | None]:
    return {
        "min": min(numbers),
        "max": max(numbers),
        "mean": statistics.fmean(numbers),
        "median": statistics.median(numbers),
        "stddev": deviation(numbers),
    }


def deviation(numbers: array[float]) -> float | None:
    """The standard deviation of a sample; None for fewer than two numbers."""
    if len(numbers) < 2:
        return None
    mean = statistics.fmean(numbers)
    # statistics.stdev is exact, and a hundred times slower.
    return math.sqrt(sum((one - mean) ** 2 for one in numbers) / (len(numbers) - 1))
