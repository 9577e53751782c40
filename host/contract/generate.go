// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxDepth bounds schemas that refer to themselves.
const maxDepth = 6

// generated makes arguments that conform to a schema, as far as it is simple:
// only the required members, or all of them. It returns an error for what it
// cannot make.
func generated(schema []byte, all bool) ([]byte, error) {
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		return nil, err
	}
	g := generator{root: root, all: all}
	value, err := g.value(root, 0)
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

type generator struct {
	root any
	all  bool
}

func (g *generator) value(schema any, depth int) (any, error) {
	s, ok := schema.(map[string]any)
	if !ok || depth > maxDepth {
		return nil, nil // anything goes, or it never ends
	}
	for _, key := range []string{"const", "default"} {
		if v, ok := s[key]; ok {
			return v, nil
		}
	}
	if list, ok := s["examples"].([]any); ok && len(list) > 0 {
		return list[0], nil
	}
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[0], nil
	}
	if ref, ok := s["$ref"].(string); ok {
		return g.reference(ref, depth)
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		if list, ok := s[key].([]any); ok && len(list) > 0 && s["properties"] == nil {
			return g.value(list[0], depth+1)
		}
	}
	return g.typed(s, depth)
}

func (g *generator) typed(s map[string]any, depth int) (any, error) {
	switch kind(s) {
	case "object":
		return g.object(s, depth)
	case "array":
		return g.array(s, depth)
	case "string":
		return text(s)
	case "integer", "number":
		return number(s), nil
	case "boolean":
		return false, nil
	}
	return nil, nil
}

// kind is the type that a schema names, the first of several, or what its other
// keywords tell.
func kind(s map[string]any) string {
	switch t := s["type"].(type) {
	case string:
		return t
	case []any:
		if len(t) > 0 {
			return fmt.Sprint(t[0])
		}
	}
	if s["properties"] != nil {
		return "object"
	}
	return ""
}

func (g *generator) object(s map[string]any, depth int) (any, error) {
	out := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for name, property := range properties {
		if !g.all && !slices.Contains(required, any(name)) {
			continue
		}
		value, err := g.value(property, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = value
	}
	return out, nil
}

func (g *generator) array(s map[string]any, depth int) (any, error) {
	n := 1
	if least, ok := s["minItems"].(float64); ok {
		n = max(n, int(least))
	}
	out := []any{}
	for range n {
		value, err := g.value(s["items"], depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, value)
	}
	return out, nil
}

// text makes a string, but for those that a pattern describes.
func text(s map[string]any) (any, error) {
	if pattern, ok := s["pattern"].(string); ok {
		return nil, fmt.Errorf("a string that matches %q cannot be made up; give the schema examples", pattern)
	}
	switch s["format"] {
	case "date":
		return "2026-01-01", nil
	case "date-time":
		return "2026-01-01T00:00:00Z", nil
	case "uri":
		return "https://example.com", nil
	case "email":
		return "a@example.com", nil
	}
	value := "a"
	if least, ok := s["minLength"].(float64); ok && least > 1 {
		value = strings.Repeat("a", int(least))
	}
	return value, nil
}

func number(s map[string]any) any {
	value := 1.0
	if least, ok := s["minimum"].(float64); ok {
		value = math.Max(value, math.Ceil(least))
	}
	if below, ok := s["exclusiveMinimum"].(float64); ok {
		value = math.Max(value, math.Floor(below)+1)
	}
	if most, ok := s["maximum"].(float64); ok {
		value = math.Min(value, most)
	}
	return value
}

// reference follows a $ref within the schema.
func (g *generator) reference(ref string, depth int) (any, error) {
	at := g.root
	for _, key := range strings.Split(strings.TrimPrefix(ref, "#"), "/") {
		if key == "" {
			continue
		}
		s, ok := at.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("$ref %q leads nowhere", ref)
		}
		at = s[strings.NewReplacer("~1", "/", "~0", "~").Replace(key)]
	}
	return g.value(at, depth+1)
}

// resized gives each number among the arguments the size that to says, as far as
// the schema lets it.
func resized(args, schema []byte, to func(name string) float64) []byte {
	var members map[string]any
	var s struct {
		Properties map[string]struct {
			Maximum          *float64
			ExclusiveMaximum *float64
		}
	}
	if json.Unmarshal(args, &members) != nil || json.Unmarshal(schema, &s) != nil {
		return args
	}
	for name, value := range members {
		if _, ok := value.(float64); !ok {
			continue
		}
		size := to(name)
		if most := s.Properties[name].Maximum; most != nil {
			size = math.Min(size, math.Floor(*most))
		}
		if below := s.Properties[name].ExclusiveMaximum; below != nil {
			size = math.Min(size, math.Ceil(*below)-1)
		}
		members[name] = size
	}
	data, err := json.Marshal(members)
	if err != nil {
		return args
	}
	return data
}

// endless are numbers that make a call take long: what counts to one of them, or
// waits in between.
func endless(name string) float64 {
	pause, unit := timing(name)
	switch {
	case pause:
		return math.Max(1, 0.1*unit)
	case unit > 0:
		return 10 * unit
	}
	return 100000
}

// lasting are numbers that make it take about half a second. A pause without a
// unit may be in seconds.
func lasting(name string) float64 {
	pause, unit := timing(name)
	switch {
	case pause:
		return 0.05 * math.Max(1, unit)
	case unit > 0:
		return math.Ceil(0.5 * unit)
	}
	return 10
}

// timing guesses of an argument's name whether it is a pause, and how many of its
// units make a second; 0 if it names none.
func timing(name string) (pause bool, unit float64) {
	name = strings.ToLower(name)
	for _, word := range []string{"delay", "interval", "pause"} {
		pause = pause || strings.Contains(name, word)
	}
	switch {
	case strings.HasSuffix(name, "_ms"), strings.HasSuffix(name, "delayms"), strings.HasSuffix(name, "intervalms"), strings.Contains(name, "milli"):
		unit = 1000
	case strings.Contains(name, "seconds"), strings.HasSuffix(name, "_s"):
		unit = 1
	}
	return pause, unit
}
