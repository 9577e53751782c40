// SPDX-License-Identifier: Apache-2.0

package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestMessagesAreRead(t *testing.T) {
	for data, want := range map[string]Message{
		`{"jsonrpc":"2.0","id":1,"method":"a/b","params":{"x":[1]},"extra":0}`: {
			Kind: KindRequest, ID: NumberID(1), Method: "a/b", Params: []byte(`{"x":[1]}`)},
		` { "method" : "n" , "json\u0072pc" : "2\u002e0" } `: {Kind: KindNotification, Method: "n"},
		`{"jsonrpc":"2.0","id":"x","result":null}`:           {Kind: KindResponse, ID: StringID("x"), Result: []byte("null")},
		`{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no","data":[1]}}`: {
			Kind: KindResponse, ID: NumberID(1), Err: &Error{Code: -1, Message: "no", Data: []byte("[1]")}},
		`{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}`: {
			Kind: KindResponse, Err: &Error{Code: ParseError, Message: "no"}},
		`{"jsonrpc":"2.0","error":{"code":1,"message":""}}`: {Kind: KindResponse, Err: &Error{Code: 1}},
	} {
		got, err := Parse([]byte(data))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) = %+v, %v, want %+v", data, got, err, want)
		}
	}
}

func TestMalformedMessagesKeepWhatCouldBeRead(t *testing.T) {
	cases := []struct {
		data string
		code Code
		kind Kind
		id   ID
	}{
		{``, ParseError, KindInvalid, ID{}},
		{`{"jsonrpc":"2.0","id":1,"method":"m"`, ParseError, KindInvalid, ID{}},
		{`[]`, InvalidRequest, KindInvalid, ID{}},
		{`{}`, InvalidRequest, KindInvalid, ID{}},
		{`{"jsonrpc":"2.0","id":3}`, InvalidRequest, KindInvalid, NumberID(3)},
		{`{"id":3,"method":"m"}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","id":3,"method":"m","params":[]}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","id":3,"method":"m","params":null}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","method":"m","params":1}`, InvalidRequest, KindNotification, ID{}},
		{`{"jsonrpc":"2.0","id":3,"method":7}`, InvalidRequest, KindInvalid, NumberID(3)},
		{`{"jsonrpc":"2.0","id":3,"method":"m","result":1}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","params":{"a":1,"a":1},"method":"m","id":3}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","params":{"a":"\ud800"},"method":"m","id":3}`, InvalidRequest, KindRequest, NumberID(3)},
		{`{"jsonrpc":"2.0","id":"\ud800","method":"m"}`, InvalidRequest, KindRequest, ID{}},
		{`{"jsonrpc":"2.0","id":"x\udfff","result":{}}`, InvalidRequest, KindResponse, ID{}},
		{`{"jsonrpc":"2.0","id":"\ud83d\ude00","method":"m","params":1}`, InvalidRequest, KindRequest, StringID("\U0001F600")},
		{`{"jsonrpc":"2.0","id":3,"method":"m","id":4}`, InvalidRequest, KindRequest, ID{}},
		{`{"jsonrpc":"2.0","id":3,"method":"m","id":4,"id":5}`, InvalidRequest, KindRequest, ID{}},
		{`{"jsonrpc":"2.0","id":true,"method":"m"}`, InvalidRequest, KindRequest, ID{}},
		{`{"jsonrpc":"2.0","id":null,"method":"m"}`, InvalidRequest, KindRequest, ID{}},
		{`{"jsonrpc":"2.0","result":{}}`, InvalidRequest, KindResponse, ID{}},
		{`{"jsonrpc":"2.0","id":3,"result":{},"error":{"code":1,"message":""}}`, InvalidRequest, KindResponse, NumberID(3)},
		{`{"jsonrpc":"2.0","id":3,"error":{"code":1.5,"message":""}}`, InvalidRequest, KindResponse, NumberID(3)},
		{`{"jsonrpc":"2.0","id":3,"error":"x"}`, InvalidRequest, KindResponse, NumberID(3)},
	}
	for _, c := range cases {
		msg, err := Parse([]byte(c.data))
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Code != c.code || msg.Kind != c.kind || msg.ID != c.id {
			t.Errorf("Parse(%s) = kind %d, id %v, %v; want kind %d, id %v, %v", c.data, msg.Kind, msg.ID, err, c.kind, c.id, c.code)
		}
	}
}

