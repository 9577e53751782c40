# SPDX-License-Identifier: Apache-2.0

import pytest

from mcphost_plugin import DeclarationError
from mcphost_plugin.template import Template


@pytest.mark.parametrize(
    ("template", "uri", "want"),
    [
        ("a://{x}", "a://b", {"x": "b"}),
        ("a://{x}", "a://b/c", None),
        ("a://{x}", "a://", None),
        ("a://{+x}", "a://b/c?d", {"x": "b/c?d"}),
        ("a://{x}/{y}.txt", "a://b/c.txt", {"x": "b", "y": "c"}),
        ("a://{x}", "a://%C5%BC%2F", {"x": "ż/"}),
        ("a://fixed", "a://fixed", {}),
        ("a.b://{x}", "aXb://c", None),
    ],
)
def test_uris_are_matched(template: str, uri: str, want: dict[str, str] | None) -> None:
    assert Template(template).match(uri) == want


@pytest.mark.parametrize("text", ["a://{", "a://}", "a://{x*}", "a://{?q}", "a://{x}{x}", "a://{}"])
def test_other_expressions_are_refused(text: str) -> None:
    with pytest.raises(DeclarationError):
        Template(text)
