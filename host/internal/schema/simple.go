// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// The schemas of most tools say which properties there are, of what type, and
// which are required. Those are checked here without decoding the value, ten
// times as fast as by the library, which then only explains what does not fit.

// A shape is a schema of that kind. The zero value lets anything pass.
type shape struct {
	types      []string // empty: any
	properties map[string]*shape
	required   map[string]bool
	closed     bool // no other properties
	items      *shape
	enum       map[string]bool // of strings only; empty: any
	least      *int64          // a number
	most       *int64
	length     interval // of a string
	count      interval // of an array
}

// An interval is a range of sizes. The zero value holds all.
type interval struct{ min, max *int64 }

func (i interval) holds(n int) bool {
	return (i.min == nil || int64(n) >= *i.min) && (i.max == nil || int64(n) <= *i.max)
}

// simple returns the shape of a schema, or nil if it needs the library.
func simple(doc any) *shape {
	root, ok := doc.(map[string]any)
	if !ok {
		return nil
	}
	r := shapeReader{formats: true}
	switch root["$schema"] {
	case nil, "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#":
	case "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#":
		r.formats = false // there they are rules, later only annotations
	default:
		return nil
	}
	s, ok := r.read(root, true)
	if !ok {
		return nil
	}
	return s
}

// A shapeReader reads what is the same in all dialects that it is used for.
type shapeReader struct{ formats bool }

// read reports whether a schema is simple and valid.
func (r shapeReader) read(doc any, root bool) (*shape, bool) {
	object, ok := doc.(map[string]any)
	if !ok {
		return &shape{}, doc == true
	}
	s := &shape{}
	for keyword, value := range object {
		if keyword == "$schema" && root {
			continue
		}
		if !r.annotation(keyword, value) && !r.structure(s, keyword, value) && !s.bound(keyword, value) {
			return nil, false
		}
	}
	return s, true
}

// annotation reports whether a keyword says nothing about values.
func (r shapeReader) annotation(keyword string, value any) bool {
	switch keyword {
	case "title", "description", "$comment":
		_, ok := value.(string)
		return ok
	case "format":
		_, ok := value.(string)
		return ok && r.formats
	case "default", headerKeyword:
		return true
	case "examples":
		_, ok := value.([]any)
		return ok
	}
	return false
}

// structure takes a keyword about what a value consists of.
func (r shapeReader) structure(s *shape, keyword string, value any) (ok bool) {
	switch keyword {
	case "type":
		s.types, ok = typeNames(value)
	case "properties":
		var list map[string]any
		if list, ok = value.(map[string]any); ok {
			ok = r.properties(s, list)
		}
	case "required":
		var names []string
		names, ok = texts(value)
		s.required = set(names)
	case "additionalProperties":
		var open bool
		open, ok = value.(bool)
		s.closed = !open
	case "items":
		if _, isList := value.([]any); !isList {
			s.items, ok = r.read(value, false)
		}
	}
	return ok
}

func (r shapeReader) properties(s *shape, list map[string]any) bool {
	s.properties = make(map[string]*shape, len(list))
	for name, doc := range list {
		property, ok := r.read(doc, false)
		if !ok {
			return false
		}
		s.properties[name] = property
	}
	return true
}

// bound takes a keyword about the value itself.
func (s *shape) bound(keyword string, value any) bool {
	if keyword == "enum" {
		names, ok := texts(value)
		s.enum = set(names)
		return ok && len(names) > 0
	}
	literal, ok := value.(json.Number)
	n, isInt := rawjson.Int([]byte(literal))
	if !ok || !isInt {
		return false
	}
	switch keyword {
	case "minimum":
		s.least = &n
		return true
	case "maximum":
		s.most = &n
		return true
	case "minLength":
		s.length.min = &n
	case "maxLength":
		s.length.max = &n
	case "minItems":
		s.count.min = &n
	case "maxItems":
		s.count.max = &n
	default:
		return false
	}
	return n >= 0
}

// typeNames reads the keyword type: a name, or a list of them.
func typeNames(value any) ([]string, bool) {
	names, ok := texts(value)
	if name, isText := value.(string); isText {
		names, ok = []string{name}, true
	}
	for _, name := range names {
		switch name {
		case "object", "array", "string", "number", "integer", "boolean", "null":
		default:
			return nil, false
		}
	}
	return names, ok && len(names) > 0
}

// texts reads a list of strings that are all different.
func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	out := make([]string, 0, len(list))
	for _, element := range list {
		text, isText := element.(string)
		if !isText {
			return nil, false
		}
		out = append(out, text)
	}
	return out, ok && len(set(out)) == len(out)
}

func set(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out
}

// fits reports whether a value certainly conforms. It may be wrong about one
// that does, such as 1.0 for an integer, but not about one that does not.
func (s *shape) fits(value []byte) bool {
	kind := rawjson.KindOf(value)
	if len(s.types) > 0 && !slices.ContainsFunc(s.types, func(name string) bool { return isOf(kind, name, value) }) {
		return false
	}
	if s.enum != nil {
		text, ok := rawjson.String(value)
		return ok && s.enum[text] && s.length.holds(utf8.RuneCountInString(text))
	}
	switch kind {
	case rawjson.KindObject:
		return s.fitsObject(value)
	case rawjson.KindArray:
		return s.fitsArray(value)
	case rawjson.KindString:
		return s.fitsString(value)
	case rawjson.KindNumber:
		return s.fitsNumber(value)
	}
	return true
}

// isOf reports whether a value of a kind has the type of that name.
func isOf(kind rawjson.Kind, name string, value []byte) bool {
	switch kind {
	case rawjson.KindObject:
		return name == "object"
	case rawjson.KindArray:
		return name == "array"
	case rawjson.KindString:
		return name == "string"
	case rawjson.KindBool:
		return name == "boolean"
	case rawjson.KindNull:
		return name == "null"
	}
	if name == "integer" {
		_, ok := rawjson.Int(value)
		return ok
	}
	return name == "number"
}

func (s *shape) fitsObject(value []byte) bool {
	if s.properties == nil && s.required == nil && !s.closed {
		return true
	}
	fits, found := true, 0
	rawjson.Members(value, func(key, member []byte) bool {
		if s.required[string(key)] {
			found++ // no key comes twice
		}
		property := s.properties[string(key)]
		switch {
		case property != nil:
			fits = property.fits(member)
		case s.closed:
			fits = false
		}
		return fits
	})
	return fits && found == len(s.required)
}

func (s *shape) fitsArray(value []byte) bool {
	if s.items == nil && s.count == (interval{}) {
		return true
	}
	fits, n := true, 0
	rawjson.Elements(value, func(element []byte) bool {
		n++
		fits = s.items == nil || s.items.fits(element)
		return fits
	})
	return fits && s.count.holds(n)
}

func (s *shape) fitsString(value []byte) bool {
	if s.length == (interval{}) {
		return true
	}
	text, _ := rawjson.String(value)
	return s.length.holds(utf8.RuneCountInString(text))
}

func (s *shape) fitsNumber(value []byte) bool {
	if s.least == nil && s.most == nil {
		return true
	}
	n, ok := rawjson.Int(value)
	return ok && (s.least == nil || n >= *s.least) && (s.most == nil || n <= *s.most)
}