func TestIDsKeepTheirTypeAndText(t *testing.T) {
	for _, raw := range []string{`1`, `-5`, `0`, `"1"`, `""`, `"a\"b"`, `123456789012345678901234567890`, `9007199254740993`} {
		id, err := ParseID([]byte(raw))
		if err != nil || id.IsZero() || string(id.AppendJSON(nil)) != raw {
			t.Errorf("ParseID(%s) = %s, %v", raw, id.AppendJSON(nil), err)
		}
	}
	for _, raw := range []string{`null`, `true`, `1.5`, `1.0`, `1e3`, `{}`, `[]`, ``, `"\ud800"`} {
		if id, err := ParseID([]byte(raw)); err == nil || !id.IsZero() {
			t.Errorf("ParseID(%s) = %v, want an error", raw, id)
		}
	}
	if NumberID(1) == StringID("1") {
		t.Error(`1 and "1" are the same id`)
	}
	if id, _ := ParseID([]byte(`"\u0061"`)); id != StringID("a") {
		t.Error("an escape makes another id")
	}
	if got := StringID(strings.Repeat("x", 1000)).String(); len(got) > 100 {
		t.Errorf("a long id is logged with %d bytes", len(got))
	}
	if got := fmt.Sprint(ID{}, NumberID(7), StringID("7")); got != `none 7 "7"` {
		t.Errorf("ids are logged as %s", got)
	}
}

func TestOnlyCanonicalDecimalsAreCoerced(t *testing.T) {
	for text, want := range map[string]ID{
		"7": NumberID(7), "-7": NumberID(-7), "0": NumberID(0), "9223372036854775807": NumberID(1<<63 - 1),
		"07": {}, "1_000": {}, "+1": {}, " 1": {}, "1.0": {}, "": {}, "-": {}, "9223372036854775808": {}, "true": {},
	} {
		if want.IsZero() {
			want = StringID(text)
		}
		if got := StringID(text).Canonical(); got != want {
			t.Errorf("Canonical(%q) = %v, want %v", text, got, want)
		}
	}
	if NumberID(7).Canonical() != NumberID(7) || !(ID{}).Canonical().IsZero() {
		t.Error("what is no string must stay")
	}
}

func TestOnlyErrorsMeantForThePeerAreShown(t *testing.T) {
	e := &Error{Code: 7, Message: "m"}
	if AsError(fmt.Errorf("x: %w", e)) != e {
		t.Error("an *Error in the chain was not found")
	}
	if got := AsError(errors.New("secret")); got.Code != InternalError || got.Message != "internal error" || got.Data != nil {
		t.Errorf("a fault became %+v", got)
	}
	if AsError(nil) != nil {
		t.Error("no error became one")
	}
	var none *Error
	if got := AsError(fmt.Errorf("x: %w", error(none))); got == nil {
		t.Error("an error that holds a nil *Error became none")
	}
}

func TestCancelledIsAContextCancelled(t *testing.T) {
	err := error(&Cancelled{Reason: "bored"})
	if !errors.Is(err, context.Canceled) || err.Error() != "cancelled by the peer: bored" {
		t.Errorf("err = %v", err)
	}
}

