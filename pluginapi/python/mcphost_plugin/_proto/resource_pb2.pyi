from . import content_pb2 as _content_pb2
from . import context_pb2 as _context_pb2
from . import plugin_pb2 as _plugin_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListResourcesRequest(_message.Message):
    __slots__ = ("page_token",)
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_token: str
    def __init__(self, page_token: _Optional[str] = ...) -> None: ...

class ListResourcesResponse(_message.Message):
    __slots__ = ("resources", "next_page_token", "revision")
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[Resource]
    next_page_token: str
    revision: str
    def __init__(self, resources: _Optional[_Iterable[_Union[Resource, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[str] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("uri", "name", "title", "description", "mime_type", "size", "annotations", "icons", "meta_json")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    title: str
    description: str
    mime_type: str
    size: int
    annotations: _plugin_pb2.Annotations
    icons: _containers.RepeatedCompositeFieldContainer[_plugin_pb2.Icon]
    meta_json: bytes
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., mime_type: _Optional[str] = ..., size: _Optional[int] = ..., annotations: _Optional[_Union[_plugin_pb2.Annotations, _Mapping]] = ..., icons: _Optional[_Iterable[_Union[_plugin_pb2.Icon, _Mapping]]] = ..., meta_json: _Optional[bytes] = ...) -> None: ...

class ListResourceTemplatesRequest(_message.Message):
    __slots__ = ("page_token",)
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_token: str
    def __init__(self, page_token: _Optional[str] = ...) -> None: ...

class ListResourceTemplatesResponse(_message.Message):
    __slots__ = ("resource_templates", "next_page_token", "revision")
    RESOURCE_TEMPLATES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    resource_templates: _containers.RepeatedCompositeFieldContainer[ResourceTemplate]
    next_page_token: str
    revision: str
    def __init__(self, resource_templates: _Optional[_Iterable[_Union[ResourceTemplate, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[str] = ...) -> None: ...

class ResourceTemplate(_message.Message):
    __slots__ = ("uri_template", "name", "title", "description", "mime_type", "annotations", "icons", "meta_json")
    URI_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    ICONS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    uri_template: str
    name: str
    title: str
    description: str
    mime_type: str
    annotations: _plugin_pb2.Annotations
    icons: _containers.RepeatedCompositeFieldContainer[_plugin_pb2.Icon]
    meta_json: bytes
    def __init__(self, uri_template: _Optional[str] = ..., name: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., mime_type: _Optional[str] = ..., annotations: _Optional[_Union[_plugin_pb2.Annotations, _Mapping]] = ..., icons: _Optional[_Iterable[_Union[_plugin_pb2.Icon, _Mapping]]] = ..., meta_json: _Optional[bytes] = ...) -> None: ...

class ReadResourceRequest(_message.Message):
    __slots__ = ("context", "uri", "resumption")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    RESUMPTION_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.CallContext
    uri: str
    resumption: _context_pb2.Resumption
    def __init__(self, context: _Optional[_Union[_context_pb2.CallContext, _Mapping]] = ..., uri: _Optional[str] = ..., resumption: _Optional[_Union[_context_pb2.Resumption, _Mapping]] = ...) -> None: ...

class ReadResourceResponse(_message.Message):
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
    result: ReadResourceResult
    input_required: _context_pb2.InputRequired
    error: _context_pb2.ProtocolError
    def __init__(self, progress: _Optional[_Union[_context_pb2.Progress, _Mapping]] = ..., log: _Optional[_Union[_context_pb2.Log, _Mapping]] = ..., release_stream: _Optional[_Union[_context_pb2.ReleaseStream, _Mapping]] = ..., result: _Optional[_Union[ReadResourceResult, _Mapping]] = ..., input_required: _Optional[_Union[_context_pb2.InputRequired, _Mapping]] = ..., error: _Optional[_Union[_context_pb2.ProtocolError, _Mapping]] = ...) -> None: ...

class ReadResourceResult(_message.Message):
    __slots__ = ("contents", "ttl_ms", "shareable", "meta_json")
    CONTENTS_FIELD_NUMBER: _ClassVar[int]
    TTL_MS_FIELD_NUMBER: _ClassVar[int]
    SHAREABLE_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    contents: _containers.RepeatedCompositeFieldContainer[_content_pb2.ResourceContents]
    ttl_ms: int
    shareable: bool
    meta_json: bytes
    def __init__(self, contents: _Optional[_Iterable[_Union[_content_pb2.ResourceContents, _Mapping]]] = ..., ttl_ms: _Optional[int] = ..., shareable: bool = ..., meta_json: _Optional[bytes] = ...) -> None: ...

class SetSubscriptionsRequest(_message.Message):
    __slots__ = ("uris",)
    URIS_FIELD_NUMBER: _ClassVar[int]
    uris: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, uris: _Optional[_Iterable[str]] = ...) -> None: ...

class SetSubscriptionsResponse(_message.Message):
    __slots__ = ("accepted_uris",)
    ACCEPTED_URIS_FIELD_NUMBER: _ClassVar[int]
    accepted_uris: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, accepted_uris: _Optional[_Iterable[str]] = ...) -> None: ...
