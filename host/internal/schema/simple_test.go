// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"testing"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// samples are good and bad for one schema or another.
var samples = []string{
	`{}`, `[]`, `""`, `0`, `1`, `-1`, `1.0`, `1.5`, `1e0`, `99999999999999999999`, `true`, `null`, `"a"`, `"b"`, `"é"`, `"\u0061"`, `"aaa"`,
	`[1]`, `["a"]`, `[1,"a"]`, `[1,2,3]`, ` { "a" : 1 } `, `{"a":1,"b":2}`, `{"a":"x"}`, `{"\u0061":"x"}`, `{"b":{"a":1}}`, `{"b":{"a":"x"}}`,
	`{"b":[{"a":1}]}`, `{"c":null}`, `{"a":null}`, `{"a":5,"b":{},"c":[]}`,
}

func TestQuickLookAgreesWithTheLibrary(t *testing.T) {
	schemas := []string{
		`{"type":"string"}`, `{"type":"integer"}`, `{"type":"number"}`, `{"type":["boolean","null"]}`, `{"type":"array"}`,
		`{"enum":["a","b"]}`, `{"enum":["aaa"],"maxLength":2}`, `{"type":"integer","enum":["a"]}`, `{"minimum":0,"maximum":1}`, `{"minLength":1,"maxLength":1}`,
		`{"minItems":1,"maxItems":2}`, `{"items":{"type":"integer"}}`, `{"items":true,"minItems":1}`,
		`{"type":"object","required":["a"]}`, `{"required":["a","b"]}`, `{"additionalProperties":false}`,
		`{"properties":{"a":{"type":"integer"}},"additionalProperties":false,"title":"t","description":"d","default":1}`,
		`{"properties":{"b":{"properties":{"a":{"type":"integer"}},"required":["a"]}}}`,
		`{"properties":{"b":{"type":"array","items":{"properties":{"a":{"type":"string"}}}}}}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"type":"string"}}}`,
		`{"type":"string","format":"email"}`,
	}
	for _, raw := range schemas {
		s := compile(t, raw)
		if s.quick == nil {
			t.Errorf("%s is not simple", raw)
			continue
		}
		agreed := 0
		for _, value := range samples {
			if rawjson.Valid([]byte(value)) != nil {
				t.Fatal(value)
			}
			err := full(t, s).validate([]byte(value))
			fits := s.quick.fits([]byte(value))
			if fits && err != nil {
				t.Errorf("%s, %s fits, but %v", raw, value, err)
			}
			if fits == (err == nil) {
				agreed++
			}
		}
		if agreed < len(samples)-3 { // numbers that are not written as integers
			t.Errorf("%s: only %d of %d are judged at once", raw, agreed, len(samples))
		}
	}
}

func TestSchemaThatNeedsTheLibraryGetsIt(t *testing.T) {
	for _, raw := range []string{
		`{"type":"string","pattern":"a"}`, `{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `{"enum":[1]}`, `{"minimum":0.5}`,
		`{"items":{"minProperties":1}}`, `{"properties":{"a":false}}`, `{"additionalProperties":{"type":"string"}}`, `{"minLength":1.0}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","format":"email"}`, `{"$schema":"http://json-schema.org/draft-04/schema#","type":"string"}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}]}`, `false`, `{"type":"string","unevaluatedItems":false}`,
	} {
		if s := compile(t, raw); s.quick != nil {
			t.Errorf("%s is taken for simple", raw)
		}
	}
	for _, raw := range []string{
		`{"type":"text"}`, `{"type":[]}`, `{"type":["string","string"]}`, `{"required":["a","a"]}`, `{"required":[1]}`, `{"properties":{"a":1}}`,
		`{"title":1}`, `{"examples":1}`, `{"minLength":-1}`, `{"items":1}`, `{"additionalProperties":1}`, `{"format":1}`, `{"description":null}`,
	} {
		if _, err := Compile([]byte(raw)); err == nil {
			t.Errorf("%s is taken for a schema", raw)
		}
	}
}
