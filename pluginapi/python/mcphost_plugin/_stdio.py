# SPDX-License-Identifier: Apache-2.0

"""Keeps the pipes and the variables of the host, where one has started us, from
everybody else: other modules of this process, and its children.

Importing this module is what does it: whatever is imported and prints after it
prints to standard error, the operator's log, and reads nothing from standard
input. It knows nothing of plugins.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from typing import Final, TextIO

# The cookie tells a host from a person; it is no secret.
COOKIE_NAME: Final = "MCPHOST_PLUGIN"
COOKIE: Final = "mcphost-plugin-v1"


# What go-plugin tells a plugin. A child of ours must not take itself for one.
_HANDSHAKE_VARIABLES: Final = (
    COOKIE_NAME,
    "PLUGIN_CLIENT_CERT",
    "PLUGIN_MAX_PORT",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MULTIPLEX_GRPC",
    "PLUGIN_PROTOCOL_VERSIONS",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_UNIX_SOCKET_GROUP",
)


@dataclass(frozen=True)
class Host:
    """What the host has given this process."""

    handshake: TextIO
    """Where the handshake line goes."""
    life: int | None
    """The descriptor of the pipe that the host never writes to, and whose end is the host's."""
    socket_dir: str | None
    """Where the socket belongs."""


def _guard() -> Host | None:
    if os.environ.get(COOKIE_NAME) != COOKIE:
        return None
    said = {name: os.environ.pop(name, None) for name in _HANDSHAKE_VARIABLES}
    life = _take_stdin()
    handshake = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log that comes at the end is none
    return Host(handshake, life, said["PLUGIN_UNIX_SOCKET_DIR"] or None)


def _take_stdin() -> int | None:
    """Puts the null device in place of standard input, which children inherit: one
    that read the host's pipe would wait forever."""
    life = None
    with contextlib.suppress(OSError):  # there is none
        life = os.dup(0)  # closed in children
    null = os.open(os.devnull, os.O_RDONLY)
    if null != 0:
        os.dup2(null, 0)
        os.close(null)
    return life


HOST: Final = _guard()
"""None: no host has started this process."""
