// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// full returns what explains and checks all that is not simple.
func full(t testing.TB, s *Schema) *fullSchema {
	t.Helper()
	f, err := s.full()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// compile returns a schema that must compile and say something.
func compile(t testing.TB, raw string) *Schema {
	t.Helper()
	s, err := Compile([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if s == nil {
		t.Fatalf("%s says nothing", raw)
	}
	return s
}

func TestProblemsNameThePathInOneSentence(t *testing.T) {
	tests := []struct{ schema, value, want string }{
		{`{"properties":{"address":{"properties":{"zip":{"type":"string"}}}}}`, `{"address":{"zip":1}}`, `/address/zip: must be string, is number`},
		{`{"type":["string","null"]}`, `1`, `must be null or string, is number`},
		{`{"type":"integer"}`, `1.5`, `must be integer, is number`},
		{`{"required":["b","a"]}`, `{}`, `"a", "b" is required`},
		{`{"properties":{"a":true},"additionalProperties":false}`, `{"z":1,"y":1}`, `"y", "z" is not allowed`},
		{`{"items":{"enum":["a",1,null]}}`, `["a",2]`, `/1: must be one of "a", 1, null`},
		{`{"const":{"a":1}}`, `2`, `must be {"a":1}`},
		{`{"pattern":"^a"}`, `"b"`, `must match the pattern "^a"`},
		{`{"minimum":9007199254740993}`, `9007199254740992`, `must be at least 9007199254740993`},
		{`{"maximum":1.5}`, `2`, `must be at most 1.5`},
		{`{"exclusiveMinimum":1}`, `1`, `must be greater than 1`},
		{`{"exclusiveMaximum":1}`, `1`, `must be less than 1`},
		{`{"multipleOf":0.1}`, `0.35`, `must be a multiple of 0.1`},
		{`{"minLength":2}`, `"é"`, `must have at least 2 characters, has 1`},
		{`{"maxLength":1}`, `"ab"`, `must have at most 1 characters, has 2`},
		{`{"minItems":1}`, `[]`, `must have at least 1 items, has 0`},
		{`{"maxItems":1}`, `[1,2]`, `must have at most 1 items, has 2`},
		{`{"minProperties":1}`, `{}`, `must have at least 1 properties, has 0`},
		{`{"maxProperties":0}`, `{"a":1}`, `must have at most 0 properties, has 1`},
		{`{"uniqueItems":true}`, `[1,2,1.0]`, `has equal items at 0 and 2`},
		{`{"contains":{"type":"string"}}`, `[1]`, `has no item of the kind that it must contain`},
		{`{"contains":true,"maxContains":1}`, `[1,2]`, `must contain at most 1 items of a kind, contains 2`},
		{`{"contains":true,"minContains":2}`, `[1]`, `must contain at least 2 items of a kind, contains 1`},
		{`{"propertyNames":{"maxLength":1}}`, `{"ab":1}`, `"ab" is not allowed as a name`},
		{`{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, `"b" is required with "a"`},
		{`{"properties":{"a":false}}`, `{"a":1}`, `/a: is not allowed`},
		{`{"not":{"type":"string"}}`, `""`, `is not allowed`},
		{`{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, `must be string or null, is number`},
		{`{"anyOf":[{"type":"string"},{"minimum":2}]}`, `1`, `fits none of the 2 alternatives`},
		{`{"oneOf":[{"minimum":2},{"maximum":3}]}`, `2`, `fits more than one of the alternatives, and must fit one`},
		{`{"allOf":[{"minimum":2},{"multipleOf":2}]}`, `1`, `must be a multiple of 2; must be at least 2`},
		{`{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}`, `1`, `must be string, is number`},
		{`{"properties":{"a/b~c":{"type":"string"}}}`, `{"a/b~c":1}`, `/a~1b~0c: must be string, is number`},
		{`{"items":{"type":"string"}}`, `[1,2,3,4,5]`, `/0: must be string, is number; /1: must be string, is number; /2: must be string, is number; and 2 more`},
		{`{"unevaluatedProperties":false}`, `{"a":1}`, `/a: is not allowed`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","items":[true],"additionalItems":false}`, `[1,2]`, `has 1 items too many`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","dependencies":{"a":["b"]}}`, `{"a":1}`, `"b" is required with "a"`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","format":"date"}`, `"x"`, `must be in the format "date"`},
	}
	for _, test := range tests {
		t.Run(test.schema, func(t *testing.T) {
			for range 5 { // the library's order is random
				err := compile(t, test.schema).Validate([]byte(test.value))
				if err == nil || err.Error() != test.want {
					t.Fatalf("got  %v\nwant %s", err, test.want)
				}
			}
		})
	}
}

func TestWhatConformsIsNoProblem(t *testing.T) {
	tests := []struct{ schema, value string }{
		{`{"type":"integer"}`, `1.0`},
		{`{"enum":[1e2]}`, `100`},
		{`{"maximum":9007199254740993}`, `9007199254740993`},
		{`{"$id":"https://example.com/a","$ref":"https://example.com/a#/$defs/b","$defs":{"b":{"type":"string"}}}`, `""`},
		{`{"$ref":"#b","$defs":{"b":{"$anchor":"b","type":"string"}}}`, `""`},
		{`{"$schema":"https://json-schema.org/draft/2019-09/schema","items":[{"type":"string"}]}`, `["a",1]`},
		{`{"$schema":"http://json-schema.org/draft-04/schema#","maximum":1,"exclusiveMaximum":true}`, `0`},
		{`{"$schema":"http://json-schema.org/draft-06/schema#","const":1}`, `1`},
		{`{"$ref":"https://json-schema.org/draft/2020-12/schema"}`, `{"type":"object"}`},
		{`{"format":"email"}`, `"an annotation only, by 2020-12"`},
	}
	for _, test := range tests {
		if err := compile(t, test.schema).Validate([]byte(test.value)); err != nil {
			t.Errorf("%s, %s: %v", test.schema, test.value, err)
		}
	}
}

func TestSchemaThatSaysNothingHasNoValidator(t *testing.T) {
	for _, raw := range []string{
		`{"type":"object"}`, `{}`, `true`, `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","title":"t"}`,
	} {
		if s, err := Compile([]byte(raw)); s != nil || err != nil {
			t.Errorf("%s: %v, %v", raw, s, err)
		}
	}
	for _, raw := range []string{`{"type":"string"}`, `{"type":["object"]}`, `false`, `{"required":["a"]}`} {
		if s, err := Compile([]byte(raw)); s == nil || err != nil {
			t.Errorf("%s: %v, %v", raw, s, err)
		}
	}
}

func TestUnusableSchemaIsRefused(t *testing.T) {
	// Each schema passes its value on through this many others.
	long := `"$ref":"#/$defs/0","$defs":{`
	for i := range 200 {
		long += fmt.Sprintf(`"%d":{"$ref":"#/$defs/%d"},`, i, i+1)
	}
	tests := map[string]struct{ schema, want string }{
		"no JSON":          {`{`, "byte 1"},
		"duplicate":        {`{"type":"object","type":"string"}`, "duplicate"},
		"no schema":        {`{"properties":{"a":{"type":7}}}`, "no JSON Schema: /properties/a/type: "},
		"unknown dialect":  {`{"$schema":"https://example.com/dialect"}`, `dialect "https://example.com/dialect" is not supported`},
		"network":          {`{"$ref":"https://example.com/x.json#/a"}`, `"https://example.com/x.json"`},
		"file":             {`{"$ref":"file:///etc/hosts"}`, "never loaded"},
		"relative":         {`{"$ref":"other.json"}`, "never loaded"},
		"by its own id":    {`{"$id":"https://example.com/a/","$ref":"b"}`, `"https://example.com/a/b"`},
		"dynamic":          {`{"$dynamicRef":"https://example.com/x"}`, "never loaded"},
		"no such pointer":  {`{"$ref":"#/$defs/a"}`, "not found"},
		"no such anchor":   {`{"$ref":"#a"}`, "not found"},
		"bad pattern":      {`{"pattern":"("}`, "pattern"},
		"lookahead":        {`{"pattern":"(?=a)"}`, "pattern"},
		"large pattern":    {`{"pattern":"` + strings.Repeat("a{1000}", 20) + `"}`, "too large"},
		"many patterns":    {`{"anyOf":[` + strings.Repeat(`{"pattern":"a{999}b{999}"},`, 100) + `true]}`, "too large"},
		"bytes":            {`{"title":"` + strings.Repeat("x", MaxBytes) + `"}`, "the limit is 262144"},
		"depth":            {strings.Repeat(`{"items":`, 65) + `true` + strings.Repeat(`}`, 65), "64 levels"},
		"parts":            {`{"anyOf":[` + strings.Repeat(`true,`, 5000) + `true]}`, "5000 subschemas"},
		"number":           {`{"multipleOf":1e999999999}`, "/multipleOf: number is out of range"},
		"refers to itself": {`{"$ref":"#"}`, "without end"},
		"in a circle":      {`{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"not":{"$ref":"#"}}}}`, "without end"},
		"long way":         {`{` + long + `"200":{"type":"string"}}}`, "more than 100 steps"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Compile([]byte(test.schema))
			if s != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, %v; want %s", s, err, test.want)
			}
			if len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), base) {
				t.Errorf("that is no sentence for people: %s", err)
			}
		})
	}
}

