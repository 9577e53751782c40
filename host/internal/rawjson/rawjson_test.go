// SPDX-License-Identifier: Apache-2.0

package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestWellFormedDocumentsAreValid(t *testing.T) {
	for _, doc := range []string{
		`{}`, `[]`, ` null `, `true`, `false`, `0`, `-0`, `-1.5e+10`, `1E-2`, `""`,
		`"\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\"`, "\"\u2028\u2029é😀\x7f\"",
		"\t{\r\n\"a\" : [ 1 , 2 ] , \"b\":{\"a\":{}}}\n",
		`[{"a":1},{"a":1}]`,
		deep(MaxDepth),
	} {
		if err := Valid([]byte(doc)); err != nil {
			t.Errorf("Valid(%.40q) = %v", doc, err)
		}
	}
}

func TestMalformedDocumentsAreRefused(t *testing.T) {
	for _, doc := range []string{
		``, ` `, `{`, `[`, `"`, `"\`, `"\u12`, `"\x"`, `"\u12g4"`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `[1,]`,
		`[,1]`, `{,}`, `{1:2}`, `{"a" 1}`, `[1 2]`, `{"a":1 "b":2}`, `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `+1`, `tru`, `nul`,
		`True`, `NaN`, `'a'`, `1 2`, `{}}`, `{]`, "\"\n\"", "\"\x00\"", "\x00", "\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"",
		"\ufeff{}", "[1]\x00", `/**/1`, deep(MaxDepth + 1),
	} {
		err := Valid([]byte(doc))
		if _, ok := errors.AsType[*SyntaxError](err); !ok || errors.Is(err, ErrAmbiguous) {
			t.Errorf("Valid(%.40q) = %v, want a plain *SyntaxError", doc, err)
		}
	}
}

func TestDuplicateKeysAreFoundAtAnyDepth(t *testing.T) {
	for _, doc := range []string{
		`{"a":1,"a":2}`, `[[{"x":{"b":1,"c":2,"b":3}}]]`, `{"a":1,"\u0061":2}`, `{"":1,"":1}`,
		`{"\u00e9":1,"é":1}`, large(100, "k7"), large(1000, "k999"), `{"a":` + large(60, "k3") + `}`,
	} {
		if err := Valid([]byte(doc)); !errors.Is(err, ErrDuplicateKey) {
			t.Errorf("Valid(%.60q) = %v, want ErrDuplicateKey", doc, err)
		}
	}
	for _, doc := range []string{large(15, "z"), large(16, "z"), large(17, "z"), large(5000, "z")} {
		if err := Valid([]byte(doc)); err != nil {
			t.Errorf("Valid of an object with distinct keys = %v", err)
		}
	}
}

func TestLoneSurrogatesAreRefused(t *testing.T) {
	for _, doc := range []string{`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `{"\udfff":1}`, `["\ud83d\u0041"]`} {
		if err := Valid([]byte(doc)); !errors.Is(err, ErrLoneSurrogate) {
			t.Errorf("Valid(%s) = %v, want ErrLoneSurrogate", doc, err)
		}
	}
}

