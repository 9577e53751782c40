// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// A field is one member of a form, MCP's "PrimitiveSchemaDefinition". Numbers
// are kept as written.
type field struct {
	Type        string      `json:"type"`
	Title       string      `json:"title,omitempty"`
	Description string      `json:"description,omitempty"`
	Enum        []string    `json:"enum,omitempty"`
	Items       *field      `json:"items,omitempty"` // of an array
	Format      string      `json:"format,omitempty"`
	Minimum     json.Number `json:"minimum,omitempty"`
	Maximum     json.Number `json:"maximum,omitempty"`
	MinLength   json.Number `json:"minLength,omitempty"`
	MaxLength   json.Number `json:"maxLength,omitempty"`
	MinItems    json.Number `json:"minItems,omitempty"`
	MaxItems    json.Number `json:"maxItems,omitempty"`
	Default     any         `json:"default,omitempty"`
}

// inferForm returns the schema of a form that a flat struct describes, its
// members in the struct's order, as people will see them.
func inferForm[T any]() (json.RawMessage, error) {
	t := elem(reflect.TypeFor[T]())
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct: a form has named fields", t)
	}
	var properties object
	var required []string
	for _, f := range reflect.VisibleFields(t) {
		name, optional, ok := jsonMember(f)
		if !ok {
			continue
		}
		member, err := inferField(elem(f.Type), f.Tag)
		if err != nil {
			return nil, fmt.Errorf("form: %s: %w", f.Name, err)
		}
		properties.value(name, member)
		if !optional {
			required = append(required, name)
		}
	}
	var schema object
	schema.value("type", "object")
	schema.raw("properties", properties.bytes())
	if len(required) > 0 {
		schema.value("required", required)
	}
	return schema.bytes(), nil
}

// inferField returns what a field of type t and its tags make of a form.
func inferField(t reflect.Type, tag reflect.StructTag) (*field, error) {
	f := &field{Type: formType(t), Description: tag.Get("jsonschema")}
	if f.Type == "" {
		return nil, fmt.Errorf("a form has strings, numbers, booleans and slices of strings, no %s", t)
	}
	for option := range strings.SplitSeq(tag.Get("form"), ";") {
		if option == "" {
			continue
		}
		name, value, ok := strings.Cut(option, "=")
		if !ok {
			return nil, fmt.Errorf("form tag: %q is not name=value", option)
		}
		if err := f.set(name, value); err != nil {
			return nil, fmt.Errorf("form tag: %q: %w", option, err)
		}
	}
	if f.Type == "array" {
		if len(f.Enum) == 0 {
			return nil, errors.New("a slice is a choice of several: it needs form:\"enum=a|b\"")
		}
		f.Items, f.Enum = &field{Type: "string", Enum: f.Enum}, nil
	}
	return f, nil
}

// formType is the JSON type of t in a form, or "" if it has none.
func formType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "array"
		}
	}
	return ""
}

// set takes one option of the form tag.
func (f *field) set(name, value string) error {
	switch name {
	case "title":
		f.Title = value
		return nil
	case "enum":
		if f.Type != "string" && f.Type != "array" {
			return fmt.Errorf("a choice is of strings, not of %ss", f.Type)
		}
		f.Enum = strings.Split(value, "|")
		return nil
	case "format":
		f.Format = value
		return nil
	case "default":
		return f.setDefault(value)
	case "min":
		return f.setBound(value, &f.Minimum, &f.MinLength, &f.MinItems)
	case "max":
		return f.setBound(value, &f.Maximum, &f.MaxLength, &f.MaxItems)
	}
	return errors.New("there is title, enum, default, min, max and format")
}

func (f *field) setDefault(value string) (err error) {
	switch f.Type {
	case "boolean":
		f.Default, err = strconv.ParseBool(value)
	case "integer":
		_, err = strconv.ParseInt(value, 10, 64)
		f.Default = json.Number(value)
	case "number":
		_, err = strconv.ParseFloat(value, 64)
		f.Default = json.Number(value)
	case "array":
		f.Default = strings.Split(value, "|")
	default:
		f.Default = value
	}
	return err
}

// setBound sets the bound of a number, or of the length of a string or choice.
func (f *field) setBound(value string, number, length, items *json.Number) error {
	if _, err := strconv.ParseFloat(value, 64); err != nil {
		return err
	}
	switch f.Type {
	case "integer", "number":
		*number = json.Number(value)
	case "string":
		*length = json.Number(value)
	case "array":
		*items = json.Number(value)
	default:
		return fmt.Errorf("a %s has no bounds", f.Type)
	}
	return nil
}

// complete fills raw, what a person filled in, with the defaults of what they
// left out, and holds it against the form.
func (in input) complete(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		raw = json.RawMessage(`{}`) // a form without fields needs no content
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, err
	}
	if values == nil {
		return nil, errors.New("the content is not a JSON object")
	}
	given := len(values)
	if err := in.check.ApplyDefaults(&values); err != nil {
		return nil, err
	}
	if err := in.check.Validate(values); err != nil {
		return nil, errors.New(complaint(err))
	}
	if len(values) == given {
		return raw, nil // as the client wrote it
	}
	return json.Marshal(values)
}
