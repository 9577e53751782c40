# SPDX-License-Identifier: Apache-2.0

"""Turns Python functions into a plugin of mcphost.

A plugin is a process that offers tools, resources, prompts and completions to
every client of the host. This package knows the plugin protocol and the
handshake that starts it. It knows nothing of MCP's versions, transports and
sessions: the host bridges those. A whole plugin:

    from typing import Annotated
    from mcphost_plugin import Plugin

    plugin = Plugin("greet", "1.0.0")

    @plugin.tool(read_only=True)
    async def greet(who: Annotated[str, "whom to greet"]) -> str:
        \"\"\"Say hello to someone.\"\"\"
        return f"Hello, {who}!"

    if __name__ == "__main__":
        plugin.run()
"""

from . import _stdio as _stdio  # first: whatever prints after it prints to standard error
from .call import caller, cancelled, log, logger, progress, release_stream
from .caller import CallInfo, Capabilities, Client, LogLevel, Principal
from .content import (
    Annotations,
    Audio,
    Content,
    EmbeddedResource,
    Icon,
    Image,
    Raw,
    ResourceContents,
    ResourceLink,
    Role,
    Text,
)
from .errors import (
    DeclarationError,
    ErrorCode,
    ProtocolError,
    QuestionError,
    ToolError,
    invalid_params,
    missing_capability,
    not_found,
)
from .exchange import Answer, Asked, InputRequest, InputRequired, Question
from .plugin import Ability, Plugin, prefix_completion
from .questions import (
    Action,
    Filled,
    Root,
    Sampled,
    SampleMessage,
    answers,
    ask,
    elicit,
    elicit_url,
    form_question,
    memo,
    memo_async,
    roots,
    roots_question,
    sample,
    sample_question,
    state,
    url_question,
)
from .results import Completion, PromptMessage, PromptResult, ReadResult, Result
from .schema import Field

__all__ = [
    "Ability",
    "Action",
    "Annotations",
    "Answer",
    "Asked",
    "Audio",
    "CallInfo",
    "Capabilities",
    "Client",
    "Completion",
    "Content",
    "DeclarationError",
    "EmbeddedResource",
    "ErrorCode",
    "Field",
    "Filled",
    "Icon",
    "Image",
    "InputRequest",
    "InputRequired",
    "LogLevel",
    "Plugin",
    "Principal",
    "PromptMessage",
    "PromptResult",
    "ProtocolError",
    "Question",
    "QuestionError",
    "Raw",
    "ReadResult",
    "ResourceContents",
    "ResourceLink",
    "Result",
    "Role",
    "Root",
    "SampleMessage",
    "Sampled",
    "Text",
    "ToolError",
    "answers",
    "ask",
    "caller",
    "cancelled",
    "elicit",
    "elicit_url",
    "form_question",
    "invalid_params",
    "log",
    "logger",
    "memo",
    "memo_async",
    "missing_capability",
    "not_found",
    "prefix_completion",
    "progress",
    "release_stream",
    "roots",
    "roots_question",
    "sample",
    "sample_question",
    "state",
    "url_question",
]  # fmt: skip
