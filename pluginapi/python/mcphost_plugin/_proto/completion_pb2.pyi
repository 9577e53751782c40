from . import context_pb2 as _context_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CompleteRequest(_message.Message):
    __slots__ = ("context", "prompt_name", "resource_uri_template", "argument_name", "argument_value", "resolved_arguments")
    class ResolvedArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    PROMPT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_URI_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_NAME_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_VALUE_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    context: _context_pb2.CallContext
    prompt_name: str
    resource_uri_template: str
    argument_name: str
    argument_value: str
    resolved_arguments: _containers.ScalarMap[str, str]
    def __init__(self, context: _Optional[_Union[_context_pb2.CallContext, _Mapping]] = ..., prompt_name: _Optional[str] = ..., resource_uri_template: _Optional[str] = ..., argument_name: _Optional[str] = ..., argument_value: _Optional[str] = ..., resolved_arguments: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CompleteResponse(_message.Message):
    __slots__ = ("completion", "error")
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    completion: Completion
    error: _context_pb2.ProtocolError
    def __init__(self, completion: _Optional[_Union[Completion, _Mapping]] = ..., error: _Optional[_Union[_context_pb2.ProtocolError, _Mapping]] = ...) -> None: ...

class Completion(_message.Message):
    __slots__ = ("values", "total", "has_more")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    total: int
    has_more: bool
    def __init__(self, values: _Optional[_Iterable[str]] = ..., total: _Optional[int] = ..., has_more: bool = ...) -> None: ...
