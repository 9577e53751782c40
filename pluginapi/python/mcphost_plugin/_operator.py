# SPDX-License-Identifier: Apache-2.0

"""Writes Python's logging to standard error, in the form that the host reads."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

_LEVELS = {"WARNING": "warn", "CRITICAL": "error", "NOTSET": "trace"}


class Formatter(logging.Formatter):
    """One line of JSON for each record, as go-hclog has it."""

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        said = {
            "@level": _LEVELS.get(record.levelname, record.levelname.lower()),
            "@message": text,
            "@module": record.name,
            "@timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
        }
        return json.dumps(said, ensure_ascii=False)


def to_the_operator() -> None:
    """Has the root logger write to standard error, unless the author has set it up."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
