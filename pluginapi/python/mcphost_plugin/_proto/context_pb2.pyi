from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_LEVEL_UNSPECIFIED: _ClassVar[LogLevel]
    LOG_LEVEL_DEBUG: _ClassVar[LogLevel]
    LOG_LEVEL_INFO: _ClassVar[LogLevel]
    LOG_LEVEL_NOTICE: _ClassVar[LogLevel]
    LOG_LEVEL_WARNING: _ClassVar[LogLevel]
    LOG_LEVEL_ERROR: _ClassVar[LogLevel]
    LOG_LEVEL_CRITICAL: _ClassVar[LogLevel]
    LOG_LEVEL_ALERT: _ClassVar[LogLevel]
    LOG_LEVEL_EMERGENCY: _ClassVar[LogLevel]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_USER: _ClassVar[Role]
    ROLE_ASSISTANT: _ClassVar[Role]

class InputMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_METHOD_UNSPECIFIED: _ClassVar[InputMethod]
    INPUT_METHOD_ELICIT: _ClassVar[InputMethod]
    INPUT_METHOD_SAMPLE: _ClassVar[InputMethod]
    INPUT_METHOD_LIST_ROOTS: _ClassVar[InputMethod]

class ProtocolErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROTOCOL_ERROR_CODE_UNSPECIFIED: _ClassVar[ProtocolErrorCode]
    PROTOCOL_ERROR_CODE_INVALID_PARAMS: _ClassVar[ProtocolErrorCode]
    PROTOCOL_ERROR_CODE_NOT_FOUND: _ClassVar[ProtocolErrorCode]
    PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY: _ClassVar[ProtocolErrorCode]
    PROTOCOL_ERROR_CODE_INTERNAL: _ClassVar[ProtocolErrorCode]
LOG_LEVEL_UNSPECIFIED: LogLevel
LOG_LEVEL_DEBUG: LogLevel
LOG_LEVEL_INFO: LogLevel
LOG_LEVEL_NOTICE: LogLevel
LOG_LEVEL_WARNING: LogLevel
LOG_LEVEL_ERROR: LogLevel
LOG_LEVEL_CRITICAL: LogLevel
LOG_LEVEL_ALERT: LogLevel
LOG_LEVEL_EMERGENCY: LogLevel
ROLE_UNSPECIFIED: Role
ROLE_USER: Role
ROLE_ASSISTANT: Role
INPUT_METHOD_UNSPECIFIED: InputMethod
INPUT_METHOD_ELICIT: InputMethod
INPUT_METHOD_SAMPLE: InputMethod
INPUT_METHOD_LIST_ROOTS: InputMethod
PROTOCOL_ERROR_CODE_UNSPECIFIED: ProtocolErrorCode
PROTOCOL_ERROR_CODE_INVALID_PARAMS: ProtocolErrorCode
PROTOCOL_ERROR_CODE_NOT_FOUND: ProtocolErrorCode
PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY: ProtocolErrorCode
PROTOCOL_ERROR_CODE_INTERNAL: ProtocolErrorCode

class CallContext(_message.Message):
    __slots__ = ("request_id", "connection_id", "client", "capabilities", "log_level", "wants_progress", "principal", "headers", "meta_json")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    LOG_LEVEL_FIELD_NUMBER: _ClassVar[int]
    WANTS_PROGRESS_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    META_JSON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    connection_id: str
    client: ClientInfo
    capabilities: ClientCapabilities
    log_level: LogLevel
    wants_progress: bool
    principal: Principal
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    meta_json: bytes
    def __init__(self, request_id: _Optional[str] = ..., connection_id: _Optional[str] = ..., client: _Optional[_Union[ClientInfo, _Mapping]] = ..., capabilities: _Optional[_Union[ClientCapabilities, _Mapping]] = ..., log_level: _Optional[_Union[LogLevel, str]] = ..., wants_progress: bool = ..., principal: _Optional[_Union[Principal, _Mapping]] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., meta_json: _Optional[bytes] = ...) -> None: ...

class ClientInfo(_message.Message):
    __slots__ = ("name", "version", "title")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    title: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class ClientCapabilities(_message.Message):
    __slots__ = ("elicitation_form", "elicitation_url", "sampling", "sampling_tools", "roots")
    ELICITATION_FORM_FIELD_NUMBER: _ClassVar[int]
    ELICITATION_URL_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_TOOLS_FIELD_NUMBER: _ClassVar[int]
    ROOTS_FIELD_NUMBER: _ClassVar[int]
    elicitation_form: bool
    elicitation_url: bool
    sampling: bool
    sampling_tools: bool
    roots: bool
    def __init__(self, elicitation_form: bool = ..., elicitation_url: bool = ..., sampling: bool = ..., sampling_tools: bool = ..., roots: bool = ...) -> None: ...

class Principal(_message.Message):
    __slots__ = ("subject", "issuer", "scopes")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    subject: str
    issuer: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject: _Optional[str] = ..., issuer: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("progress", "total", "message")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    progress: float
    total: float
    message: str
    def __init__(self, progress: _Optional[float] = ..., total: _Optional[float] = ..., message: _Optional[str] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ("level", "logger", "data_json")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LOGGER_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    level: LogLevel
    logger: str
    data_json: bytes
    def __init__(self, level: _Optional[_Union[LogLevel, str]] = ..., logger: _Optional[str] = ..., data_json: _Optional[bytes] = ...) -> None: ...

class ReleaseStream(_message.Message):
    __slots__ = ("retry_after_ms",)
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    retry_after_ms: int
    def __init__(self, retry_after_ms: _Optional[int] = ...) -> None: ...

class InputRequired(_message.Message):
    __slots__ = ("requests", "state")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[InputRequest]
    state: bytes
    def __init__(self, requests: _Optional[_Iterable[_Union[InputRequest, _Mapping]]] = ..., state: _Optional[bytes] = ...) -> None: ...

class InputRequest(_message.Message):
    __slots__ = ("key", "method", "params_json")
    KEY_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PARAMS_JSON_FIELD_NUMBER: _ClassVar[int]
    key: str
    method: InputMethod
    params_json: bytes
    def __init__(self, key: _Optional[str] = ..., method: _Optional[_Union[InputMethod, str]] = ..., params_json: _Optional[bytes] = ...) -> None: ...

class Resumption(_message.Message):
    __slots__ = ("responses", "state")
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    responses: _containers.RepeatedCompositeFieldContainer[InputResponse]
    state: bytes
    def __init__(self, responses: _Optional[_Iterable[_Union[InputResponse, _Mapping]]] = ..., state: _Optional[bytes] = ...) -> None: ...

class InputResponse(_message.Message):
    __slots__ = ("key", "result_json", "failure")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    key: str
    result_json: bytes
    failure: InputFailure
    def __init__(self, key: _Optional[str] = ..., result_json: _Optional[bytes] = ..., failure: _Optional[_Union[InputFailure, _Mapping]] = ...) -> None: ...

class InputFailure(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class ProtocolError(_message.Message):
    __slots__ = ("code", "message", "data_json", "required")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    code: ProtocolErrorCode
    message: str
    data_json: bytes
    required: ClientCapabilities
    def __init__(self, code: _Optional[_Union[ProtocolErrorCode, str]] = ..., message: _Optional[str] = ..., data_json: _Optional[bytes] = ..., required: _Optional[_Union[ClientCapabilities, _Mapping]] = ...) -> None: ...
