# SPDX-License-Identifier: Apache-2.0

"""What all messages of the protocol share: JSON, text and limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

MAX_MESSAGE_SIZE: Final = 64 << 20
"""The largest message, in bytes, that host and plugins exchange."""


def dump(value: Any) -> bytes:
    """JSON in its shortest form. ValueError or TypeError: the value has none."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def dump_meta(meta: Mapping[str, Any] | None) -> bytes:
    """A "_meta", of which none is no bytes."""
    return b"" if meta is None else dump(dict(meta))


def valid_text(text: str) -> str:
    """The text with what UTF-8 cannot hold, lone surrogates, replaced."""
    return text.encode("utf-8", "replace").decode()
