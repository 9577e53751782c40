# SPDX-License-Identifier: Apache-2.0

"""Compares two tables row by row, by the columns that make a row what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from .table import Reading, Row, Table
from .values import is_missing, number, shown


@dataclass(frozen=True)
class Change:
    """A cell that differs."""

    key: list[str]
    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """How two tables differ."""

    before: Reading
    after: Reading
    columns_added: list[str]
    columns_removed: list[str]
    rows_added: int
    rows_removed: int
    rows_changed: int
    rows_equal: int
    added: Annotated[list[list[str]], "the keys of the first rows added"] = field(default_factory=list)
    removed: Annotated[list[list[str]], "the keys of the first rows removed"] = field(default_factory=list)
    changes: Annotated[list[Change], "the first cells that differ"] = field(default_factory=list)


Key = tuple[str, ...]


def compare(before: Table, after: Table, key: Sequence[str], limit: int) -> Comparison:
    """Compares the columns that both have. It keeps the rows of before. ValueError: a key is there twice."""
    old = dict(_keyed(before, key))
    found = _Differences(before, after, key, limit)
    for name, row in _keyed(after, key):
        was = old.pop(name, None)
        if was is None:
            found.add(name)
        else:
            found.compare(name, was, row)
    return Comparison(
        before=before.reading(),
        after=after.reading(),
        columns_added=[name for name in after.columns if name not in before.columns],
        columns_removed=[name for name in before.columns if name not in after.columns],
        rows_added=found.rows_added,
        rows_removed=len(old),
        rows_changed=found.rows_changed,
        rows_equal=found.rows_equal,
        added=found.added,
        removed=[_shown(name) for name in list(old)[:limit]],
        changes=found.changes,
    )


class _Differences:
    """How the rows differ so far."""

    def __init__(self, before: Table, after: Table, key: Sequence[str], limit: int) -> None:
        shared = [name for name in before.columns if name in after.columns and name not in key]
        self._columns = [(name, before.index(name), after.index(name)) for name in shared]
        self._commas = before.decimal_comma, after.decimal_comma
        self._limit = limit
        self.rows_added = self.rows_changed = self.rows_equal = 0
        self.added: list[list[str]] = []
        self.changes: list[Change] = []

    def add(self, key: Key) -> None:
        self.rows_added += 1
        if len(self.added) < self._limit:
            self.added.append(_shown(key))

    def compare(self, key: Key, was: Row, row: Row) -> None:
        changed = False
        for column, i, j in self._columns:
            if self._same(was[i], row[j]):
                continue
            changed = True
            if len(self.changes) < self._limit:
                self.changes.append(Change(_shown(key), column, shown(was[i]), shown(row[j])))
        self.rows_changed += changed
        self.rows_equal += not changed

    def _same(self, was: str, now: str) -> bool:
        """Whether two cells mean the same: 1.50 is 1.5, and missing is missing."""
        if was == now or (is_missing(was) and is_missing(now)):
            return True
        before, after = self._commas
        first = number(was, before)
        return first is not None and first == number(now, after)


def _keyed(table: Table, key: Sequence[str]) -> Iterator[tuple[Key, Row]]:
    """The rows with their keys. ValueError: a key is there twice."""
    at, seen = [table.index(name) for name in key], set[Key]()
    for row in table:
        name = tuple(row[i].strip() for i in at)
        if name in seen:
            path = table.reading().path
            raise ValueError(f"{path}: the key {', '.join(_shown(name))} is there twice; name what tells rows apart")
        seen.add(name)
        yield name, row


def _shown(key: Key) -> list[str]:
    return [shown(part) for part in key]
