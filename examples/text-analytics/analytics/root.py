# SPDX-License-Identifier: Apache-2.0

"""Opens files below one folder, and no others."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAX_ENTRIES = 10_000
"""How many files and folders a listing visits."""

# A FIFO is not to be waited for, and no link to be followed behind our back.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_BELOW = {os.open, os.stat} <= os.supports_dir_fd


class NotBelowRootError(ValueError):
    """There is no such file, as far as the root reaches."""


@dataclass(frozen=True)
class File:
    """A file that is open."""

    path: str
    """As the caller named it."""
    stream: BinaryIO
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Listed:
    """A file of a listing."""

    path: str
    bytes: int


class Root:
    """The folder that may be read. ValueError: there is none."""

    def __init__(self, folder: str, max_bytes: int) -> None:
        self._folder = Path(os.path.realpath(Path(folder).expanduser()))
        self._max_bytes = max_bytes
        if not self._folder.is_dir():
            raise ValueError(f"root: {folder!r} is no folder; set root to the folder to read")

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[File]:
        """Opens a file. ValueError: it is not below the root, no regular file, or too large."""
        parts = self._resolve(path)
        try:
            handle = self._open(parts)
        except (FileNotFoundError, NotADirectoryError):
            raise self._no(path) from None
        except OSError as err:
            raise ValueError(f"{path}: cannot be read: {err.strerror}") from None
        try:
            size = self._checked(path, os.fstat(handle))
        except ValueError:
            os.close(handle)
            raise
        with os.fdopen(handle, "rb") as stream:
            yield File(path, stream, size)

    def list(self, glob: str = "*") -> tuple[list[Listed], bool]:
        """The files whose path matches, in order, and whether these are all. Links are left out."""
        found, visited = list[Listed](), 0
        for folder, folders, names in os.walk(self._folder):
            folders.sort()
            visited += 1 + len(names)
            if visited > MAX_ENTRIES:
                return sorted(found, key=lambda one: one.path), False
            for name in sorted(names):
                path = Path(folder, name)
                relative = path.relative_to(self._folder).as_posix()
                if not (fnmatch.fnmatch(relative, glob) or fnmatch.fnmatch(name, glob)):
                    continue
                with contextlib.suppress(OSError):  # gone meanwhile
                    info = path.lstat()
                    if stat.S_ISREG(info.st_mode):
                        found.append(Listed(relative, info.st_size))
        return sorted(found, key=lambda one: one.path), True

    def _checked(self, path: str, info: os.stat_result) -> int:
        """The size of a file that may be read."""
        if not stat.S_ISREG(info.st_mode):
            raise ValueError(f"{path}: is no file; see the tool list_files")
        if info.st_size > self._max_bytes:
            raise ValueError(
                f"{path}: has {info.st_size} bytes, {self._max_bytes} are allowed; "
                "the operator can raise the setting max_bytes"
            )
        return info.st_size

    def _resolve(self, path: str) -> tuple[str, ...]:
        """The path below the root with its links followed, as long as they stay there."""
        if "\0" in path or os.path.isabs(path) or Path(path).drive:
            raise ValueError(f"{path!r} is not allowed: paths are relative to the root; see the tool list_files")
        real = Path(os.path.realpath(self._folder / path))
        if not real.is_relative_to(self._folder):
            raise self._no(path)
        return real.relative_to(self._folder).parts

    def _open(self, parts: tuple[str, ...]) -> int:
        if not _BELOW or not parts:
            return os.open(self._folder.joinpath(*parts), _FLAGS)
        # Each step starts at a folder that is open: who replaces one by a link
        # after _resolve has looked gains nothing.
        at = os.open(self._folder, _FLAGS)
        for part in parts:
            try:
                below = os.open(part, _FLAGS, dir_fd=at)
            finally:
                os.close(at)
            at = below
        return at

    def _no(self, path: str) -> NotBelowRootError:
        # Whether it is there is nobody's business if it is outside.
        return NotBelowRootError(f"there is no {path!r} below the root; see the tool list_files")
