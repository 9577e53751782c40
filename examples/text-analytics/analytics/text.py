# SPDX-License-Identifier: Apache-2.0

"""Counts what a text is made of, and tells how easy it is to read."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from . import STEP, Step
from .encoding import Encoding, as_text, told, undecodable
from .root import File
from .values import shown

MAX_DISTINCT = 200_000
"""So many distinct words are told apart."""
MAX_TOP = 100
"""The most words and lines of an answer."""

# A word, or the end of a sentence: a mark that no letter or digit follows, as in 3.14.
_TOKEN = re.compile(r"(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)|(?P<end>[.!?…]+)(?=\W|$)")  # noqa: RUF001
_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôûå]+")
_ABBREVIATIONS = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "no", "vol", "fig", "approx"})
# Words that say nothing of what a text is about.
STOP_WORDS = frozenset(
    "a about after all also an and any are as at be because been but by can could did do does for from had has have he "
    "her him his how i if in into is it its just me more most my no nor not of on one only or other our out over she "
    "so some such than that the their them then there these they this those to too under up very was we were what when "
    "where which while who why will with would you your".split()
)


@dataclass(frozen=True)
class Word:
    """A word and how often it is there."""

    word: str
    count: int


@dataclass(frozen=True)
class Line:
    """A line, from 1, and how long it is in characters."""

    line: int
    length: int
    text: str


@dataclass(frozen=True)
class TextDescription:
    """What a text is made of."""

    path: str
    encoding: str
    characters: int
    lines: int
    paragraphs: int
    sentences: int
    words: int
    distinct_words: int
    distinct_exact: Annotated[bool, f"whether these are all; beyond {MAX_DISTINCT} new ones are not counted"]
    words_per_sentence: float | None
    reading_ease: Annotated[
        float | None, "Flesch's, for English: 90 is very easy, 60 is plain, 30 is difficult; null without words"
    ]
    reading_minutes: Annotated[float, "at 230 words a minute"]
    frequent_words: list[Word]
    longest_lines: list[Line]


def describe_text(file: File, encoding: Encoding, top: int, stop_words: bool, step: Step) -> TextDescription:
    """Reads a text. ValueError: it is none."""
    known, _ = told(file, encoding)
    text = as_text(file.stream, known)
    counts = _Counts(lambda: step(file.stream.tell(), file.size, f"{file.path}: {counts.words} words"))
    try:
        for line in text:
            counts.add(line)
    except UnicodeDecodeError as err:
        raise undecodable(file.path, counts.lines, err) from None
    finally:
        text.detach()  # closing it would close the file, which is not ours
    counts.end_sentence()
    return counts.description(file.path, known, top, stop_words)


class _Counts:
    """What was counted so far."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step
        self.lines = self.words = 0
        self._characters = self._paragraphs = self._sentences = self._syllables = 0
        self._found: Counter[str] = Counter()
        self._exact = True
        self._in_paragraph = False
        self._last = ""  # word of the sentence that has begun
        self._longest: list[tuple[int, int, str]] = []

    def add(self, line: str) -> None:
        if self.lines % STEP == 0:
            self._step()
        self.lines += 1
        self._characters += len(line)
        line = line.rstrip("\n")
        self._keep_if_long(line)
        if not line.strip():
            self.end_sentence()  # as a heading's does
            self._in_paragraph = False
            return
        self._paragraphs += not self._in_paragraph
        self._in_paragraph = True
        for token in _TOKEN.finditer(line):
            if token["word"]:
                self._add_word(token["word"].lower())
            elif token["end"] != "." or not (self._last in _ABBREVIATIONS or len(self._last) == 1):
                self.end_sentence()

    def end_sentence(self) -> None:
        """Ends the sentence, if one has begun."""
        self._sentences += self._last != ""
        self._last = ""

    def description(self, path: str, encoding: str, top: int, stop_words: bool) -> TextDescription:
        words, sentences = self.words, self._sentences
        frequent = Counter({w: n for w, n in self._found.items() if not (stop_words and w in STOP_WORDS)})
        ease = 206.835 - 1.015 * words / sentences - 84.6 * self._syllables / words if words else None
        return TextDescription(
            path=path,
            encoding=encoding,
            characters=self._characters,
            lines=self.lines,
            paragraphs=self._paragraphs,
            sentences=sentences,
            words=words,
            distinct_words=len(self._found),
            distinct_exact=self._exact,
            words_per_sentence=round(words / sentences, 2) if sentences else None,
            reading_ease=None if ease is None else round(ease, 1),
            reading_minutes=round(words / 230, 1),
            frequent_words=[Word(shown(word), n) for word, n in frequent.most_common(top)],
            longest_lines=[
                Line(-n, length, shown(line)) for length, n, line in sorted(self._longest, reverse=True)[:top]
            ],
        )

    def _keep_if_long(self, line: str) -> None:
        # Negative numbers: of lines of one length the first stay.
        one = (len(line), -self.lines, line)
        if len(self._longest) < MAX_TOP:
            heapq.heappush(self._longest, one)
        elif one > self._longest[0]:
            heapq.heapreplace(self._longest, one)

    def _add_word(self, word: str) -> None:
        self._last = word
        self.words += 1
        if self.words % STEP == 0:
            self._step()
        self._syllables += syllables(word)
        if word in self._found or len(self._found) < MAX_DISTINCT:
            self._found[word] += 1
        else:
            self._exact = False


def syllables(word: str) -> int:
    """How many syllables an English word has, nearly."""
    found = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and found > 1
    return max(1, found - silent)
