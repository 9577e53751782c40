// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// FuzzSchema holds that no schema and no value brings the library down: even
// the panics that guard catches are bugs.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{
		tree, `{"type":"object"}`, `{"$ref":"#"}`, `{"$schema":"http://json-schema.org/draft-04/schema#","id":"a","minimum":1,"exclusiveMinimum":true}`,
		`{"$id":"https://json-schema.org/draft/2020-12/schema","$dynamicAnchor":"meta"}`, `{"$ref":"https://json-schema.org/draft/2020-12/schema"}`,
		`{"$schema":"https://json-schema.org/draft/2019-09/schema","$recursiveAnchor":true,"items":{"$recursiveRef":"#"}}`,
		`{"patternProperties":{"^a":{"multipleOf":0.1}},"unevaluatedProperties":false,"if":{},"then":{"const":1e3}}`,
		`{"type":["object","null"],"properties":{"a":{"type":"array","items":{"type":"integer","minimum":-1,"maximum":5},"minItems":1,"maxItems":9}},
			"required":["a"],"additionalProperties":false,"title":"t"}`,
		`{"properties":{"a":{"items":{"type":["string","number"],"minLength":1,"maxLength":3,"enum":["x","y"]}}},"examples":[1],"format":"f"}`,
		`{"properties":{"a":{"type":"string","x-mcp-header":"A"}},"uniqueItems":true,"prefixItems":[true],"contains":{"enum":[1,null]}}`,
	} {
		f.Add(seed, `{"a":[1,1.0,"x",null,{"v":1e2}]}`)
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		if rawjson.Valid([]byte(value)) != nil {
			return
		}
		s, err := Compile([]byte(schema))
		if errors.Is(err, errPanic) {
			t.Fatal(err)
		}
		if rawjson.Valid([]byte(schema)) == nil {
			_, _ = HeaderParams([]byte(schema))
		}
		if err != nil || s == nil {
			return
		}
		full, err := s.full()
		if err != nil {
			t.Fatalf("what is simple is no schema: %v", err)
		}
		err = full.validate([]byte(value))
		if s.quick != nil && s.quick.fits([]byte(value)) && err != nil && !strings.Contains(err.Error(), "out of range") {
			t.Fatalf("fits, but: %v", err)
		}
		if errors.Is(err, errPanic) {
			t.Fatal(err)
		}
		if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n") && !strings.Contains(schema+value, `\n`)) {
			t.Errorf("no sentence: %q", err)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	for name, raw := range map[string]string{
		"flat":      `{"type":"object","required":["message"],"properties":{"message":{"type":"string","maxLength":1000},"n":{"type":"integer","minimum":0}}}`,
		"recursive": tree,
	} {
		b.Run(name, func(b *testing.B) {
			s := compile(b, raw)
			value := []byte(`{"message":"hello, hello, hello, hello, hello","n":7,"v":1}`)
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Validate(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, tree)
	}
}
