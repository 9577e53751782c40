# SPDX-License-Identifier: Apache-2.0

"""What the analytics promise, whoever asks."""

import importlib.util
import os
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from analytics.compare import Comparison, compare
from analytics.describe import MAX_DISTINCT, Column, describe
from analytics.encoding import Encoding
from analytics.query import Aggregate, Answer, Condition, Query, query
from analytics.root import Root
from analytics.table import Dialect, Table, open_table
from analytics.text import TextDescription, describe_text, syllables
from analytics.values import joined, kind_of, number

T = TypeVar("T")


def no_step(done: float, total: float, message: str) -> None:
    pass


class WithRoot(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.root = Root(folder.name, 10 << 20)

    def write(self, name: str, content: str | bytes) -> str:
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)
        return name

    def table(self, content: str | bytes, use: Callable[[Table], T], dialect: Dialect | None = None) -> T:
        with self.root.open(self.write("t.csv", content)) as file:
            with open_table(file, dialect or Dialect(), 1_000_000, no_step) as table:
                return use(table)

    def columns(self, content: str | bytes, dialect: Dialect | None = None) -> dict[str, Column]:
        found = self.table(content, lambda table: describe(table, 3), dialect)
        return {one.name: one for one in found.columns}

    def query(self, content: str, **asked: Any) -> Answer:
        return self.table(content, lambda table: query(table, Query(**asked)))


class TestRoot(WithRoot):
    def refused(self, path: str, why: str) -> None:
        with self.assertRaisesRegex(ValueError, why), self.root.open(path):
            self.fail(f"{path} was opened")

    def test_only_regular_files_below_it_are_opened(self) -> None:
        outside = self.folder.parent / (self.folder.name + "-beside")
        outside.write_text("secret")
        self.addCleanup(outside.unlink)
        (self.folder / "folder").mkdir()
        (self.folder / "out").symlink_to(outside)
        (self.folder / "up").symlink_to("..")
        os.mkfifo(self.folder / "fifo")
        for path in (f"../{outside.name}", "out", f"up/{outside.name}", "folder/../../x", "gone", "fifo/x"):
            self.refused(path, "below the root")
        for path in (str(outside), "a\0b"):
            self.refused(path, "relative to the root")
        for path in ("folder", "fifo", "."):
            self.refused(path, "is no file")

    def test_a_link_may_lead_to_another_file_below_it(self) -> None:
        self.write("file", "here")
        (self.folder / "link").symlink_to("file")
        with self.root.open("link") as file:
            self.assertEqual(file.stream.read(), b"here")

    def test_a_link_that_takes_the_place_of_a_folder_is_not_followed(self) -> None:
        (self.folder / "a").mkdir()
        self.write("a/file", "here")
        parts = self.root._resolve("a/file")
        (self.folder / "a").rename(self.folder / "b")
        (self.folder / "a").symlink_to("b")
        with self.assertRaises(OSError):
            self.root._open(parts)


