# SPDX-License-Identifier: Apache-2.0

"""Matches URIs against templates: RFC 6570, {name} and {+name}."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .errors import DeclarationError

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"(\+?)([A-Za-z0-9_.]+)")
# What a value may hold: unreserved characters and escapes; with + reserved ones.
_SIMPLE = r"(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+"
_RESERVED = r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"


class Template:
    """A URI template, to be matched. {+name} matches across slashes."""

    def __init__(self, text: str) -> None:
        pattern, end, self.names = "", 0, list[str]()
        for found in _EXPRESSION.finditer(text):
            name = _NAME.fullmatch(found[1])
            if name is None:
                raise DeclarationError(f"template {text}: {found[0]} is none of {{name}} and {{+name}}")
            if name[2] in self.names:
                raise DeclarationError(f"template {text}: {name[2]} is there twice")
            self.names.append(name[2])
            pattern += re.escape(text[end : found.start()]) + f"({_RESERVED if name[1] else _SIMPLE})"
            end = found.end()
        if "{" in (rest := _EXPRESSION.sub("", text)) or "}" in rest:
            raise DeclarationError(f"template {text}: a brace has no partner")
        self._pattern = re.compile(pattern + re.escape(text[end:]))

    def match(self, uri: str) -> dict[str, str] | None:
        """The variables as the URI gives them, decoded; None if it is another's."""
        found = self._pattern.fullmatch(uri)
        if found is None:
            return None
        return {name: unquote(value) for name, value in zip(self.names, found.groups(), strict=True)}
