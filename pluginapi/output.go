// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A Result is a tool's result in full, for what AddTool's other forms of Out
// cannot say. The zero value, and nil, is an empty result.
type Result struct {
	Content []Content
	// Structured is any JSON value; it conforms to the tool's OutputSchema if
	// there is one. None if nil.
	Structured json.RawMessage
	IsError    bool            // the tool failed, and Content says why
	Meta       json.RawMessage // "_meta", a JSON object
}

func (r *Result) wire() (*pluginv1.CallToolResult, error) {
	if r == nil {
		return &pluginv1.CallToolResult{}, nil
	}
	if len(r.Structured) > 0 && !json.Valid(r.Structured) {
		return nil, errors.New("the tool's structured content is not JSON")
	}
	if err := checkMeta(r.Meta); err != nil {
		return nil, fmt.Errorf("the tool's result: %w", err)
	}
	content, err := wireContent(r.Content)
	if err != nil {
		return nil, err
	}
	return &pluginv1.CallToolResult{
		Content:               content,
		StructuredContentJson: r.Structured,
		IsError:               r.IsError,
		MetaJson:              r.Meta,
	}, nil
}

// output says what becomes of the values of one type. It is immutable.
type output struct {
	schema json.RawMessage // nil: none
	encode func(value any) (*pluginv1.CallToolResult, error)
}

// inferOutput returns the output of type T, described by T itself or, when one
// is given, by the author's schema.
func inferOutput[T any](given json.RawMessage) (output, error) {
	t := reflect.TypeFor[T]()
	if t == reflect.TypeFor[[]byte]() {
		return output{}, errors.New("a result of []byte has no type: return an Image, an Audio or an EmbeddedResource")
	}
	out := output{schema: given, encode: encodeResult}
	if given != nil || !isStructured(t) {
		return out, nil
	}
	s, err := inferSchema(elem(t))
	if err != nil {
		return output{}, fmt.Errorf("output schema (give one by hand in Tool.OutputSchema): %w", err)
	}
	if s.Type != "object" {
		return out, nil // MCP versions before 2026-07-28 know schemas of objects only
	}
	out.schema, err = json.Marshal(s)
	return out, err
}

// isStructured reports whether values of t become structured content.
func isStructured(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[Result](), t == reflect.TypeFor[*Result](), t == reflect.TypeFor[[]Content]():
		return false
	case t.Kind() == reflect.Interface, t.Kind() == reflect.String, t == reflect.TypeFor[struct{}]():
		return false
	}
	return !t.Implements(reflect.TypeFor[Content]())
}

// elem follows pointers.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// encodeResult turns what a tool returned into a result.
func encodeResult(value any) (*pluginv1.CallToolResult, error) {
	switch v := value.(type) {
	case nil, struct{}:
		return (*Result)(nil).wire()
	case *Result:
		return v.wire()
	case Result:
		return v.wire()
	case []Content:
		return (&Result{Content: v}).wire()
	case Content:
		return (&Result{Content: []Content{v}}).wire()
	case []byte: // from an Out that is an interface
		return nil, errors.New("the tool returned bytes of no known type")
	}

	v := reflect.ValueOf(value)
	if v.Kind() == reflect.String {
		return (&Result{Content: []Content{Text{Text: v.String()}}}).wire()
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return (*Result)(nil).wire()
	}
	return encodeStructured(value)
}

// encodeStructured gives the value as JSON twice: to programs, and as text to
// models whose clients show them nothing else.
func encodeStructured(value any) (*pluginv1.CallToolResult, error) {
	structured, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("the tool's result is not JSON: %w", err)
	}
	return &pluginv1.CallToolResult{
		Content:               []*pluginv1.ContentBlock{textBlock(string(structured))},
		StructuredContentJson: structured,
	}, nil
}

// errorResult is a tool error that says text.
func errorResult(text string) *pluginv1.CallToolResult {
	if !utf8.ValidString(text) {
		text = validText(text)
	}
	return &pluginv1.CallToolResult{
		Content: []*pluginv1.ContentBlock{textBlock(text)},
		IsError: true,
	}
}
