# SPDX-License-Identifier: Apache-2.0

"""Filters, groups and aggregates the rows of a table.

A query is data: conditions and aggregates out of a short list. Nothing in it is
evaluated.
"""

from __future__ import annotations

import heapq
import itertools
import math
import statistics
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from .describe import deviation
from .table import Reading, Row, Table
from .values import is_missing, number, shown

MAX_ROWS = 1000
"""The most rows of an answer."""
MAX_GROUPS = 10_000

Value = str | float | bool | None
Test = Callable[[Row], bool]


@dataclass(frozen=True)
class Condition:
    """What a row must fulfil. A missing cell fulfils none but "missing"."""

    column: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts_with", "ends_with", "missing", "present"]
    value: Annotated[
        str | float | bool | None, "to compare with: a number with cells that are numbers, a text with cells as written"
    ] = None
    values: Annotated[Sequence[str | float], "to compare with, for in"] = ()


@dataclass(frozen=True)
class Aggregate:
    """A figure of each group of rows. Missing cells, and for figures cells that are no numbers, are left out."""

    function: Literal["count", "count_distinct", "sum", "mean", "median", "stddev", "min", "max"]
    column: Annotated[str, "what to aggregate; count without it counts rows"] = ""
    name: Annotated[str, "of the column in the answer; default: such as sum_amount"] = ""


@dataclass(frozen=True)
class Query:
    """What to ask of a table."""

    where: Sequence[Condition] = ()
    columns: Sequence[str] = ()
    group_by: Sequence[str] = ()
    aggregates: Sequence[Aggregate] = ()
    order_by: str = ""
    descending: bool = False
    limit: int = 50


@dataclass(frozen=True)
class Answer:
    """The rows of an answer."""

    read: Reading
    matched_rows: Annotated[int, "rows that fulfil all conditions"]
    columns: list[str]
    rows: Annotated[list[list[str | float | None]], "cells as written, aggregates as numbers, null for what is missing"]
    more: Annotated[bool, "whether limit has left out some"]


def query(table: Table, asked: Query) -> Answer:
    """Answers a query. ValueError: it makes no sense for this table."""
    tests = [_test(table, condition) for condition in asked.where]
    matched = _Counted(row for row in table if all(test(row) for test in tests))
    if asked.group_by or asked.aggregates:
        if asked.columns:
            raise ValueError("columns: goes not with group_by and aggregates, which make the columns of the answer")
        names, found = _grouped(table, asked, matched)
    else:
        names = list(asked.columns) or table.columns
        at = [table.index(name) for name in names]
        # Only what is shown is kept: an order may need a column that is not.
        by = table.index(asked.order_by) if asked.order_by else None
        found = ([_cell(row[i]) for i in (at if by is None else [*at, by])] for row in matched)
    rows = _ordered(names, found, asked, table.decimal_comma)
    shown_rows = [row[: len(names)] for row in rows[: asked.limit]]
    return Answer(table.reading(), matched.count, names, shown_rows, len(rows) > asked.limit)


