// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// maxComplaint bounds, in bytes, what a refused argument may make of an error.
const maxComplaint = 500

// input checks and decodes one JSON object. It is immutable.
type input struct {
	schema json.RawMessage
	check  *jsonschema.Resolved
}

// inferInput returns the input of type T, described by T itself or, when one is
// given, by the author's schema.
func inferInput[T any](given json.RawMessage) (input, error) {
	if len(given) > 0 {
		return parseInput(given)
	}
	t := reflect.TypeFor[T]()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s, err := inferSchema(t)
	if err != nil {
		return input{}, err
	}
	if s.Type != "object" {
		return input{}, fmt.Errorf("%s is not a JSON object: use a struct or a map with string keys", t)
	}
	plainSlices(s)
	return resolveInput(s)
}

// parseInput returns the input that an author's own schema describes.
func parseInput(given json.RawMessage) (input, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(given, &s); err != nil {
		return input{}, fmt.Errorf("input schema: %w", err)
	}
	if s.Type != "object" {
		return input{}, errors.New(`input schema: the root must say "type": "object"`)
	}
	in, err := resolveInput(&s)
	in.schema = bytes.Clone(given) // as written, with all that we do not know
	return in, err
}

func resolveInput(s *jsonschema.Schema) (input, error) {
	check, err := s.Resolve(nil)
	if err != nil {
		return input{}, fmt.Errorf("input schema: %w", err)
	}
	schema, err := json.Marshal(s)
	if err != nil {
		return input{}, fmt.Errorf("input schema: %w", err)
	}
	return input{schema: schema, check: check}, nil
}

// inferSchema is jsonschema.ForType with what encoding/json does to bytes.
func inferSchema(t reflect.Type) (*jsonschema.Schema, error) {
	return jsonschema.ForType(t, &jsonschema.ForOptions{
		TypeSchemas: map[reflect.Type]*jsonschema.Schema{
			reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
			reflect.TypeFor[json.RawMessage](): {},
		},
	})
}

// plainSlices drops "null" from the type of slices: encoding/json reads it, but
// nobody has to write it, and several models stumble over a list of types.
func plainSlices(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if slices.Equal(s.Types, []string{"null", "array"}) {
		s.Type, s.Types = "array", nil
	}
	for _, property := range s.Properties {
		plainSlices(property)
	}
	plainSlices(s.Items)
	plainSlices(s.AdditionalProperties)
}

// decode fills to, a pointer, from raw. Its errors name the member at fault and
// are made to be read by a model.
func (in input) decode(raw json.RawMessage, to any) error {
	if err := in.validate(raw); err != nil {
		return err
	}
	err := decodeStrictly(raw, to)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && strings.HasPrefix(wrong.Value, "number") {
		err = decodeStrictly(plainNumbers(raw), to)
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: %s does not fit in %s", wrong.Field, wrong.Value, wrong.Type)
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

func decodeStrictly(raw json.RawMessage, to any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(to)
}

// plainNumbers writes whole numbers without a fraction or an exponent: 2.0 and
// 1e3 are integers to a schema and to some clients, but not to encoding/json.
func plainNumbers(raw json.RawMessage) json.RawMessage {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return raw
	}
	plain, err := json.Marshal(withPlainNumbers(v))
	if err != nil {
		return raw
	}
	return plain
}

func withPlainNumbers(v any) any {
	const exact = 1 << 53 // below it a float64 holds every whole number
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = withPlainNumbers(member)
		}
	case []any:
		for i, element := range v {
			v[i] = withPlainNumbers(element)
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") && f == math.Trunc(f) && math.Abs(f) < exact {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	}
	return v
}

// validate holds raw against the schema.
func (in input) validate(raw json.RawMessage) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return tooLarge(err)
	}
	if err := in.check.Validate(v); err != nil {
		return errors.New(complaint(err))
	}
	return nil
}

// tooLarge says of a number that no float64 holds what is wrong with it.
func tooLarge(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is too large", wrong.Value)
	}
	return err
}

// complaint turns the validator's nested "validating /properties/a: ..." into
// "a: ...". A text of another form is passed on as it is.
func complaint(err error) string {
	text := strings.ReplaceAll(err.Error(), "<invalid reflect.Value>", "null") // which is how it prints one
	if at := strings.LastIndex(text, "validating "); at >= 0 {
		path, rest, ok := strings.Cut(text[at+len("validating "):], ": ")
		if ok {
			text = memberPath(path) + rest
		}
	}
	if len(text) > maxComplaint {
		text = strings.ToValidUTF8(text[:maxComplaint], "") + "..."
	}
	return text
}

// memberPath turns a path in the schema, "/properties/a/items/properties/b",
// into a prefix that names the member, "a[].b: ". The root has no name.
func memberPath(path string) string {
	var name strings.Builder
	steps := strings.Split(path, "/")
	for i := 1; i < len(steps); i++ {
		switch {
		case steps[i] == "properties" && i+1 < len(steps):
			i++
			if name.Len() > 0 {
				name.WriteByte('.')
			}
			name.WriteString(steps[i])
		case steps[i] == "items":
			name.WriteString("[]")
		case steps[i] == "additionalProperties":
			name.WriteString(".*")
		}
	}
	if name.Len() == 0 {
		return ""
	}
	return name.String() + ": "
}
