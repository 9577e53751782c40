// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import "github.com/mcphost/mcphost/host/internal/rawjson"

const version = `{"jsonrpc":"2.0"`

// AppendResponse appends a response that succeeded. A nil result is written as
// {}. When the result cannot be encoded, dst is returned as it was.
func AppendResponse(dst []byte, id ID, result Result) ([]byte, error) {
	start := len(dst)
	dst = append(dst, version+`,"id":`...)
	dst = id.AppendJSON(dst)
	dst = append(dst, `,"result":`...)
	if result == nil {
		return append(dst, "{}}"...), nil
	}
	out, err := result.AppendJSON(dst)
	if err != nil {
		return dst[:start], err
	}
	return append(out, '}'), nil
}

// AppendError appends a response that failed. Where the id is unknown it is
// omitted, or null if nullID: the protocol versions differ.
func AppendError(dst []byte, id ID, nullID bool, err *Error) []byte {
	dst = append(dst, version...)
	if !id.IsZero() || nullID {
		dst = append(dst, `,"id":`...)
		dst = id.AppendJSON(dst)
	}
	dst = append(dst, `,"error":`...)
	dst = err.AppendJSON(dst)
	return append(dst, '}')
}

// AppendRequest appends a request. Nil params are omitted.
func AppendRequest(dst []byte, id ID, method string, params []byte) []byte {
	dst = append(dst, version+`,"id":`...)
	dst = id.AppendJSON(dst)
	return appendMethod(dst, method, params)
}

// AppendNotification appends a notification. Nil params are omitted.
func AppendNotification(dst []byte, method string, params []byte) []byte {
	return appendMethod(append(dst, version...), method, params)
}

func appendMethod(dst []byte, method string, params []byte) []byte {
	dst = append(dst, `,"method":`...)
	dst = rawjson.AppendString(dst, method)
	if params != nil {
		dst = append(dst, `,"params":`...)
		dst = append(dst, params...)
	}
	return append(dst, '}')
}