func TestNumbersThatTakeLongToCompareAreRefused(t *testing.T) {
	s := compile(t, `{"items":{"minimum":1}}`)
	for _, value := range []string{`[1,1e1000000]`, `[1,1e-999999999999999999999]`, `[1,` + strings.Repeat("9", 2000) + `]`, `[1,1E+4000]`} {
		if err := s.Validate([]byte(value)); err == nil || err.Error() != "/1: number is out of range" {
			t.Errorf("%.20s: %v", value, err)
		}
	}
	if err := s.Validate([]byte(`[1e308,` + strings.Repeat("9", 300) + `]`)); err != nil {
		t.Error(err)
	}
}

const tree = `{"$defs":{"node":{"type":"object","required":["v"],"properties":{"v":{"type":"integer"},
	"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},"$ref":"#/$defs/node"}`

func TestRecursiveSchemaChecksEveryLevel(t *testing.T) {
	s := compile(t, tree)
	if full(t, s).plain != nil {
		t.Error("its work is not metered")
	}
	if err := s.Validate([]byte(`{"v":1,"children":[{"v":2},{"v":3,"children":[{"v":4}]}]}`)); err != nil {
		t.Error(err)
	}
	err := s.Validate([]byte(`{"v":1,"children":[{"v":2},{"v":3,"children":[{"v":"x"}]}]}`))
	if err == nil || err.Error() != "/children/1/children/0/v: must be integer, is string" {
		t.Errorf("error is %v", err)
	}
}