func TestMessagesAreWritten(t *testing.T) {
	result, err := AppendResponse([]byte("x"), NumberID(1), Raw(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	empty, _ := AppendResponse(nil, StringID("s"), nil)
	failure := &Error{Code: -32602, Message: "a \"b\"", Data: []byte(`{}`)}
	for got, want := range map[string]string{
		string(result): `x{"jsonrpc":"2.0","id":1,"result":{"a":1}}`,
		string(empty):  `{"jsonrpc":"2.0","id":"s","result":{}}`,
		string(AppendError(nil, NumberID(1), false, failure)): `{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"a \"b\"","data":{}}}`,
		string(AppendError(nil, ID{}, false, failure)):        `{"jsonrpc":"2.0","error":{"code":-32602,"message":"a \"b\"","data":{}}}`,
		string(AppendError(nil, ID{}, true, failure)):         `{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"a \"b\"","data":{}}}`,
		string(AppendRequest(nil, NumberID(2), "m", nil)):     `{"jsonrpc":"2.0","id":2,"method":"m"}`,
		string(AppendNotification(nil, "n", []byte(`{}`))):    `{"jsonrpc":"2.0","method":"n","params":{}}`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

type failing struct{}

func (failing) AppendJSON(dst []byte) ([]byte, error) {
	return append(dst, "half"...), errors.New("no")
}

func TestResultThatFailsLeavesNothingBehind(t *testing.T) {
	if out, err := AppendResponse([]byte("x"), NumberID(1), failing{}); err == nil || string(out) != "x" {
		t.Errorf("out = %q, %v", out, err)
	}
}

func TestBatchesAreSplit(t *testing.T) {
	parts, err := SplitBatch([]byte(` [ {"a":1} , 2 ,[3]] `))
	if err != nil || len(parts) != 3 || string(parts[0]) != `{"a":1}` || string(parts[2]) != "[3]" {
		t.Errorf("parts = %q, %v", parts, err)
	}
	if !IsBatch([]byte(" [")) || IsBatch([]byte("{}")) || IsBatch(nil) {
		t.Error("IsBatch is wrong")
	}
	full := strings.TrimSuffix(strings.Repeat("1,", MaxBatch), ",")
	if parts, err := SplitBatch([]byte("[" + full + "]")); err != nil || len(parts) != MaxBatch {
		t.Errorf("a full batch: %d parts, %v", len(parts), err)
	}
	for data, want := range map[string]Code{"[": ParseError, "[]": InvalidRequest, "{}": InvalidRequest, "[1," + full + "]": InvalidRequest} {
		if e, ok := errors.AsType[*Error](second(SplitBatch([]byte(data)))); !ok || e.Code != want {
			t.Errorf("SplitBatch(%.20s) = %v, want %v", data, e, want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestFrameIsParsedOnce(t *testing.T) {
	f := &Frame{Data: []byte(`{"jsonrpc":"2.0","method":"a"}`)}
	if _, err := f.Parse(); err != nil {
		t.Fatal(err)
	}
	f.Data = nil // a second parse would fail
	if msg, err := f.Parse(); err != nil || msg.Method != "a" {
		t.Errorf("second Parse = %+v, %v", msg, err)
	}
	fault := &Error{Code: InvalidRequest, Message: "too large"}
	if _, err := (&Frame{Fault: fault}).Parse(); err != error(fault) {
		t.Errorf("Parse of a fault = %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}`, `{"jsonrpc":"2.0","id":"\u0061","result":[]}`,
		`{"jsonrpc":"2.0","method":"n"}`, `{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m","data":null}}`,
		`{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}`, `[1]`, `{"jsonrpc":"2.0","id":-0,"method":"\ud83d\ude00"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := Parse(data)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || (e.Code != ParseError && e.Code != InvalidRequest) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		again, err := Parse(encode(t, msg))
		if err != nil || !reflect.DeepEqual(again, msg) {
			t.Fatalf("%+v was read again as %+v, %v", msg, again, err)
		}
	})
}

func encode(t *testing.T, msg Message) []byte {
	var data []byte
	switch {
	case msg.Kind == KindRequest:
		data = AppendRequest(nil, msg.ID, msg.Method, msg.Params)
	case msg.Kind == KindNotification:
		data = AppendNotification(nil, msg.Method, msg.Params)
	case msg.Err != nil:
		data = AppendError(nil, msg.ID, false, msg.Err)
	default:
		var err error
		if data, err = AppendResponse(nil, msg.ID, Raw(msg.Result)); err != nil {
			t.Fatal(err)
		}
	}
	if !json.Valid(data) {
		t.Fatalf("not JSON: %s", data)
	}
	return data
}

func BenchmarkParse(b *testing.B) {
	data := []byte(`{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{"name":"echo__echo","arguments":{"text":"hello there"},"_meta":{"progressToken":17}}}`)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
