// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"errors"
	"fmt"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// The requests that a server may make of a client.
const (
	MethodElicit    = "elicitation/create"
	MethodSample    = "sampling/createMessage"
	MethodListRoots = "roots/list"
)

// Needs returns what a client must be capable of to answer the question.
func (q *InputRequest) Needs() ClientCapabilities {
	switch q.Method {
	case MethodElicit:
		if stringMember(q.Params, "mode") == "url" {
			return ClientCapabilities{ElicitationURL: true}
		}
		return ClientCapabilities{ElicitationForm: true}
	case MethodSample:
		_, tools := rawjson.Get(q.Params, "tools")
		_, choice := rawjson.Get(q.Params, "toolChoice")
		return ClientCapabilities{Sampling: true, SamplingTools: tools || choice}
	default:
		return ClientCapabilities{Roots: true}
	}
}

// AppendJSON appends the result that hands the questions to a client of the
// stateless era. state is sealed.
func (r *InputRequired) AppendJSON(dst []byte, state string, stamp Stamp) []byte {
	o := openObject(dst)
	o.str("resultType", "input_required")
	if len(r.Requests) > 0 {
		o.key("inputRequests")
		requests := openObject(o.buf)
		for i := range r.Requests {
			q := &r.Requests[i]
			body := openObject(nil)
			body.str("method", q.Method)
			body.raw("params", withoutMember(q.Params, "_meta", "task", "elicitationId"))
			requests.member([]byte(q.Key), body.close())
		}
		o.buf = requests.close()
	}
	o.str("requestState", state)
	stamp.meta(&o, nil, "")
	return o.close()
}

// ErrInexpressible is why a question cannot be put to a client of an older
// version.
var ErrInexpressible = errors.New("this client's protocol version cannot express the question")

// ParamsFor returns the params of the question as a client of the handshake
// version v knows them. id names an elicitation that leads to a URL.
func (q *InputRequest) ParamsFor(v Version, id string) ([]byte, error) {
	switch q.Method {
	case MethodElicit:
		return elicitParams(q.Params, v, id)
	case MethodSample:
		return sampleParams(q.Params, v)
	default:
		return nil, nil
	}
}

func elicitParams(params []byte, v Version, id string) ([]byte, error) {
	url := stringMember(params, "mode") == "url"
	switch {
	case v < Version20250618:
		return nil, fmt.Errorf("%w: it has no elicitation", ErrInexpressible)
	case url && v < Version20251125:
		return nil, fmt.Errorf("%w: it has no elicitation by URL", ErrInexpressible)
	case url:
		o := openObject(nil)
		rawjson.Members(withoutMember(params, "elicitationId", "task"), func(key, value []byte) bool {
			o.member(key, value)
			return true
		})
		o.str("elicitationId", id)
		return o.close(), nil
	case v >= Version20251125:
		return params, nil
	}
	// 2025-06-18 knows forms alone, so that they have no mode, and fewer kinds
	// of fields.
	schema, _ := rawjson.Get(params, "requestedSchema")
	older, err := formFor20250618(schema)
	if err != nil {
		return nil, err
	}
	o := openObject(nil)
	o.str("message", stringMember(params, "message"))
	o.raw("requestedSchema", older)
	return o.close(), nil
}

// formFor20250618 rewrites the fields of a form: a choice with titles becomes
// enum and enumNames, defaults stay with booleans only, several choices at once
// cannot be expressed.
func formFor20250618(schema []byte) ([]byte, error) {
	o := openObject(nil)
	var failure error
	rawjson.Members(schema, func(key, value []byte) bool {
		if string(key) != "properties" {
			o.member(key, value)
			return true
		}
		fields := openObject(nil)
		rawjson.Members(value, func(name, field []byte) bool {
			var older []byte
			older, failure = fieldFor20250618(field)
			fields.member(name, older)
			return failure == nil
		})
		o.member(key, fields.close())
		return failure == nil
	})
	return o.close(), failure
}

func fieldFor20250618(field []byte) ([]byte, error) {
	kind := stringMember(field, "type")
	if kind == "array" {
		return nil, fmt.Errorf("%w: it has no choice of several values", ErrInexpressible)
	}
	o := openObject(nil)
	rawjson.Members(field, func(key, value []byte) bool {
		switch {
		case string(key) == "default" && kind != "boolean":
		case string(key) == "pattern":
		case string(key) == "oneOf":
			values, titles := choices(value)
			o.key("enum")
			o.buf = AppendStrings(o.buf, values)
			o.key("enumNames")
			o.buf = AppendStrings(o.buf, titles)
		default:
			o.member(key, value)
		}
		return true
	})
	return o.close(), nil
}

func choices(oneOf []byte) (values, titles []string) {
	rawjson.Elements(oneOf, func(choice []byte) bool {
		value := stringMember(choice, "const")
		title := stringMember(choice, "title")
		if title == "" {
			title = value
		}
		values, titles = append(values, value), append(titles, title)
		return true
	})
	return values, titles
}

// sampleParams rewrites a sampling request: tools, and several blocks in one
// message, came with 2025-11-25, sound with 2025-03-26.
func sampleParams(params []byte, v Version) ([]byte, error) {
	if v >= Version20251125 {
		return params, nil
	}
	for _, key := range []string{"tools", "toolChoice"} {
		if _, ok := rawjson.Get(params, key); ok {
			return nil, fmt.Errorf("%w: it has no sampling with tools", ErrInexpressible)
		}
	}
	o := openObject(nil)
	var failure error
	rawjson.Members(withoutMember(params, "task", "_meta"), func(key, value []byte) bool {
		if string(key) == "messages" {
			value, failure = messagesFor(value, v)
		}
		o.member(key, value)
		return failure == nil
	})
	return o.close(), failure
}

// messagesFor unwraps the content of messages, which was one block then.
func messagesFor(messages []byte, v Version) ([]byte, error) {
	out := []byte{'['}
	var failure error
	rawjson.Elements(messages, func(message []byte) bool {
		content, ok := rawjson.Get(message, "content")
		if !ok {
			failure = fmt.Errorf("%w: a message holds one block, not none", ErrInexpressible)
			return false
		}
		if rawjson.KindOf(content) == rawjson.KindArray {
			if content, failure = onlyElement(content); failure != nil {
				return false
			}
		}
		if v < Version20250326 && stringMember(content, "type") == "audio" {
			failure = fmt.Errorf("%w: it has no audio", ErrInexpressible)
			return false
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		m := openObject(out)
		m.str("role", stringMember(message, "role"))
		m.raw("content", content)
		out = m.close()
		return true
	})
	return append(out, ']'), failure
}

func onlyElement(array []byte) ([]byte, error) {
	var only []byte
	n := 0
	rawjson.Elements(array, func(value []byte) bool {
		only = value
		n++
		return true
	})
	if n != 1 {
		return nil, fmt.Errorf("%w: a message holds one block", ErrInexpressible)
	}
	return only, nil
}

// withoutMember copies an object without some of its members.
func withoutMember(obj []byte, keys ...string) []byte {
	o := openObject(nil)
	rawjson.Members(obj, func(key, value []byte) bool {
		for _, k := range keys {
			if string(key) == k {
				return true
			}
		}
		o.member(key, value)
		return true
	})
	return o.close()
}