// In 2020-12 what a dynamic reference means is found at the time of the check.
func TestDynamicReferenceFindsItsAnchor(t *testing.T) {
	s := compile(t, `{"$id":"https://example.com/strings","$ref":"list","$defs":{
		"item":{"$dynamicAnchor":"item","type":"string"},
		"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#item"},"$defs":{"any":{"$dynamicAnchor":"item"}}}}}`)
	if err := s.Validate([]byte(`["a"]`)); err != nil {
		t.Error(err)
	}
	if err := s.Validate([]byte(`["a",1]`)); err == nil || err.Error() != "/1: must be string, is number" {
		t.Errorf("error is %v", err)
	}
}

func TestExponentialWorkIsGivenUp(t *testing.T) {
	// Twice the time with each level of the value.
	twice := `{"allOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}]}`
	// Twice the time with each level of the schema.
	doubling := `{"$ref":"#/$defs/0","$defs":{`
	for i := range 45 {
		doubling += fmt.Sprintf(`"%d":{"allOf":[{"$ref":"#/$defs/%d"},{"$ref":"#/$defs/%d"}]},`, i, i+1, i+1)
	}
	doubling += `"45":{"minimum":1}}}`
	deep := strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200)
	for name, test := range map[string]struct{ schema, value, next string }{
		"recursive": {twice, deep, `{"a":{}}`},
		"negated":   {`{"not":` + strings.Replace(twice, `"#"`, `"#/not"`, 2) + `}`, deep, `{"a":1}`},
		"doubling":  {doubling, `1`, ``},
		"enum":      {`{"items":{"enum":[` + strings.Repeat(`"x",`, 50_000) + `"y"]}}`, `[` + strings.Repeat(`"y",`, 10_000) + `"y"]`, `["y"]`},
		"unique":    {strings.Replace(doubling, `"minimum":1`, `"uniqueItems":true`, 1), `[` + strings.Repeat(`[],`, 10_000) + `1]`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			s := compile(t, test.schema)
			full(t, s).budget = 1 << 16
			begun := time.Now()
			if err := s.Validate([]byte(test.value)); !errors.Is(err, errWork) {
				t.Errorf("error is %v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("took %v, but would take longer than anybody can wait", took)
			}
			if test.next == "" {
				return // nothing is simple enough
			}
			if err := s.Validate([]byte(test.next)); errors.Is(err, errWork) {
				t.Errorf("the next check fails: %v", err)
			}
		})
	}
}

