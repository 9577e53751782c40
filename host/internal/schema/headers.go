// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// headerKeyword marks an argument that a client repeats in the header
// Mcp-Param-<value> (2026-07-28, streamable HTTP, "Schema Extension").
const headerKeyword = "x-mcp-header"

// A HeaderParam is an argument that is so marked.
type HeaderParam struct {
	Name string   // without "Mcp-Param-", in canonical form
	Path []string // of properties, from the root of the arguments
	Type string   // string, integer or boolean
}

// HeaderParams returns the marked arguments of an input schema, which must be
// valid JSON. A mark that breaks a rule is an error, as clients drop the whole
// tool then: a name is a token, no two are the same in any case, and it stands
// on a string, integer or boolean that only properties lead to.
func HeaderParams(raw []byte) ([]HeaderParam, error) {
	m := marks{seen: map[string]bool{}}
	if err := m.schema(raw, nil, true); err != nil {
		return nil, err
	}
	return m.found, nil
}

// marks collects what is marked.
type marks struct {
	found []HeaderParam
	seen  map[string]bool // canonical names
}

// schema looks into a subschema. It is reachable if only properties lead there.
func (m *marks) schema(raw []byte, path []string, reachable bool) (err error) {
	if len(path) > maxDepth {
		return errors.New("the schema is nested too deep")
	}
	rawjson.Members(raw, func(key, value []byte) bool {
		switch string(key) {
		case headerKeyword:
			err = m.mark(raw, value, path, reachable)
		case "properties":
			err = m.each(value, path, reachable)
		case "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies":
			err = m.each(value, path, false)
		case "items", "prefixItems", "additionalItems", "contains", "unevaluatedItems", "contentSchema",
			"additionalProperties", "unevaluatedProperties", "propertyNames",
			"allOf", "anyOf", "oneOf", "not", "if", "then", "else":
			err = m.subschemas(value, append(path[:len(path):len(path)], string(key)))
		}
		return err == nil
	})
	return err
}

// each looks into the subschemas of an object by name.
func (m *marks) each(raw []byte, path []string, reachable bool) (err error) {
	rawjson.Members(raw, func(key, value []byte) bool {
		err = m.schema(value, append(path[:len(path):len(path)], string(key)), reachable)
		return err == nil
	})
	return err
}

// subschemas looks into one subschema, or into a list of them.
func (m *marks) subschemas(raw []byte, path []string) (err error) {
	if rawjson.KindOf(raw) == rawjson.KindObject {
		return m.schema(raw, path, false)
	}
	rawjson.Elements(raw, func(value []byte) bool {
		err = m.schema(value, path, false)
		return err == nil
	})
	return err
}

// mark takes the name that marks the subschema of a path.
func (m *marks) mark(schema, value []byte, path []string, reachable bool) error {
	at := "/" + short(strings.Join(path, "/"))
	name, ok := rawjson.String(value)
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	typ := typeOf(schema)
	switch {
	case !ok || !token(name):
		return fmt.Errorf("at %s it is not a name for a header", at)
	case !reachable:
		return fmt.Errorf("at %s it is not on an argument that only properties lead to", at)
	case typ != "string" && typ != "integer" && typ != "boolean":
		return fmt.Errorf("at %s it is not on a string, integer or boolean", at)
	case m.seen[canonical]:
		return fmt.Errorf("at %s it has the name %q again", at, short(canonical))
	}
	m.seen[canonical] = true
	m.found = append(m.found, HeaderParam{Name: canonical, Path: path, Type: typ})
	return nil
}

// typeOf returns the one type that a schema allows, if it names one.
func typeOf(schema []byte) string {
	value, _ := rawjson.Get(schema, "type")
	name, _ := rawjson.String(value)
	return name
}

// token reports whether a text is one by RFC 9110, 5.6.2.
func token(text string) bool {
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return text != ""
}
