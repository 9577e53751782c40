// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// MaxBatch bounds how many messages a batch may hold.
const MaxBatch = 256

// envelope holds the raw members of one message.
type envelope struct {
	version, id, method, params, result, err []byte
	idTwice                                  bool
}

func (e *envelope) take(key, value []byte) error {
	switch string(key) {
	case "jsonrpc":
		e.version = value
	case "id":
		e.idTwice = e.id != nil
		e.id = value
	case "method":
		e.method = value
	case "params":
		e.params = value
	case "result":
		e.result = value
	case "error":
		e.err = value
	}
	return nil
}

// Parse reads one message. It is strict: jsonrpc must be "2.0" and params an
// object, since MCP has no positional params. Members it does not know are
// tolerated. Every error is an *Error: ParseError when data is not JSON, else
// InvalidRequest, and then the Message keeps its kind and its ID as far as
// they could be read. The Message aliases data.
func Parse(data []byte) (Message, error) {
	var env envelope
	err := rawjson.ParseObject(data, env.take)
	if err != nil && !errors.Is(err, rawjson.ErrAmbiguous) {
		return Message{}, syntaxError(err)
	}
	msg := Message{Params: env.params, Result: env.result}
	problem := msg.identify(&env)
	switch {
	case err != nil:
		return msg, invalid(err.Error())
	case problem != "":
		return msg, invalid(problem)
	case !isString(env.version, "2.0"):
		return msg, invalid(`jsonrpc must be "2.0"`)
	}
	if problem := msg.check(&env); problem != "" {
		return msg, invalid(problem)
	}
	return msg, nil
}

// identify reads the id, the kind and the method, and says what is wrong with
// them. It goes on after a problem, since a bad message is answered by its id.
func (m *Message) identify(env *envelope) (problem string) {
	if env.id != nil && !env.idTwice {
		id, err := ParseID(env.id)
		// An error answers a message whose id could not be read with null.
		if err != nil && !(env.err != nil && rawjson.KindOf(env.id) == rawjson.KindNull) {
			problem = err.Error()
		}
		m.ID = id
	}
	if env.method == nil {
		if env.result != nil || env.err != nil {
			m.Kind = KindResponse
		}
		return problem
	}
	method, ok := rawjson.String(env.method)
	if !ok {
		return "method must be a string"
	}
	m.Method = method
	m.Kind = KindNotification
	if env.id != nil {
		m.Kind = KindRequest
	}
	return problem
}

// check says what is wrong with the members that the message's kind allows.
func (m *Message) check(env *envelope) (problem string) {
	switch m.Kind {
	case KindRequest, KindNotification:
		if env.result != nil || env.err != nil {
			return "a message has either a method or a result or an error"
		}
		if env.params != nil && rawjson.KindOf(env.params) != rawjson.KindObject {
			return "params must be an object"
		}
		return ""
	case KindResponse:
		return m.checkResponse(env)
	}
	return "a message has a method, a result or an error"
}

func (m *Message) checkResponse(env *envelope) (problem string) {
	if env.result != nil && env.err != nil {
		return "a response has a result or an error, not both"
	}
	if env.err == nil {
		if m.ID.IsZero() {
			return "a result needs the id of its request"
		}
		return ""
	}
	m.Err, problem = parseError(env.err)
	return problem
}

func parseError(raw []byte) (_ *Error, problem string) {
	if rawjson.KindOf(raw) != rawjson.KindObject {
		return nil, "error must be an object"
	}
	var e Error
	var hasCode, hasMessage bool
	rawjson.Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case "code":
			code, ok := rawjson.Int(value)
			e.Code, hasCode = Code(code), ok
		case "message":
			e.Message, hasMessage = rawjson.String(value)
		case "data":
			e.Data = value
		}
		return true
	})
	if !hasCode || !hasMessage {
		return nil, "error needs an integer code and a string message"
	}
	return &e, ""
}

// IsBatch reports whether data is a JSON array, and so a batch if it is valid.
func IsBatch(data []byte) bool { return rawjson.KindOf(data) == rawjson.KindArray }

// SplitBatch validates a batch and returns its messages, which alias data and
// may each be malformed in their turn. Every error is an *Error: ParseError when
// data is not JSON, InvalidRequest for an empty batch, one of more than
// MaxBatch messages, or no batch at all.
func SplitBatch(data []byte) ([][]byte, error) {
	// A message with ambiguous members is refused by its own Parse.
	if err := rawjson.Valid(data); err != nil && !errors.Is(err, rawjson.ErrAmbiguous) {
		return nil, syntaxError(err)
	}
	if !IsBatch(data) {
		return nil, invalid("a batch is an array")
	}
	var messages [][]byte
	tooMany := false
	rawjson.Elements(data, func(value []byte) bool {
		tooMany = len(messages) == MaxBatch
		messages = append(messages, value)
		return !tooMany
	})
	switch {
	case tooMany:
		return nil, invalid("a batch of more than " + strconv.Itoa(MaxBatch) + " messages")
	case messages == nil:
		return nil, invalid("a batch must not be empty")
	}
	return messages, nil
}

func isString(raw []byte, want string) bool {
	if len(raw) == len(want)+2 && raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1:len(raw)-1]) == want
	}
	got, ok := rawjson.String(raw)
	return ok && got == want
}

func syntaxError(err error) *Error {
	if errors.Is(err, rawjson.ErrNotObject) {
		return invalid("a message is a JSON object")
	}
	return &Error{Code: ParseError, Message: "invalid JSON: " + err.Error()}
}

func invalid(message string) *Error { return &Error{Code: InvalidRequest, Message: message} }
