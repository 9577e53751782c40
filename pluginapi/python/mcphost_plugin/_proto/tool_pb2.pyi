from . import content_pb2 as _content_pb2
from . import context_pb2 as _context_pb2
from . import plugin_pb2 as _plugin_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListToolsRequest(_message.Message):
    __slots__ = ("page_token",)
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_token: str
    def __init__(self, page_token: _Optional[str] = ...) -> None: ...

class ListToolsResponse(_message.Message):
    __slots__ = ("tools", "next_page_token", "revision")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    tools: _containers.RepeatedCompositeFieldContainer[Tool]
    next_page_token: str
    revision: str
    def __init__(self, tools: _Optional[_Iterable[_Union[Tool, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[str] = ...) -> None: ...

class Tool(_message.Message):
    __slots__ = ("name", "title", "description", "input_schema_json", "output_schema_json", "annotations", "icons", "meta_json", "requires")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INPUT_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUIRES_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    description: str
    input_schema_json: bytes
    output_schema_json: bytes
    annotations: ToolAnnotations
    icons: _containers.RepeatedCompositeFieldContainer[_plugin_pb2.Icon]
    meta_json: bytes
    requires: _context_pb2.ClientCapabilities
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., input_schema_json: _Optional[bytes] = ..., output_schema_json: _Optional[bytes] = ..., annotations: _Optional[_Union[ToolAnnotations, _Mapping]] = ..., icons: _Optional[_Iterable[_Union[_plugin_pb2.Icon, _Mapping]]] = ..., meta_json: _Optional[bytes] = ..., requires: _Optional[_Union[_context_pb2.ClientCapabilities, _Mapping]] = ...) -> None: ...

class ToolAnnotations(_message.Message):
    __slots__ = ("title", "read_only", "destructive", "idempotent", "open_world")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    DESTRUCTIVE_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENT_FIELD_NUMBER: _ClassVar[int]
    OPEN_WORLD_FIELD_NUMBER: _ClassVar[int]
    title: str
    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool
    def __init__(self, title: _Optional[str] = ..., read_only: bool = ..., destructive: bool = ..., idempotent: bool = ..., open_world: bool = ...) -> None: ...

class CallToolRequest(_message.Message):
    __slots__ = ("context", "name", "arguments_json", "resumption")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_JSON_FIELD_NUMBER: _ClassVar[int]
    RESUMPTION_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.CallContext
    name: str
    arguments_json: bytes
    resumption: _context_pb2.Resumption
    def __init__(self, context: _Optional[_Union[_context_pb2.CallContext, _Mapping]] = ..., name: _Optional[str] = ..., arguments_json: _Optional[bytes] = ..., resumption: _Optional[_Union[_context_pb2.Resumption, _Mapping]] = ...) -> None: ...

class CallToolResponse(_message.Message):
    __slots__ = ("progress", "log", "release_stream", "result", "input_required", "error")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    RELEASE_STREAM_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    INPUT_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    progress: _context_pb2.Progress
    log: _context_pb2.Log
    release_stream: _context_pb2.ReleaseStream
    result: CallToolResult
    input_required: _context_pb2.InputRequired
    error: _context_pb2.ProtocolError
    def __init__(self, progress: _Optional[_Union[_context_pb2.Progress, _Mapping]] = ..., log: _Optional[_Union[_context_pb2.Log, _Mapping]] = ..., release_stream: _Optional[_Union[_context_pb2.ReleaseStream, _Mapping]] = ..., result: _Optional[_Union[CallToolResult, _Mapping]] = ..., input_required: _Optional[_Union[_context_pb2.InputRequired, _Mapping]] = ..., error: _Optional[_Union[_context_pb2.ProtocolError, _Mapping]] = ...) -> None: ...

class CallToolResult(_message.Message):
    __slots__ = ("content", "structured_content_json", "is_error", "meta_json")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    STRUCTURED_CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    IS_ERROR_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    content: _containers.RepeatedCompositeFieldContainer[_content_pb2.ContentBlock]
    structured_content_json: bytes
    is_error: bool
    meta_json: bytes
    def __init__(self, content: _Optional[_Iterable[_Union[_content_pb2.ContentBlock, _Mapping]]] = ..., structured_content_json: _Optional[bytes] = ..., is_error: bool = ..., meta_json: _Optional[bytes] = ...) -> None: ...