class TestReading(WithRoot):
    def test_encodings_are_told_apart(self) -> None:
        text = "name;city\nJürgen;Köln\n"
        for encoding, told in [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("utf-16", "utf-16"),
            ("windows-1252", "windows-1252"),
        ]:
            read = self.table(
                text.encode(encoding), lambda table: (table.columns, list(table), table.reading().encoding)
            )
            self.assertEqual(read, (["name", "city"], [["Jürgen", "Köln"]], told))

    def test_a_mark_is_no_letter_of_the_first_column(self) -> None:
        for encoding in ("auto", "utf-8", "windows-1252"):
            content = "name,n\nÄ,1\n".encode("utf-8-sig")
            read = self.table(content, lambda table: (table.columns[0], list(table)), Dialect(encoding=encoding))
            self.assertEqual(read, ("name", [["Ä", "1"]]))

    def test_what_is_no_text_says_what_to_do(self) -> None:
        cases: list[tuple[bytes, Encoding, str]] = [
            (b"\x89PNG\0\0", "auto", "is binary, or UTF-16 without a mark"),
            ("ü".encode("latin-1"), "utf-8", "is not utf-8; give another encoding"),
            (b"a,b\n" * 40_000 + b"\xff,\xff\n", "auto", "line 40001 is not utf-8; give encoding"),
            (b"", "auto", "is empty"),
        ]
        for content, encoding, why in cases:
            with self.assertRaisesRegex(ValueError, why):
                self.table(content, list, Dialect(encoding=encoding))

    def test_delimiters_are_told_apart(self) -> None:
        for sign, name in [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")]:
            content = f'a{sign}b{sign}c\n"1,5;|"{sign}2{sign}3\n4{sign}5{sign}6\n'
            told = self.table(content, lambda table: (len(table.columns), table.reading().delimiter))
            self.assertEqual(told, (3, name))

    def test_one_column_needs_no_delimiter(self) -> None:
        self.assertEqual(self.table("n\n1\n2\n", lambda table: (table.columns, list(table))), (["n"], [["1"], ["2"]]))

    def test_a_delimiter_that_cannot_be_told_is_asked_for(self) -> None:
        with self.assertRaisesRegex(ValueError, "delimiter cannot be told"):
            self.table("a, b\nc\nd, e, f\ng, h, i, j\nk\n", list)

    def test_rows_are_made_even_and_names_unique(self) -> None:
        def read(table: Table) -> tuple[list[str], list[list[str]], int]:
            rows = list(table)
            return table.columns, rows, table.reading().uneven_rows

        found = self.table("a,,a\n1\n1,2,3,4\n\n5,6,7\n", read, Dialect(delimiter="comma"))
        self.assertEqual(found, (["a", "column2", "a_2"], [["1", "", ""], ["1", "2", "3"], ["5", "6", "7"]], 2))

    def test_a_quote_that_is_not_closed_says_where(self) -> None:
        with self.assertRaisesRegex(ValueError, "line .*is a quote not closed"):
            self.table('a,b\n1,"2\n' + "x,y\n" * 50_000, list, Dialect(delimiter="comma"))

    def test_what_a_step_raises_ends_the_reading(self) -> None:
        def step(done: float, total: float, message: str) -> None:
            if done > 0:
                raise InterruptedError

        with self.root.open(self.write("t.csv", "a\n" + "1\n" * 9000)) as file:
            with self.assertRaises(InterruptedError), open_table(file, Dialect(), 10_000, step) as table:
                list(table)
            self.assertLess(table.reading().rows, 9000)

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "needs pyarrow: make parquet")
    def test_parquet_is_read_as_csv_is(self) -> None:
        import pyarrow
        import pyarrow.parquet

        made = pyarrow.table({"n": [1, None, 3], "ok": [True, False, None], "s": ["a", "b", "c"]})
        pyarrow.parquet.write_table(made, self.folder / "t.parquet")
        with self.root.open("t.parquet") as file, open_table(file, Dialect(), 10, no_step) as table:
            self.assertEqual(list(table), [["1", "true", "a"], ["", "false", "b"], ["3", "", "c"]])

    @unittest.skipIf(importlib.util.find_spec("pyarrow"), "needs no pyarrow")
    def test_parquet_says_what_it_needs(self) -> None:
        with self.root.open(self.write("t.parquet", "x")) as file:
            with self.assertRaisesRegex(ValueError, "needs pyarrow"), open_table(file, Dialect(), 10, no_step):
                pass


class TestDescribe(WithRoot):
    def test_cells_are_what_they_look_like(self) -> None:
        cases = {"0": "integer", "-12": "integer", "007": "text", "1.": "number", ".5": "number", "1e3": "number"}
        cases |= {
            "1e999": "text",
            "1e200": "text",
            "12345678901234567890": "text",
            "yes": "boolean",
            "2026-02-30": "date",
        }
        cases |= {"2026-13-01": "text", "2026-01-02T03:04Z": "datetime", "inf": "text", "1_000": "text", "٣": "text"}
        self.assertEqual({cell: kind_of(cell) for cell in cases}, cases)
        self.assertEqual((number("1,5"), number("1,5", decimal_comma=True)), (None, 1.5))
        self.assertEqual(joined("integer", "date"), "text")

    def test_numbers_have_figures(self) -> None:
        found = self.columns("n\n1\n2\nNA\n3\n10\n")["n"]
        self.assertEqual((found.type, found.count, found.missing, found.distinct), ("integer", 4, 1, 4))
        self.assertEqual((found.min, found.max, found.mean, found.median), (1, 10, 4, 2.5))
        self.assertAlmostEqual(found.stddev or 0, 4.0825, 4)

    def test_a_column_of_numbers_and_words_is_text(self) -> None:
        found = self.columns("n\n1\nx\n1\n")["n"]
        self.assertEqual(
            (found.type, found.min, [(one.value, one.count) for one in found.top or []]),
            ("text", None, [("1", 2), ("x", 1)]),
        )

    def test_a_comma_is_decimal_where_semicolons_separate(self) -> None:
        found = self.columns("a;b\n1,5;x\n2;y\n")["a"]
        self.assertEqual((found.type, found.max), ("number", 2))

    def test_dates_have_a_first_and_a_last(self) -> None:
        found = self.columns("d\n2026-03-01\n2025-12-31\n")["d"]
        self.assertEqual((found.type, found.min, found.max), ("date", "2025-12-31", "2026-03-01"))

    def test_an_empty_column_has_no_figures(self) -> None:
        found = self.columns("a,b\n,1\n,2\n")["a"]
        self.assertEqual((found.type, found.missing, found.mean, found.top), ("empty", 2, None, None))

    def test_no_more_than_so_many_values_are_told_apart(self) -> None:
        found = self.columns("n\n" + "".join(f"{i}\n" for i in range(MAX_DISTINCT + 5)))["n"]
        self.assertEqual((found.distinct, found.distinct_exact, found.max), (MAX_DISTINCT, False, MAX_DISTINCT + 4))


