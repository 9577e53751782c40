// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"slices"
	"testing"
)

func TestArgumentsAreMadeUpOfSchemas(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object"}`: `{}`,
		`{"type":"object","properties":{"a":{"type":"string","minLength":3},"b":{"type":"integer","minimum":5}},"required":["a"]}`:      `{"a":"aaa","b":5}`,
		`{"type":"object","properties":{"a":{"enum":["x","y"]},"b":{"const":7},"c":{"default":[1]},"d":{"examples":["e"]}}}`:            `{"a":"x","b":7,"c":[1],"d":"e"}`,
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"number","exclusiveMinimum":2}}}`:                `{"a":3}`,
		`{"type":"object","properties":{"a":{"type":"array","minItems":2,"items":{"type":"boolean"}},"b":{"anyOf":[{"type":"null"}]}}}`: `{"a":[false,false],"b":null}`,
		`{"type":"object","properties":{"a":{"type":["string","null"],"format":"date"}}}`:                                               `{"a":"2026-01-01"}`,
	} {
		if got, err := generated([]byte(schema), true); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", schema, got, err, want)
		}
	}
	if got, err := generated([]byte(`{"type":"object","properties":{"a":{"type":"string","pattern":"^x"}},"required":["a"]}`), false); err == nil {
		t.Errorf("a pattern was met by %s", got)
	}
	if _, err := generated([]byte(`{"$ref":"#"}`), true); err != nil {
		t.Errorf("a schema that is itself: %v", err)
	}
}

func TestNumbersAreMadeLargeWithinTheirSchema(t *testing.T) {
	schema := `{"properties":{"n":{"maximum":100},"m":{"exclusiveMaximum":50},"items":{},"delay_ms":{},"seconds":{},"s":{}}}`
	args := `{"n":1,"m":1,"items":1,"delay_ms":1,"seconds":1,"s":"a"}`
	for name, c := range map[string]struct {
		to   func(string) float64
		want string
	}{
		"endless": {endless, `{"delay_ms":100,"items":100000,"m":49,"n":100,"s":"a","seconds":10}`},
		"lasting": {lasting, `{"delay_ms":50,"items":10,"m":10,"n":10,"s":"a","seconds":1}`},
	} {
		if got := resized([]byte(args), []byte(schema), c.to); string(got) != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestVariablesOfATemplate(t *testing.T) {
	got := variables("a://{x}/{+y,z*}{?q:3,x}")
	if want := []string{"x", "y", "z", "q"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
