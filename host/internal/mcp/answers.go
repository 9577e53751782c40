// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"errors"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// CheckAnswer says what is wrong with a client's answer to one of the requests
// that a server may make: what must be there, and its type. What a form's fields
// hold is for its plugin to judge. Clients of the handshake era are excused for
// what their libraries are known to leave out: the model's name, and null for an
// empty list of roots.
func CheckAnswer(v Version, method string, result []byte) error {
	if rawjson.KindOf(result) != rawjson.KindObject {
		return errors.New("must be an object")
	}
	switch method {
	case MethodElicit:
		return checkElicitResult(result)
	case MethodSample:
		return checkSampleResult(result, !v.Stateless())
	case MethodListRoots:
		return checkRoots(result, !v.Stateless())
	}
	return nil
}

func checkElicitResult(result []byte) error {
	switch stringMember(result, "action") {
	case "accept", "decline", "cancel":
	default:
		return errors.New("action must be accept, decline or cancel")
	}
	content, ok := rawjson.Get(result, "content")
	if !ok {
		return nil
	}
	switch rawjson.KindOf(content) {
	case rawjson.KindObject, rawjson.KindNull: // some clients write null for nothing
		return nil
	}
	return errors.New("content must be an object")
}

func checkSampleResult(result []byte, lenient bool) error {
	if role := stringMember(result, "role"); role != "user" && role != "assistant" {
		return errors.New("role must be user or assistant")
	}
	if model, ok := rawjson.Get(result, "model"); rawjson.KindOf(model) != rawjson.KindString && (ok || !lenient) {
		return errors.New("model must be a string")
	}
	content, _ := rawjson.Get(result, "content")
	switch rawjson.KindOf(content) {
	case rawjson.KindObject, rawjson.KindArray:
		return nil
	}
	return errors.New("content must be a block, or an array of them")
}

func checkRoots(result []byte, lenient bool) error {
	roots, _ := rawjson.Get(result, "roots")
	if lenient && rawjson.KindOf(roots) == rawjson.KindNull {
		return nil
	}
	if rawjson.KindOf(roots) != rawjson.KindArray {
		return errors.New("roots must be an array")
	}
	var err error
	rawjson.Elements(roots, func(root []byte) bool {
		var uri []byte
		if rawjson.KindOf(root) == rawjson.KindObject {
			uri, _ = rawjson.Get(root, "uri")
		}
		if rawjson.KindOf(uri) != rawjson.KindString {
			err = errors.New("each of the roots must be an object with a uri")
		}
		return err == nil
	})
	return err
}
