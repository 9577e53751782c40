// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"encoding/json"
	"errors"
	"fmt"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A ProtocolError ends a call that cannot be served as asked. It is for the
// client's developer: return a plain error for what the model should read.
// Handlers may wrap it.
type ProtocolError struct {
	Code     ErrorCode
	Message  string          // one sentence
	Data     json.RawMessage // any JSON value; none if nil
	Required Capabilities    // with CodeMissingCapability: what the client would need
}

// Error returns the message.
func (e *ProtocolError) Error() string { return e.Message }

// An ErrorCode says what is wrong with a call. The host gives each its JSON-RPC
// code.
type ErrorCode int

// The codes of a ProtocolError.
const (
	CodeInvalidParams     = ErrorCode(pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INVALID_PARAMS)
	CodeNotFound          = ErrorCode(pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND)
	CodeMissingCapability = ErrorCode(pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY)
	CodeInternal          = ErrorCode(pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INTERNAL)
)

// InvalidParams says that the parameters of a call make no sense.
func InvalidParams(format string, args ...any) *ProtocolError {
	return &ProtocolError{Code: CodeInvalidParams, Message: fmt.Sprintf(format, args...)}
}

// NotFound says that what a call names does not exist.
func NotFound(format string, args ...any) *ProtocolError {
	return &ProtocolError{Code: CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

// MissingCapability says that the client cannot do what the call needs. What a
// tool always needs belongs in Tool.Requires instead.
func MissingCapability(required Capabilities) *ProtocolError {
	return &ProtocolError{
		Code:     CodeMissingCapability,
		Message:  "the client lacks a capability that this call needs: " + required.String(),
		Required: required,
	}
}

// wireError returns the protocol error in err's chain as the host reads it, or
// nil if there is none.
func wireError(err error) *pluginv1.ProtocolError {
	e, ok := errors.AsType[*ProtocolError](err)
	if !ok || e == nil {
		return nil
	}
	wire := &pluginv1.ProtocolError{
		Code:     pluginv1.ProtocolErrorCode(e.Code),
		Message:  validText(e.Message),
		Required: e.Required.wire(),
	}
	if json.Valid(e.Data) {
		wire.DataJson = e.Data
	}
	return wire
}

// errInternal stands for what the operator's log tells and nobody else may know.
var errInternal = errors.New("internal error")

// errNoClient answers go-plugin, which asks one type to be both ends.
var errNoClient = errors.New("a plugin process is not a client")