// What is metered is checked in another order, with the same result.
func TestMeteredCheckFindsTheSame(t *testing.T) {
	for _, raw := range []string{
		`{"properties":{"v":{"enum":[1,"a"],"type":"string"},"w":{"const":{"x":1}}},"unevaluatedProperties":false}`,
		`{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"v":{"format":"date"},"w":{"uniqueItems":true}}}`,
	} {
		s := compile(t, raw)
		plain, metered := full(t, s), *full(t, s)
		metered.plain = nil
		for _, value := range []string{
			`{}`, `{"v":"a"}`, `{"v":1}`, `{"v":"b","w":{"x":2}}`, `{"w":{"x":1},"u":0}`, `{"w":[1,[2],[2]]}`, `{"v":"2020-01-01"}`,
		} {
			if want, got := plain.validate([]byte(value)), metered.validate([]byte(value)); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: metered %v, else %v", value, got, want)
			}
		}
	}
}

func TestPatternGivesUpOnLongTexts(t *testing.T) {
	s := compile(t, `{"pattern":"^(a{1,900})*$"}`)
	begun := time.Now()
	if err := s.Validate([]byte(`"` + strings.Repeat("a", 4<<20) + `"`)); err == nil {
		t.Error("a text of 4 MiB is matched")
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	if err := s.Validate([]byte(`"` + strings.Repeat("a", 1000) + `"`)); err != nil {
		t.Error(err)
	}
}

func TestManyCheckAtOnce(t *testing.T) {
	for _, raw := range []string{tree, `{"properties":{"v":{"type":"integer"}}}`} {
		s := compile(t, raw)
		var checks sync.WaitGroup
		for range 8 {
			checks.Go(func() {
				for range 50 {
					if err := s.Validate([]byte(`{"v":1}`)); err != nil {
						t.Error(err)
					}
					if err := s.Validate([]byte(`{"v":"x"}`)); err == nil {
						t.Error("a string is accepted")
					}
				}
			})
		}
		checks.Wait()
	}
}

func TestLongTextsAreShown(t *testing.T) {
	s := compile(t, `{"enum":["`+strings.Repeat("é", 1000)+`"]}`)
	if err := s.Validate([]byte(`1`)); err == nil || len(err.Error()) > 200 || !strings.HasSuffix(err.Error(), "é...") {
		t.Errorf("error is %v", err)
	}
}