class _Counted:
    """Counts what it hands on."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


Cells = list[str | float | None]


def _cell(cell: str) -> str | None:
    return shown(cell) if cell else None


def _ordered(names: list[str], rows: Iterable[Cells], asked: Query, comma: bool) -> list[Cells]:
    """The first rows, one more than is asked for; the others are not kept."""
    wanted = asked.limit + 1
    rows = iter(rows)
    if not asked.order_by:
        first = list(itertools.islice(rows, wanted))
        for _ in rows:  # to count those that match
            pass
        return first
    if asked.group_by or asked.aggregates:
        if asked.order_by not in names:
            raise ValueError(f"order_by: the answer has no column {asked.order_by!r}; there are {', '.join(names)}")
        at = names.index(asked.order_by)
    else:
        at = len(names)
    if asked.descending:
        return heapq.nlargest(wanted, rows, key=lambda row: _rank(row[at], comma, missing=-1))
    return heapq.nsmallest(wanted, rows, key=lambda row: _rank(row[at], comma, missing=2))


def _rank(cell: str | float | None, comma: bool, missing: int) -> tuple[int, float, str]:
    """Numbers are less than texts; what is missing comes last, in either order."""
    if cell is None or (isinstance(cell, str) and is_missing(cell)):
        return missing, 0, ""
    value = number(cell, comma) if isinstance(cell, str) else cell
    return (0, value, "") if value is not None else (1, 0, str(cell))


def _test(table: Table, condition: Condition) -> Test:
    at, comma = table.index(condition.column), table.decimal_comma
    op, value = condition.op, condition.value
    if op == "missing":
        return lambda row: is_missing(row[at])
    if op == "present":
        return lambda row: not is_missing(row[at])
    if op == "in":
        if not condition.values:
            raise ValueError(f"where: {condition.column}: in needs values")
        any_of = [_comparison("=", one, comma) for one in condition.values]
        return lambda row: not is_missing(row[at]) and any(one(row[at]) for one in any_of)
    if value is None:
        raise ValueError(f"where: {condition.column}: {op} needs a value; for no value use missing")
    fits = _comparison(op, value, comma)
    return lambda row: not is_missing(row[at]) and fits(row[at])


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "contains": lambda a, b: b in a,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def _comparison(op: str, value: str | float | bool, comma: bool) -> Callable[[str], bool]:
    """Compares cells with a number, or with a text as they are written."""
    if isinstance(value, bool):
        words = ("true", "yes") if value else ("false", "no")
        if op not in ("=", "!="):
            raise ValueError(f"where: {op} does not compare with true and false")
        return lambda cell: (cell.strip().lower() in words) == (op == "=")
    if isinstance(value, str):
        compare = _TEXTS[op]
        return lambda cell: compare(cell.strip(), value)
    if op not in _ORDERS:
        raise ValueError(f"where: {op} needs a text as its value")
    order = _ORDERS[op]
    return lambda cell: (got := number(cell, comma)) is not None and order(got, value)


class _Group:
    """The values of one column in one group of rows."""

    def __init__(self, function: str) -> None:
        self._function = function
        self._rows = 0
        self._numbers = array("d")
        self._distinct: set[str] = set()

    def add(self, cell: str | None, comma: bool) -> None:
        if cell is not None and is_missing(cell):
            return
        self._rows += 1
        if cell is None or self._function == "count":
            return
        if self._function == "count_distinct":
            self._distinct.add(cell)
        elif (value := number(cell, comma)) is not None:
            self._numbers.append(value)

    def value(self) -> float | None:
        numbers = self._numbers
        if self._function == "count":
            return self._rows
        if self._function == "count_distinct":
            return len(self._distinct)
        if self._function == "sum":
            return math.fsum(numbers)
        if not numbers:
            return None
        return _FIGURES[self._function](numbers)


_FIGURES: dict[str, Callable[[array[float]], float | None]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "stddev": deviation,
    "min": min,
    "max": max,
}


def _grouped(table: Table, asked: Query, rows: Iterable[Row]) -> tuple[list[str], Iterable[Cells]]:
    keys = [table.index(name) for name in asked.group_by]
    aggregates = asked.aggregates or (Aggregate("count"),)
    at = [_aggregated(table, aggregate) for aggregate in aggregates]
    groups: dict[tuple[str, ...], list[_Group]] = {}
    if not keys:
        groups[()] = [_Group(one.function) for one in aggregates]  # no rows make a count of 0
    for row in rows:
        key = tuple(row[i] for i in keys)
        group = groups.get(key)
        if group is None:
            if len(groups) == MAX_GROUPS:
                raise ValueError(
                    f"group_by: there are more than {MAX_GROUPS} groups; group by less, or add a condition"
                )
            group = groups[key] = [_Group(one.function) for one in aggregates]
        for i, one in zip(at, group, strict=True):
            one.add(None if i is None else row[i], table.decimal_comma)
    names = [*asked.group_by, *(one.name or f"{one.function}_{one.column}".rstrip("_") for one in aggregates)]
    return names, ([*map(_cell, key), *(one.value() for one in group)] for key, group in groups.items())


def _aggregated(table: Table, aggregate: Aggregate) -> int | None:
    if aggregate.column:
        return table.index(aggregate.column)
    if aggregate.function != "count":
        raise ValueError(f"aggregates: {aggregate.function} needs a column")
    return None
