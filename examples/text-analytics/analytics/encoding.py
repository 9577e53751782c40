# SPDX-License-Identifier: Apache-2.0

"""Tells in which encoding a file is written, and reads it as text."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, Literal

from .root import File

Encoding = Literal[
    "auto", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1",
    "iso-8859-2", "iso-8859-15", "mac-roman", "koi8-r", "shift_jis", "euc-jp", "euc-kr", "gb18030", "big5",
]  # fmt: skip

SAMPLE = 64 << 10
"""How many bytes are looked at to tell encoding and delimiter."""

_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]


def told(file: File, asked: Encoding) -> tuple[str, str]:
    """The file's encoding, and its beginning as text. The file is at its beginning again. ValueError: it is no text."""
    start = file.stream.read(SAMPLE)
    file.stream.seek(0)
    # UTF-8's mark is in no other encoding, and not to be taken for a letter.
    marked = start.startswith(codecs.BOM_UTF8)
    encoding = _detected(file.path, start) if asked == "auto" or marked else asked
    try:
        # What the sample cuts in two at its end is no mistake.
        return encoding, codecs.getincrementaldecoder(encoding)().decode(start, final=len(start) < SAMPLE)
    except UnicodeError:
        raise ValueError(f"{file.path}: is not {encoding}; give another encoding") from None


def as_text(stream: BinaryIO, encoding: str, newline: str | None = None) -> io.TextIOWrapper:
    """The stream as text. UnicodeDecodeError comes up where it is none."""
    return io.TextIOWrapper(stream, encoding=encoding, newline=newline)


def undecodable(path: str, lines: int, err: UnicodeDecodeError) -> ValueError:
    """What to say of a mistake after so many lines: it is found in what was read ahead of them."""
    line = lines + err.object.count(b"\n", 0, err.start) + 1
    return ValueError(f"{path}: line {line} is not {err.encoding}; give encoding")


def _detected(path: str, start: bytes) -> str:
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        raise ValueError(f"{path}: is binary, or UTF-16 without a mark; if it is text, give its encoding")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=len(start) < SAMPLE)
    except UnicodeDecodeError:
        return "windows-1252"  # a guess, which the result names
    return "utf-8"