class TestQuery(WithRoot):
    DATA = "city,n,ok\nBonn,2,yes\nAachen,10,no\nBonn,,yes\nUlm,7,no\n"

    def cities(self, *where: Condition, **asked: Any) -> list[Any]:
        return [row[0] for row in self.query(self.DATA, where=where, columns=["city"], **asked).rows]

    def test_each_operator_does_what_it_says(self) -> None:
        for condition, cities in [
            (Condition("n", "=", 2), ["Bonn"]),
            (Condition("n", "!=", 2), ["Aachen", "Ulm"]),
            (Condition("n", ">", 2), ["Aachen", "Ulm"]),
            (Condition("n", "<=", 7), ["Bonn", "Ulm"]),
            (Condition("city", "<", "Bonn"), ["Aachen"]),
            (Condition("city", ">=", "Bonn"), ["Bonn", "Bonn", "Ulm"]),
            (Condition("n", "in", values=[2, "10"]), ["Bonn", "Aachen"]),
            (Condition("city", "contains", "ache"), ["Aachen"]),
            (Condition("city", "starts_with", "B"), ["Bonn", "Bonn"]),
            (Condition("city", "ends_with", "m"), ["Ulm"]),
            (Condition("n", "missing"), ["Bonn"]),
            (Condition("n", "present"), ["Bonn", "Aachen", "Ulm"]),
            (Condition("ok", "=", False), ["Aachen", "Ulm"]),
        ]:
            self.assertEqual(self.cities(condition), cities, condition)

    def test_conditions_that_make_no_sense_are_refused(self) -> None:
        for condition, why in [
            (Condition("n", "="), "needs a value"),
            (Condition("n", "in"), "needs values"),
            (Condition("n", "contains", 1), "needs a text"),
            (Condition("ok", "<", True), "does not compare"),
            (Condition("gone", "=", 1), "no column 'gone'; there are city, n, ok"),
        ]:
            with self.assertRaisesRegex(ValueError, why):
                self.cities(condition)

    def test_numbers_are_ordered_as_numbers_and_missing_ones_come_last(self) -> None:
        self.assertEqual(self.cities(order_by="n"), ["Bonn", "Ulm", "Aachen", "Bonn"])
        self.assertEqual(self.cities(order_by="n", descending=True), ["Aachen", "Ulm", "Bonn", "Bonn"])

    def test_a_decimal_comma_counts_in_every_comparison(self) -> None:
        found = self.query("a;b\n10,5;x\n9,25;y\n", where=[Condition("a", ">", 9)], order_by="a")
        self.assertEqual([row[0] for row in found.rows], ["9,25", "10,5"])

    def test_a_limit_tells_that_there_are_more(self) -> None:
        for order in ("", "n"):
            found = self.query(self.DATA, limit=3, order_by=order)
            self.assertEqual((len(found.rows), found.more, found.matched_rows), (3, True, 4))
        self.assertFalse(self.query(self.DATA, limit=4).more)

    def test_groups_have_figures(self) -> None:
        functions = ["count", "count_distinct", "sum", "mean", "median", "stddev", "min", "max"]
        figures = [Aggregate(function, "n") for function in functions]  # type: ignore[arg-type]
        found = self.query("k,n\na,1\na,3\nb,\nb,x\na,2\n", group_by=["k"], aggregates=figures)
        self.assertEqual(found.columns, ["k", *(f"{function}_n" for function in functions)])
        self.assertEqual(found.rows[0], ["a", 3, 3, 6, 2, 2, 1, 1, 3])
        self.assertEqual(found.rows[1], ["b", 1, 1, 0, None, None, None, None, None])

    def test_aggregates_without_groups_make_one_row(self) -> None:
        asked = [Aggregate("count", name="rows"), Aggregate("max", "n")]
        found = self.query(self.DATA, where=[Condition("n", ">", 99)], aggregates=asked)
        self.assertEqual((found.columns, found.rows), (["rows", "max_n"], [[0, None]]))

    def test_rows_can_be_ordered_by_what_is_not_returned(self) -> None:
        found = self.query(self.DATA, columns=["ok"], order_by="city")
        self.assertEqual((found.columns, found.rows), (["ok"], [["no"], ["yes"], ["yes"], ["no"]]))


