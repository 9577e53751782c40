# SPDX-License-Identifier: Apache-2.0

"""Reads a table row by row: CSV in its dialects, and Parquet where pyarrow is installed."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from . import STEP, Step
from .encoding import Encoding, as_text, told, undecodable
from .root import File

Row = list[str]
"""A cell for each column, as written; one that is not there is empty."""

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

_SAMPLE_ROWS = 50
_CONSISTENT = 0.8
"""The share of rows that must be equally wide for a delimiter to be believed."""


@dataclass(frozen=True)
class Dialect:
    """How a file is written, where that cannot be told from it."""

    encoding: Annotated[Encoding, "of the file; auto tells it by mark and content"] = "auto"
    delimiter: Annotated[Delimiter, "between cells; auto tells it by the first rows"] = "auto"
    header: Annotated[bool, "whether the first row names the columns"] = True


@dataclass(frozen=True)
class Reading:
    """What was read."""

    path: str
    encoding: str
    delimiter: str
    rows: Annotated[int, "how many were read"]
    complete: Annotated[bool, "whether these are all; else the setting max_rows has ended it"]
    uneven_rows: Annotated[int, "rows with more or fewer cells than there are columns"]


class Table:
    """A table that is open. Iterate over it once."""

    def __init__(self, columns: list[str], rows: Iterator[Row], path: str, written: tuple[str, str]) -> None:
        self.columns = columns
        self._rows = rows
        self._path = path
        self._encoding, self._delimiter = written
        self.decimal_comma = self._delimiter == "semicolon"
        """Whether "1,5" is a number: a comma between cells leaves none for decimals."""
        self._read = self._uneven = 0
        self._complete = True

    def limit(self, max_rows: int, step: Callable[[int], None]) -> None:
        """Makes it end after so many rows, and take a step now and then."""
        self._rows = self._limited(self._rows, max_rows, step)

    def __iter__(self) -> Iterator[Row]:
        width = len(self.columns)
        for row in self._rows:
            self._read += 1
            if len(row) != width:
                self._uneven += 1
                row = row[:width] + [""] * (width - len(row))
            yield row

    def index(self, column: str) -> int:
        """Where a column is. ValueError: there is none of that name."""
        try:
            return self.columns.index(column)
        except ValueError:
            known = ", ".join(self.columns[:50])
            raise ValueError(f"{self._path}: there is no column {column!r}; there are {known}") from None

    def reading(self) -> Reading:
        """What was read so far."""
        return Reading(self._path, self._encoding, self._delimiter, self._read, self._complete, self._uneven)

    def _limited(self, rows: Iterator[Row], max_rows: int, step: Callable[[int], None]) -> Iterator[Row]:
        for i, row in enumerate(rows):
            if i == max_rows:
                self._complete = False
                return
            if i % STEP == 0:
                step(i)
            yield row
        step(self._read)


@contextlib.contextmanager
def open_table(file: File, dialect: Dialect, max_rows: int, step: Step) -> Iterator[Table]:
    """Opens the table of a file. ValueError: there is none in it, then or while it is read."""
    if file.path.lower().endswith(".parquet"):
        table, total = _parquet(file)
        table.limit(max_rows, lambda rows: step(rows, total, f"{file.path}: {rows} rows"))
        yield table
        return
    encoding, start = told(file, dialect.encoding)
    if not start.strip():
        raise ValueError(f"{file.path}: is empty")
    delimiter = _told_delimiter(file.path, start) if dialect.delimiter == "auto" else dialect.delimiter
    # Closing the text would close the file, which is not ours.
    text = as_text(file.stream, encoding, newline="")
    try:
        rows = _rows(file.path, text, _DELIMITERS[delimiter])
        columns = _columns(rows, dialect.header)
        table = Table(columns.names, columns.rows, file.path, (encoding, delimiter))
        table.limit(max_rows, lambda rows: step(file.stream.tell(), file.size, f"{file.path}: {rows} rows"))
        yield table
    finally:
        text.detach()


def _rows(path: str, text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter)
    try:
        yield from filter(None, reader)  # an empty line is no row
    except UnicodeDecodeError as err:
        raise undecodable(path, reader.line_num, err) from None
    except csv.Error as err:
        raise ValueError(f"{path}: line {reader.line_num}: {err}; is a quote not closed?") from None


@dataclass(frozen=True)
class _Columns:
    names: list[str]
    rows: Iterator[Row]


def _columns(rows: Iterator[Row], header: bool) -> _Columns:
    first = next(rows)  # the file is not empty
    if not header:
        return _Columns(_unique([""] * len(first)), itertools.chain([first], rows))
    return _Columns(_unique([name.strip() for name in first]), rows)


def _unique(names: list[str]) -> list[str]:
    """The names, so that each column has one of its own."""
    found: dict[str, None] = {}
    for i, name in enumerate(names, 1):
        name, n = name or f"column{i}", 1
        base = name
        while name in found:
            n += 1
            name = f"{base}_{n}"
        found[name] = None
    return list(found)


def _told_delimiter(path: str, start: str) -> str:
    """The delimiter that makes the most rows equally wide."""
    lines = list(io.StringIO(start, newline=""))
    if len(lines) > 1:
        lines.pop()  # the sample may end within it
    best, found = (0.0, 1), "comma"
    for name, sign in _DELIMITERS.items():
        try:
            widths = Counter(
                len(row) for row in itertools.islice(csv.reader(lines, delimiter=sign), _SAMPLE_ROWS) if row
            )
        except csv.Error:
            continue
        width, rows = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1 and (score := (rows / widths.total(), width)) > best:
            best, found = score, name
    if best[1] > 1 and best[0] < _CONSISTENT:
        raise ValueError(f"{path}: its delimiter cannot be told, for its rows differ in width; give delimiter")
    return found


def _parquet(file: File) -> tuple[Table, int]:
    """The table of a Parquet file, and how many rows it has."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ValueError(
            f"{file.path}: Parquet needs pyarrow, which is not installed; the operator can run make parquet"
        ) from None
    try:
        opened = parquet.ParquetFile(file.stream)
    except (ValueError, OSError) as err:
        raise ValueError(f"{file.path}: is no Parquet file: {err}") from None
    names = _unique([str(name) for name in opened.schema_arrow.names])
    batches = opened.iter_batches(batch_size=1000)
    rows = (list(map(_cell, row)) for one in batches for row in zip(*(c.to_pylist() for c in one.columns), strict=True))
    return Table(names, rows, file.path, ("parquet", "none")), opened.metadata.num_rows


def _cell(value: Any) -> str:
    """A value as CSV would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