func TestBrokenSyntaxWinsOverAmbiguity(t *testing.T) {
	if err := Valid([]byte(`{"a":1,"a":2`)); err == nil || errors.Is(err, ErrAmbiguous) {
		t.Errorf("err = %v, want a plain syntax error", err)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	err := Valid([]byte(`{"a": x}`))
	if want := "unexpected character at byte 6"; err == nil || err.Error() != want {
		t.Errorf("err = %v, want %q", err, want)
	}
}

func TestParseObjectHandsOutRawMembers(t *testing.T) {
	var got []string
	doc := " { \"a\" : [1, 2] ,\"\\u0062\":\"x\\n\", \"c\":{\"d\" :null}, \"e\":-1 } "
	err := ParseObject([]byte(doc), func(key, value []byte) error {
		got = append(got, string(key)+"="+string(value))
		return nil
	})
	if want := `a=[1, 2]|b="x\n"|c={"d" :null}|e=-1`; err != nil || strings.Join(got, "|") != want {
		t.Errorf("members = %q, %v, want %q", got, err, want)
	}
}

func TestParseObjectWantsAnObject(t *testing.T) {
	none := func(_, _ []byte) error { return errors.New("called") }
	for _, doc := range []string{`[]`, `[{"a":1}]`, `1`, `"x"`, `null`} {
		if err := ParseObject([]byte(doc), none); !errors.Is(err, ErrNotObject) {
			t.Errorf("ParseObject(%s) = %v, want ErrNotObject", doc, err)
		}
	}
	if err := ParseObject([]byte(`[1`), none); errors.Is(err, ErrNotObject) || err == nil {
		t.Errorf("ParseObject of a broken array = %v, want a syntax error", err)
	}
}

func TestParseObjectStopsAtTheMembersError(t *testing.T) {
	stop := errors.New("stop")
	calls := 0
	err := ParseObject([]byte(`{"a":1,"b":2}`), func(_, _ []byte) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Errorf("err = %v after %d calls, want the member's error after one", err, calls)
	}
}

func TestReadingAValidatedValue(t *testing.T) {
	obj := []byte(` {"a" : 1 , "b\"":[true,{"x":"]"}],"c":"}\\", "d":{"e":[]} } `)
	var got []string
	Members(obj, func(k, v []byte) bool {
		got = append(got, string(k)+"="+string(v))
		return true
	})
	if want := `a=1|b"=[true,{"x":"]"}]|c="}\\"|d={"e":[]}`; strings.Join(got, "|") != want {
		t.Errorf("members = %q, want %q", got, want)
	}
	if v, ok := Get(obj, "c"); !ok || string(v) != `"}\\"` {
		t.Errorf("Get = %s, %v", v, ok)
	}
	if _, ok := Get(obj, "e"); ok {
		t.Error("Get found a nested member")
	}
	got = nil
	Elements([]byte(`[ 1, "a,b" ,[2,3],{"a":[4]},null ]`), func(v []byte) bool {
		got = append(got, string(v))
		return len(got) < 4
	})
	if want := `1|"a,b"|[2,3]|{"a":[4]}`; strings.Join(got, "|") != want {
		t.Errorf("elements = %q, want %q", got, want)
	}
}

func TestIntTakesOnlyExactIntegers(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7, "-12": -12,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if got, ok := Int([]byte(text)); !ok || got != want {
			t.Errorf("Int(%s) = %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "1.0", "1e3", "01", "9223372036854775808", "-9223372036854775809",
		"99999999999999999999", "true", `"1"`, "1x"} {
		if got, ok := Int([]byte(text)); ok {
			t.Errorf("Int(%s) = %d, want none", text, got)
		}
	}
}

func TestIntegersOfAnySizeAreIntegers(t *testing.T) {
	for _, text := range []string{"0", "-0", "7", "-12", "9223372036854775808", "-99999999999999999999"} {
		if !IsInteger(text) || !IsInteger([]byte(text)) {
			t.Errorf("%s is no integer", text)
		}
	}
	for _, text := range []string{"", "-", "1.0", "1e3", "01", "--1", "true", "1x"} {
		if IsInteger(text) {
			t.Errorf("%s is an integer", text)
		}
	}
}

func TestBoolAndKind(t *testing.T) {
	if b, ok := Bool([]byte("true")); !b || !ok {
		t.Error("Bool(true) failed")
	}
	if b, ok := Bool([]byte("false")); b || !ok {
		t.Error("Bool(false) failed")
	}
	if _, ok := Bool([]byte("1")); ok {
		t.Error("Bool took a number")
	}
	for text, want := range map[string]Kind{
		`{`: KindObject, ` [`: KindArray, `"`: KindString, `-1`: KindNumber, `true`: KindBool, `null`: KindNull, ``: KindInvalid, `x`: KindInvalid,
	} {
		if got := KindOf([]byte(text)); got != want {
			t.Errorf("KindOf(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestStringsSurviveTheRoundTrip(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c/d", "\x00\b\f\n\r\t\x1f\x7f", "é😀\u2028\u2029", "</script>"} {
		quoted := AppendString(nil, s)
		if got, ok := String(quoted); !ok || got != s {
			t.Errorf("String(%s) = %q, want %q", quoted, got, s)
		}
		if !bytes.Equal(quoted, AppendString(nil, []byte(s))) {
			t.Errorf("the string and bytes forms of %q differ", s)
		}
	}
	if got := string(AppendString(nil, "a\xffb\xe2\x82")); got != "\"a\uFFFDb\uFFFD\uFFFD\"" {
		t.Errorf("invalid UTF-8 became %q", got)
	}
	if got := string(AppendString(nil, "\u2028</")); got != "\"\u2028</\"" {
		t.Errorf("more was escaped than must be: %q", got)
	}
	if got, _ := String([]byte(`"\ud800x\ud83d\ude00"`)); got != "\uFFFDx😀" {
		t.Errorf("surrogates became %q", got)
	}
}

func TestCompactKeepsOnlyWhatMatters(t *testing.T) {
	got := AppendCompact([]byte("x"), []byte(" { \"a \\\" b\" :\r\n[ 1 ,\t\"\\\\\" , true ] } \n"))
	if want := `x{"a \" b":[1,"\\",true]}`; string(got) != want {
		t.Errorf("compact = %s, want %s", got, want)
	}
}

func TestValidationDoesNotAllocate(t *testing.T) {
	doc := envelopeOf(200)
	count := 0
	member := func(_, _ []byte) error { count++; return nil }
	if n := testing.AllocsPerRun(100, func() {
		if ParseObject(doc, member) != nil || Valid(doc) != nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzValid(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u0041\ud83d\ude00",null,true]}`, `{"a":1,"a":2}`, `"\ud800"`, "[\"\xff\"]",
		`{"a":{"b":{}},"c":[[]]}`, ` [1 , 2 ] `, `{"\u0061":1,"a":2}`, string(envelopeOf(200)), large(40, "k1")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Valid(data)
		if err != nil && strings.Contains(err.Error(), "nested too deep") {
			return // the oracle's limit is another
		}
		if oracle := jsontext.Value(data).IsValid(); oracle != (err == nil) {
			t.Fatalf("Valid = %v, the oracle says %v", err, oracle)
		}
		exerciseReaders(t, data, err == nil)
	})
}

// exerciseReaders holds the readers to the oracle on valid documents, and to
// not panicking on all others.
func exerciseReaders(t *testing.T, data []byte, valid bool) {
	compact := AppendCompact(nil, data)
	s, isString := String(data)
	rebuilt := rebuild(data)
	Int(data)
	if !valid {
		return
	}
	want := jsontext.Value(bytes.Clone(data))
	if err := want.Compact(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(compact, want) {
		t.Fatalf("compact = %q, want %q", compact, want)
	}
	if k := KindOf(data); k == KindObject || k == KindArray {
		equalJSON(t, rebuilt, want)
	}
	if isString != (KindOf(data) == KindString) {
		t.Fatalf("String says %v of a %d", isString, KindOf(data))
	}
	if isString {
		equalJSON(t, AppendString(nil, s), want)
	}
}

// rebuild takes a container apart and puts it together again.
func rebuild(data []byte) []byte {
	var parts [][]byte
	if KindOf(data) == KindArray {
		Elements(data, func(v []byte) bool { parts = append(parts, v); return true })
		return fmt.Appendf(nil, "[%s]", bytes.Join(parts, []byte(",")))
	}
	Members(data, func(k, v []byte) bool {
		parts = append(parts, fmt.Appendf(nil, "%s:%s", AppendString(nil, k), v))
		return true
	})
	return fmt.Appendf(nil, "{%s}", bytes.Join(parts, []byte(",")))
}

func equalJSON(t *testing.T, got, want jsontext.Value) {
	t.Helper()
	a, b := bytes.Clone(got), bytes.Clone(want)
	if (*jsontext.Value)(&a).Canonicalize() != nil || (*jsontext.Value)(&b).Canonicalize() != nil || !bytes.Equal(a, b) {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func BenchmarkEnvelope(b *testing.B) {
	for _, size := range []int{200, 100 << 10} {
		doc := envelopeOf(size)
		run := func(name string, parse func() error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(doc)))
				for b.Loop() {
					if err := parse(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		var id, method, params []byte
		run("rawjson", func() error {
			return ParseObject(doc, func(key, value []byte) error {
				switch string(key) {
				case "id":
					id = value
				case "method":
					method = value
				case "params":
					params = value
				}
				return nil
			})
		})
		run("jsontext", func() error { return splitWithJSONText(doc) })
		run("encoding_json", func() error {
			var envelope struct {
				JSONRPC string          `json:"jsonrpc"`
				ID      json.RawMessage `json:"id"`
				Method  string          `json:"method"`
				Params  json.RawMessage `json:"params"`
			}
			return json.Unmarshal(doc, &envelope)
		})
		if id == nil || method == nil || params == nil {
			b.Fatal("the envelope was not read")
		}
	}
}

func splitWithJSONText(doc []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(doc))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		if _, err := d.ReadToken(); err != nil {
			return err
		}
		if _, err := d.ReadValue(); err != nil {
			return err
		}
	}
	return nil
}

// envelopeOf returns a tools/call of about size bytes.
func envelopeOf(size int) []byte {
	const frame = `{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"files__read","arguments":{"path":"/a/b","limit":10,"text":"%s"},"_meta":{"progressToken":17}}}`
	return fmt.Appendf(nil, frame, strings.Repeat("lorem ipsum dolor, ", size)[:max(0, size-len(frame)+2)])
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// large returns an object with the keys k0 to k(n-1), and then last.
func large(n int, last string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	fmt.Fprintf(&b, `%q:0}`, last)
	return b.String()
}