class TestCompare(WithRoot):
    def compare(self, one: str, other: str, key: list[str], limit: int = 10) -> Comparison:
        with self.root.open(self.write("a.csv", one)) as before, self.root.open(self.write("b.csv", other)) as after:
            with (
                open_table(before, Dialect(), 100, no_step) as old,
                open_table(after, Dialect(), 100, no_step) as new,
            ):
                return compare(old, new, key, limit)

    def test_rows_are_found_by_their_key(self) -> None:
        found = self.compare("k,v,w\n1,a,1.50\n2,b,\n3,c,3\n", "w,v,k,x\n1.5,a,1,\n7,B,2,\n4,d,4,\n", ["k"])
        self.assertEqual((found.rows_equal, found.rows_changed, found.rows_added, found.rows_removed), (1, 1, 1, 1))
        self.assertEqual((found.added, found.removed, found.columns_added), ([["4"]], [["3"]], ["x"]))
        self.assertEqual([(c.column, c.before, c.after) for c in found.changes], [("v", "b", "B"), ("w", "", "7")])

    def test_numbers_are_the_same_however_they_are_written(self) -> None:
        found = self.compare("k;v\n1;1,50\n2;1,5\n", "k,v\n1,1.5\n2,1.6\n", ["k"])
        self.assertEqual((found.rows_equal, [change.key for change in found.changes]), (1, [["2"]]))

    def test_a_limit_cuts_the_lists_and_no_count(self) -> None:
        one = "k,v\n" + "".join(f"{i},a\n" for i in range(9))
        found = self.compare(one, one.replace("a", "b").replace("0,b\n", "x,b\ny,b\n"), ["k"], limit=1)
        self.assertEqual((found.rows_changed, found.rows_added, found.rows_removed), (8, 2, 1))
        self.assertEqual((len(found.changes), len(found.added), len(found.removed)), (1, 1, 1))

    def test_a_key_that_tells_no_rows_apart_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "b.csv: the key 1 is there twice"):
            self.compare("k,v\n1,a\n", "k,v\n1,a\n1,b\n", ["k"])


class TestText(WithRoot):
    def describe(self, content: str) -> TextDescription:
        with self.root.open(self.write("t.txt", content)) as file:
            return describe_text(file, "auto", 2, True, no_step)

    def test_sentences_end_where_a_reader_says_so(self) -> None:
        for text, sentences in [
            ("One. Two! Three? Four", 4),
            ("It costs 3.50 today.", 1),
            ("Dr. Who came, e.g. at night.", 1),
            ("Wait... what?!", 2),
            ("A heading\n\nA sentence that\ngoes on.\n", 2),
            ("...", 0),
        ]:
            self.assertEqual(self.describe(text).sentences, sentences, text)

    def test_words_lines_and_paragraphs_are_counted(self) -> None:
        found = self.describe("It's the well-known harbour.\nHarbour!\n\nÉtude no. 5\n")
        self.assertEqual((found.words, found.lines, found.paragraphs), (7, 4, 2))
        self.assertEqual([(one.word, one.count) for one in found.frequent_words], [("harbour", 2), ("it's", 1)])
        self.assertEqual([(one.line, one.length) for one in found.longest_lines], [(1, 28), (4, 11)])

    def test_an_empty_text_has_no_figures(self) -> None:
        found = self.describe("")
        self.assertEqual((found.words, found.reading_ease, found.words_per_sentence), (0, None, None))

    def test_short_words_are_easier_to_read_than_long_ones(self) -> None:
        easy, hard = (
            self.describe("The cat sat on the mat."),
            self.describe("Institutional considerations necessitate it."),
        )
        self.assertEqual(easy.reading_ease, 116.1)
        self.assertLess(hard.reading_ease or 0, 0)
        self.assertEqual([syllables(word) for word in ("cat", "table", "make", "free", "harbour")], [1, 2, 1, 1, 2])


if __name__ == "__main__":
    unittest.main()
