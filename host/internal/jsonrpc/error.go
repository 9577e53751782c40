// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// A Code says what kind of failure an Error is.
type Code int

// The codes of JSON-RPC 2.0, and the one this host adds for connections that
// end with requests unanswered.
const (
	ParseError       Code = -32700
	InvalidRequest   Code = -32600
	MethodNotFound   Code = -32601
	InvalidParams    Code = -32602
	InternalError    Code = -32603
	ConnectionClosed Code = -32000 // only for answers at teardown
)

// String names the code, or shows its number.
func (c Code) String() string {
	switch c {
	case ParseError:
		return "parse error"
	case InvalidRequest:
		return "invalid request"
	case MethodNotFound:
		return "method not found"
	case InvalidParams:
		return "invalid params"
	case InternalError:
		return "internal error"
	case ConnectionClosed:
		return "connection closed"
	}
	return "code " + strconv.Itoa(int(c))
}

// ErrRetired is returned when something is sent on an exchange that is over:
// its request was answered, or cancelled by the peer.
var ErrRetired = errors.New("the request is already answered or cancelled")

// An Error is a protocol error as the peer sees it. A handler that returns one
// means it verbatim.
type Error struct {
	Code    Code
	Message string // one concise sentence
	Data    []byte // raw JSON, nil if none
}

// Error returns the message and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, int(e.Code)) }

// AppendJSON appends the error object.
func (e *Error) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(e.Code), 10)
	dst = append(dst, `,"message":`...)
	dst = rawjson.AppendString(dst, e.Message)
	if e.Data != nil {
		dst = append(dst, `,"data":`...)
		dst = append(dst, e.Data...)
	}
	return append(dst, '}')
}

// AsError decides what the peer sees of err: an *Error anywhere in the chain
// verbatim, and of everything else only that it was internal. The caller logs
// what is hidden. AsError(nil) is nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	return &Error{Code: InternalError, Message: "internal error"}
}

// Cancelled is the cause of the context of a request that the peer cancelled
// (see [context.Cause]). It is a [context.Canceled] to [errors.Is].
type Cancelled struct {
	Reason string // the peer's words, often empty
}

// Error says that the peer cancelled, and its reason if it gave one.
func (c *Cancelled) Error() string {
	if c.Reason == "" {
		return "cancelled by the peer"
	}
	return "cancelled by the peer: " + c.Reason
}

// Unwrap makes Cancelled a kind of context.Canceled.
func (*Cancelled) Unwrap() error { return context.Canceled }
