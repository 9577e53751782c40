# SPDX-License-Identifier: Apache-2.0

"""Calls the plugin as the host does."""

import asyncio
import tempfile
import threading
import unittest
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from mcphost_plugin import ErrorCode, ProtocolError, testing
from mcphost_plugin.call import current

import main
from analytics import Step

T = TypeVar("T")
SAMPLES = str(Path(main.__file__).parent / "samples")


def served(ask: Callable[[testing.Client], Awaitable[T]], root: str = SAMPLES, **settings: object) -> T:
    async def run() -> T:
        async with testing.serve(main.plugin) as client:
            await client.configure({"root": root, **settings})
            return await ask(client)

    return asyncio.run(run())


def call(name: str, root: str = SAMPLES, **args: Any) -> testing.ToolResult:
    return served(lambda client: client.call_tool(name, args), root)


class TestTools(unittest.TestCase):
    def test_every_file_below_the_root_is_listed(self) -> None:
        listed = call("list_files", glob="*.csv").structured
        names = [one["path"] for one in listed["files"]]
        self.assertEqual(names, ["orders-corrected.csv", "orders.csv", "prices-latin1.csv"])
        self.assertFalse(listed["more"])

    def test_a_table_is_described_column_by_column(self) -> None:
        found = call("describe_table", path="orders.csv").structured
        kinds = {one["name"]: one["type"] for one in found["columns"]}
        self.assertEqual(
            kinds,
            {
                "id": "text",
                "date": "date",
                "region": "text",
                "item": "text",
                "quantity": "integer",
                "amount": "number",
                "paid": "boolean",
            },
        )
        self.assertEqual((found["read"]["rows"], found["read"]["complete"]), (40, True))

    def test_a_query_takes_conditions_and_aggregates(self) -> None:
        found = call(
            "query_table",
            path="orders.csv",
            where=[{"column": "paid", "op": "=", "value": True}, {"column": "quantity", "op": ">=", "value": 5}],
            group_by=["region"],
            aggregates=[{"function": "sum", "column": "amount"}, {"function": "count"}],
            order_by="sum_amount",
            descending=True,
        ).structured
        self.assertEqual(found["columns"], ["region", "sum_amount", "count"])
        sums = [row[1] for row in found["rows"]]
        self.assertEqual(sums, sorted(sums, reverse=True))
        self.assertEqual(sum(row[2] for row in found["rows"]), found["matched_rows"])

    def test_tables_are_compared_by_their_key(self) -> None:
        found = call("compare_tables", before="orders.csv", after="orders-corrected.csv", key=["id"]).structured
        self.assertEqual((found["rows_added"], found["rows_removed"]), (1, 1))
        self.assertEqual(found["columns_added"], ["note"])

    def test_a_text_is_described(self) -> None:
        found = call("describe_text", path="letter.txt", top=1).structured
        self.assertEqual(found["frequent_words"], [{"word": "counted", "count": 3}])
        self.assertEqual((found["sentences"], found["paragraphs"]), (10, 4))

    def test_mistakes_are_told_to_the_model(self) -> None:
        wrong = call("query_table", path="orders.csv", columns=["price"])
        self.assertTrue(wrong.is_error)
        self.assertIn("there is no column 'price'; there are id, date, region", wrong.text)
        self.assertTrue(call("query_table", path="orders.csv", where=[{"column": "id", "op": "eval"}]).is_error)
        self.assertIn("there is no 'gone.csv' below the root", call("describe_table", path="gone.csv").text)

    def test_what_is_outside_the_root_looks_like_what_is_not_there(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "secret.txt").write_text("secret")
            inside = Path(folder, "inside")
            inside.mkdir()
            (inside / "link.txt").symlink_to("../secret.txt")
            for path in ("../secret.txt", "link.txt", "gone.txt"):
                told = call("describe_text", root=str(inside), path=path)
                self.assertTrue(told.is_error)
                self.assertEqual(told.text, f"there is no {path!r} below the root; see the tool list_files")
            self.assertIn("relative to the root", call("describe_text", path=f"{folder}/secret.txt").text)


class TestSettings(unittest.TestCase):
    def test_a_root_that_is_no_folder_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "is no folder; set root"):
            call("list_files", root="/nowhere/at/all")

    def test_a_file_that_is_too_large_is_refused(self) -> None:
        told = served(lambda client: client.call_tool("describe_text", {"path": "letter.txt"}), max_bytes=100)
        self.assertIn("100 are allowed; the operator can raise the setting max_bytes", told.text)

    def test_of_a_table_no_more_than_max_rows_are_read(self) -> None:
        told = served(lambda client: client.call_tool("describe_table", {"path": "orders.csv"}), max_rows=7)
        self.assertEqual((told.structured["read"]["rows"], told.structured["read"]["complete"]), (7, False))


class TestResources(unittest.TestCase):
    def test_files_are_resources(self) -> None:
        (text,) = served(lambda client: client.read_resource("analytics:///letter.txt"))
        self.assertTrue(str(text).startswith("On Measuring"))
        (data,) = served(lambda client: client.read_resource("analytics:///prices-latin1.csv"))
        self.assertIn(b"M\xfcller", data)

    def test_a_file_that_is_not_there_is_not_found(self) -> None:
        for path in ("gone.txt", "..%2Fmain.py", "../main.py"):
            with self.assertRaises(ProtocolError) as told:
                served(lambda client, path=path: client.read_resource("analytics:///" + path))  # type: ignore[misc]
            self.assertEqual(told.exception.code, ErrorCode.NOT_FOUND)

    def test_paths_are_completed(self) -> None:
        found = served(lambda client: client.complete("ord", "path", template=main.FILES))
        self.assertEqual(found, ["orders-corrected.csv", "orders.csv"])


class TestLongWork(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        Path(self.root, "long.csv").write_text("n,word\n" + "".join(f"{i},w{i % 10}\n" for i in range(20_000)))

    def test_progress_grows_to_a_hundred(self) -> None:
        told = call("describe_table", root=self.root, path="long.csv")
        done = [one[0] for one in told.report.progress]
        self.assertGreater(len(done), 3)
        self.assertEqual(done, sorted(done))
        self.assertEqual((done[-1], told.report.progress[-1][1]), (100, 100))

    def test_a_cancelled_call_reads_no_further(self) -> None:
        begun, reached, real = threading.Event(), list[str](), main.steps

        def steps(part: int = 0, parts: int = 1) -> Step:
            take = real(part, parts)

            def step(done: float, total: float, message: str) -> None:
                begun.set()
                if call := current.get():
                    call.cancelled.wait(10)
                take(done, total, message)
                reached.append(message)

            return step

        async def ask(client: testing.Client) -> None:
            work = asyncio.ensure_future(client.call_tool("describe_table", {"path": "long.csv"}))
            await asyncio.to_thread(begun.wait)
            work.cancel()
            await asyncio.wait([work])

        with mock.patch.object(main, "steps", steps):
            served(ask, self.root)  # and waits for its threads
        self.assertEqual(reached, [])


if __name__ == "__main__":
    unittest.main()
