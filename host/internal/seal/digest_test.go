// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

func TestDigestIsOfTheMeaningNotTheWriting(t *testing.T) {
	same := map[string][]string{
		"key order":       {`{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3,"c":2},"a":1}`},
		"whitespace":      {`{"a":[1,2]}`, "\t{ \"a\" :\r\n[ 1 , 2 ] } "},
		"escapes":         {`{"é\n/\"":"😀"}`, `{"\u00e9\u000a\/\u0022":"\ud83d\ude00"}`},
		"integers":        {`{"n":100}`, `{"n":1e2}`, `{"n":100.0}`, `{"n":1000E-1}`, `{"n":1.00e+02}`},
		"fractions":       {`{"n":0.5}`, `{"n":5e-1}`, `{"n":0.50}`, `{"n":0.005e2}`},
		"zeros":           {`{"n":0}`, `{"n":-0}`, `{"n":0.00}`, `{"n":0e99}`, `{"n":-0e99999999999999999999}`},
		"large integers":  {`{"n":9007199254740993}`, `{"n":9007199254740993.0}`, `{"n":9.007199254740993e15}`},
		"no params":       {``, `{}`, ` { } `},
		"what is skipped": {`{"a":1}`, `{"a":1,"_meta":{"x":1}}`, `{"requestState":"s","a":1,"inputResponses":{}}`, `{"a":1,"\u005fmeta":null}`},
	}
	for name, writings := range same {
		for _, writing := range writings[1:] {
			if Digest("m", []byte(writing)) != Digest("m", []byte(writings[0])) {
				t.Errorf("%s: %s and %s differ", name, writings[0], writing)
			}
		}
	}
}

func TestDigestTellsMeaningsApart(t *testing.T) {
	different := []string{
		`{}`, `{"a":null}`, `{"a":1}`, `{"a":-1}`, `{"a":10}`, `{"a":0.1}`, `{"a":"1"}`, `{"a":true}`, `{"a":"true"}`,
		`{"a":[]}`, `{"a":{}}`, `{"a":""}`, `{"a":[1,2]}`, `{"a":[2,1]}`, `{"a":[12]}`, `{"a":[[1],2]}`, `{"a":[[1,2]]}`,
		`{"a":9007199254740992}`, `{"a":9007199254740993}`, `{"a":90071992547409930}`,
		`{"a":0}`, `{"a":1e99999999999999999999}`, `{"a":1e-99999999999999999999}`,
		`{"a":1,"b":2}`, `{"a":2,"b":1}`, `{"ab":1}`, `{"b":1}`, `{"a":{"b":1}}`,
		`{"a":{"_meta":1}}`, `{"a":{"requestState":"s"}}`, `{"a":{"_meta":2}}`, `[]`, `null`, `not JSON`,
	}
	seen := map[[32]byte]string{Digest("other", []byte(`{}`)): "another method"}
	for _, params := range different {
		d := Digest("m", []byte(params))
		if other, taken := seen[d]; taken {
			t.Errorf("%s and %s have one digest", params, other)
		}
		seen[d] = params
	}
}

func TestDigestLeavesOutWhatItIsTold(t *testing.T) {
	if Digest("m", []byte(`{"a":1,"cursor":"x"}`), "cursor") != Digest("m", []byte(`{"a":1}`)) {
		t.Error("a skipped member counts")
	}
}

// Each byte is read once: were every level read again for each that encloses
// it, this would be 512 times as much.
func TestDigestOfADeepDocumentIsPrompt(t *testing.T) {
	depth := rawjson.MaxDepth - 1
	deep := strings.Repeat(`{"a":`, depth) + `"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat("}", depth)
	if Digest("m", []byte(deep)) == Digest("m", []byte(strings.Replace(deep, "x", "y", 1))) {
		t.Error("the innermost value does not count")
	}
}

func FuzzDigest(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.50,-3e4,{"b":"\u00e9"}],"_meta":{}}`), uint64(1))
	f.Add([]byte(`{"n":9007199254740993}`), uint64(2))
	f.Add([]byte(`"`), uint64(3))
	f.Add([]byte(`[true,false,null,"\ud83d\ude00"]`), uint64(4))
	f.Fuzz(func(t *testing.T, params []byte, seed uint64) {
		want := Digest("m", params) // whatever it is, it must not panic
		if rawjson.Valid(params) != nil {
			return
		}
		rewritten := rewrite(t, params, rand.New(rand.NewPCG(seed, 0)))
		if Digest("m", rewritten) != want {
			t.Fatalf("%s and %s differ", params, rewritten)
		}
	})
}

// rewrite returns another writing of a valid document: other key order, other
// whitespace, other escapes, other forms of numbers. It goes by encoding/json,
// which shares nothing with what it tests.
func rewrite(t *testing.T, doc []byte, random *rand.Rand) []byte {
	dec := json.NewDecoder(strings.NewReader(string(doc)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Skip("not for encoding/json:", err)
	}
	w := writer{random: random}
	w.value(v)
	return []byte(w.String())
}

type writer struct {
	strings.Builder
	random *rand.Rand
}

func (w *writer) value(v any) {
	w.space()
	defer w.space()
	switch v := v.(type) {
	case map[string]any:
		w.object(v)
	case []any:
		w.array(v)
	case string:
		w.text(v)
	case json.Number:
		w.number(v.String())
	default:
		fmt.Fprintf(w, "%v", or(v, "null"))
	}
}

func or(v, fallback any) any {
	if v == nil {
		return fallback
	}
	return v
}

// object writes in the order of the map, which is another each time.
func (w *writer) object(members map[string]any) {
	separator := "{"
	for key, v := range members {
		w.WriteString(separator)
		w.space()
		w.text(key)
		w.space()
		w.WriteString(":")
		w.value(v)
		separator = ","
	}
	if len(members) == 0 {
		w.WriteString(separator)
	}
	w.WriteString("}")
}

func (w *writer) array(elements []any) {
	w.WriteString("[")
	for i, v := range elements {
		if i > 0 {
			w.WriteString(",")
		}
		w.value(v)
	}
	w.WriteString("]")
}

func (w *writer) text(s string) {
	w.WriteString(`"`)
	for _, r := range s {
		switch {
		case r < 0x10000 && (r < ' ' || r == '"' || r == '\\' || w.random.IntN(2) == 0):
			fmt.Fprintf(w, `\u%04x`, r)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteString(`"`)
}

// number writes more zeros than a number needs, and takes them back.
func (w *writer) number(s string) {
	zeros := w.random.IntN(4)
	switch {
	case strings.ContainsAny(s, "eE") || zeros == 0:
		w.WriteString(s)
	case strings.Contains(s, "."):
		w.WriteString(s + strings.Repeat("0", zeros) + "E+0")
	case s == "0" || s == "-0":
		w.WriteString(s + "." + strings.Repeat("0", zeros))
	default:
		fmt.Fprintf(w, "%s%se-%d", s, strings.Repeat("0", zeros), zeros)
	}
}

func (w *writer) space() {
	w.WriteString([]string{"", " ", "\n", "\t\r"}[w.random.IntN(4)])
}
