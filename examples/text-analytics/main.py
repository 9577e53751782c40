# SPDX-License-Identifier: Apache-2.0

"""Offers the analytics to MCP clients: tools, the files as resources, and progress."""

import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from mcphost_plugin import Completion, Field, Plugin, ResourceContents, ToolError, cancelled, not_found, progress

from analytics import Step
from analytics.compare import Comparison, compare
from analytics.describe import Description, describe
from analytics.encoding import Encoding
from analytics.query import MAX_ROWS, Aggregate, Answer, Condition, Query, query
from analytics.root import File, Listed, NotBelowRootError, Root
from analytics.table import Dialect, Table, open_table
from analytics.text import MAX_TOP, TextDescription
from analytics.text import describe_text as text_description

FILES = "analytics:///{+path}"
MAX_RESOURCE = 8 << 20  # bytes; what is larger is for the tools

# Each call keeps a processor busy, and what it has read in memory.
plugin = Plugin(
    "text-analytics",
    "1.0.0",
    title="Text analytics",
    description="Describes, queries and compares tables and texts below one folder.",
    max_concurrent_calls=4,
)


@dataclass
class Settings:
    root: Annotated[str, "the folder to read; nothing outside of it can be"]
    max_bytes: Annotated[int, Field("the largest file that is read, in bytes", minimum=1, maximum=1 << 30)] = 64 << 20
    max_rows: Annotated[int, Field("how many rows of a table are read", minimum=1)] = 1_000_000


class State:
    """What the settings have made; complete once the plugin is configured."""

    root: Root
    max_rows: int


state = State()


@plugin.on_configure
def configure(given: Settings) -> None:
    state.root, state.max_rows = Root(given.root, given.max_bytes), given.max_rows


def steps(part: int = 0, parts: int = 1) -> Step:
    """Tells progress in percent, of one file of several, and ends the work when nobody waits for it."""

    def step(done: float, total: float, message: str) -> None:
        if cancelled():
            raise ToolError("cancelled")
        progress(100 * (part + done / max(done, total, 1)) / parts, 100, message)

    return step


@contextmanager
def table_of(path: str, dialect: Dialect, part: int = 0, parts: int = 1) -> Iterator[Table]:
    with state.root.open(path) as file, open_table(file, dialect, state.max_rows, steps(part, parts)) as table:
        yield table


Path = Annotated[
    str, Field("of a file, relative to the root; list_files knows them", min_length=1, examples=("orders.csv",))
]
Written = Annotated[Dialect, "how the file is written, where that cannot be told from it"]
Top = Annotated[int, Field("how many of the most frequent to return", minimum=1, maximum=MAX_TOP)]
AS_TOLD = Dialect()


@dataclass
class Files:
    files: list[Listed]
    more: Annotated[bool, "whether there are more than were listed"]


@plugin.tool(title="List files", read_only=True, open_world=False)
def list_files(
    glob: Annotated[str, "of the paths or names, such as *.csv or 2026/*"] = "*",
    limit: Annotated[int, Field("the most files to list", minimum=1, maximum=1000)] = 200,
) -> Files:
    """List the files that the other tools can read, with their sizes in bytes."""
    found, complete = state.root.list(glob)
    return Files(found[:limit], not complete or len(found) > limit)


@plugin.tool(title="Describe a table", read_only=True, open_world=False)
def describe_table(path: Path, top: Top = 5, dialect: Written = AS_TOLD) -> Description:
    """Describe each column of a CSV or Parquet file: its type, how many cells are missing, and the distribution of
    its values. Start with this to learn the names of the columns."""
    with table_of(path, dialect) as table:
        return describe(table, top)


@plugin.tool(title="Query a table", read_only=True, open_world=False)
def query_table(
    path: Path,
    where: Annotated[Sequence[Condition], "what rows must fulfil, all of it"] = (),
    columns: Annotated[Sequence[str], "what to return of each row; default: all columns"] = (),
    group_by: Annotated[Sequence[str], "columns whose values make one group of the rows that have them in common"] = (),
    aggregates: Annotated[Sequence[Aggregate], "figures of each group, or of all rows; default: count"] = (),
    order_by: Annotated[str, "a column of the file, or of the answer if rows are grouped; default: as they come"] = "",
    descending: Annotated[bool, "whether the greatest comes first"] = False,
    limit: Annotated[int, Field("the most rows to return", minimum=1, maximum=MAX_ROWS)] = 50,
    dialect: Written = AS_TOLD,
) -> Answer:
    """Filter the rows of a CSV or Parquet file, or group and aggregate them."""
    asked = Query(where, columns, group_by, aggregates, order_by, descending, limit)
    with table_of(path, dialect) as table:
        return query(table, asked)


@plugin.tool(title="Compare tables", read_only=True, open_world=False)
def compare_tables(
    before: Path,
    after: Path,
    key: Annotated[list[str], Field("columns that tell rows apart and stay what they are", min_length=1)],
    limit: Annotated[int, Field("the most rows and cells to return of each kind", minimum=1, maximum=MAX_ROWS)] = 20,
    dialect: Written = AS_TOLD,
) -> Comparison:
    """Compare two CSV or Parquet files: which rows were added and removed, and which cells have changed."""
    with table_of(before, dialect, 0, 2) as old, table_of(after, dialect, 1, 2) as new:
        return compare(old, new, key, limit)


@plugin.tool(title="Describe a text", read_only=True, open_world=False)
def describe_text(
    path: Path,
    top: Top = 10,
    stop_words: Annotated[bool, "whether to leave English words such as the and of out of the frequent ones"] = True,
    encoding: Annotated[Encoding, "of the file; auto tells it by mark and content"] = "auto",
) -> TextDescription:
    """Count the words, sentences and paragraphs of a text, and tell how easy it is to read, its most frequent words
    and its longest lines."""
    with state.root.open(path) as file:
        return text_description(file, encoding, top, stop_words, steps())


@plugin.resource_template(FILES, title="Files", description="Each file below the root.")
def read_file(path: str) -> ResourceContents:
    try:
        with state.root.open(path) as file:
            if file.size > MAX_RESOURCE:
                raise ToolError(f"{path}: has more than {MAX_RESOURCE} bytes; use the tools")
            return contents(file)
    except NotBelowRootError as err:
        raise not_found(str(err)) from None


def contents(file: File) -> ResourceContents:
    """A file as text if it is one."""
    kind, _ = mimetypes.guess_type(file.path)
    data = file.stream.read()
    try:
        return ResourceContents(data.decode("utf-8-sig"), mime_type=kind or "text/plain")
    except UnicodeDecodeError:
        return ResourceContents(data, mime_type=kind or "application/octet-stream")


@plugin.complete_template(FILES, "path")
def complete_path(typed: str) -> Completion:
    found, complete = state.root.list()
    paths = [one.path for one in found if one.path.startswith(typed)]
    return Completion(paths[:100], total=len(paths) if complete else None, has_more=not complete or len(paths) > 100)


if __name__ == "__main__":
    plugin.run()
