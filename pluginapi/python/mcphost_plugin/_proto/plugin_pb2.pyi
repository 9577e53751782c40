from . import context_pb2 as _context_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Ability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ABILITY_UNSPECIFIED: _ClassVar[Ability]
    ABILITY_TOOLS: _ClassVar[Ability]
    ABILITY_RESOURCES: _ClassVar[Ability]
    ABILITY_PROMPTS: _ClassVar[Ability]
    ABILITY_COMPLETIONS: _ClassVar[Ability]
    ABILITY_SUBSCRIPTIONS: _ClassVar[Ability]
ABILITY_UNSPECIFIED: Ability
ABILITY_TOOLS: Ability
ABILITY_RESOURCES: Ability
ABILITY_PROMPTS: Ability
ABILITY_COMPLETIONS: Ability
ABILITY_SUBSCRIPTIONS: Ability

class DescribeRequest(_message.Message):
    __slots__ = ("host_version",)
    HOST_VERSION_FIELD_NUMBER: _ClassVar[int]
    host_version: str
    def __init__(self, host_version: _Optional[str] = ...) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ("name", "version", "title", "description", "website_url", "abilities", "settings_schema_json", "limits", "extensions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    WEBSITE_URL_FIELD_NUMBER: _ClassVar[int]
    ABILITIES_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EXTENSIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    title: str
    description: str
    website_url: str
    abilities: _containers.RepeatedScalarFieldContainer[Ability]
    settings_schema_json: bytes
    limits: Limits
    extensions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., website_url: _Optional[str] = ..., abilities: _Optional[_Iterable[_Union[Ability, str]]] = ..., settings_schema_json: _Optional[bytes] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., extensions: _Optional[_Iterable[str]] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_concurrent_calls",)
    MAX_CONCURRENT_CALLS_FIELD_NUMBER: _ClassVar[int]
    max_concurrent_calls: int
    def __init__(self, max_concurrent_calls: _Optional[int] = ...) -> None: ...

class ConfigureRequest(_message.Message):
    __slots__ = ("settings_json", "plugin_name", "data_dir")
    SETTINGS_JSON_FIELD_NUMBER: _ClassVar[int]
    PLUGIN_NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_DIR_FIELD_NUMBER: _ClassVar[int]
    settings_json: bytes
    plugin_name: str
    data_dir: str
    def __init__(self, settings_json: _Optional[bytes] = ..., plugin_name: _Optional[str] = ..., data_dir: _Optional[str] = ...) -> None: ...

class ConfigureResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("revisions", "resource_updated")
    REVISIONS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_UPDATED_FIELD_NUMBER: _ClassVar[int]
    revisions: Revisions
    resource_updated: ResourceUpdated
    def __init__(self, revisions: _Optional[_Union[Revisions, _Mapping]] = ..., resource_updated: _Optional[_Union[ResourceUpdated, _Mapping]] = ...) -> None: ...

class Revisions(_message.Message):
    __slots__ = ("tools", "resources", "prompts")
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    PROMPTS_FIELD_NUMBER: _ClassVar[int]
    tools: str
    resources: str
    prompts: str
    def __init__(self, tools: _Optional[str] = ..., resources: _Optional[str] = ..., prompts: _Optional[str] = ...) -> None: ...

class ResourceUpdated(_message.Message):
    __slots__ = ("uri",)
    URI_FIELD_NUMBER: _ClassVar[int]
    uri: str
    def __init__(self, uri: _Optional[str] = ...) -> None: ...

class EndConnectionRequest(_message.Message):
    __slots__ = ("connection_id",)
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    connection_id: str
    def __init__(self, connection_id: _Optional[str] = ...) -> None: ...

class EndConnectionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Icon(_message.Message):
    __slots__ = ("src", "mime_type", "sizes", "theme")
    SRC_FIELD_NUMBER: _ClassVar[int]
    MIME_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    THEME_FIELD_NUMBER: _ClassVar[int]
    src: str
    mime_type: str
    sizes: _containers.RepeatedScalarFieldContainer[str]
    theme: str
    def __init__(self, src: _Optional[str] = ..., mime_type: _Optional[str] = ..., sizes: _Optional[_Iterable[str]] = ..., theme: _Optional[str] = ...) -> None: ...

class Annotations(_message.Message):
    __slots__ = ("audience", "priority", "last_modified")
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    LAST_MODIFIED_FIELD_NUMBER: _ClassVar[int]
    audience: _containers.RepeatedScalarFieldContainer[_context_pb2.Role]
    priority: float
    last_modified: str
    def __init__(self, audience: _Optional[_Iterable[_Union[_context_pb2.Role, str]]] = ..., priority: _Optional[float] = ..., last_modified: _Optional[str] = ...) -> None: ...
