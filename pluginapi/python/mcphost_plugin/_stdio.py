# SPDX-License-Identifier: Apache-2.0

"""Keeps standard output for the handshake line, where a host started us.

Importing this module is what does it: whatever is imported and prints after it
prints to standard error, the operator's log. It knows nothing of plugins.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Final, TextIO

# The cookie tells a host from a person; it is no secret.
COOKIE_NAME: Final = "MCPHOST_PLUGIN"
COOKIE: Final = "mcphost-plugin-v1"


def _guard() -> TextIO | None:
    if os.environ.get(COOKIE_NAME) != COOKIE:
        return None
    # Children of this process must not take themselves for plugins.
    del os.environ[COOKIE_NAME]
    handshake = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log that comes at the end is none
    return handshake


HANDSHAKE: Final = _guard()
"""Where the handshake line goes. None: no host has started this process."""
