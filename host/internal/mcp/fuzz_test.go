// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// allVersions are those that a peer may speak, oldest first.
func allVersions() []Version {
	return []Version{Version20241105, Version20250326, Version20250618, Version20251125, Version20260728}
}

func encoded(text string) string {
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
}

// A value comes out as it went in, whatever else headers may look like.
func FuzzDecodeHeader(f *testing.F) {
	for _, seed := range []string{"", "plain", "=?base64?", "=?base64??=", "=?base64?Z?=", "=?BASE64?Zm9v?=", "=?base64?Zm9v?= ", "żółw", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		marked := strings.HasPrefix(text, "=?base64?") && strings.HasSuffix(text[len("=?base64?"):], "?=")
		if got, err := DecodeHeader(text); !marked && (got != text || err != nil) {
			t.Errorf("%q: got %q, %v; want it as it is", text, got, err)
		}
		got, err := DecodeHeader(encoded(text))
		if valid := strings.ToValidUTF8(text, "") == text; valid != (err == nil) || valid && got != text {
			t.Errorf("%q in base64: got %q, %v", text, got, err)
		}
	})
}

// A header that repeats its argument is let in, and one that says anything else
// never is.
func FuzzHeaderParams(f *testing.F) {
	f.Add("acme", "acme", int64(42), "42.0")
	f.Add("", "=?base64??=", int64(-1), "-1e0")
	f.Add("null", "null", int64(0), "-0")
	f.Add("ż", "=?base64?xbw=?=", int64(1)<<53, "9007199254740993")
	f.Fuzz(func(t *testing.T, text, header string, number int64, other string) {
		text = strings.ToValidUTF8(text, "?")
		args, err := json.Marshal(map[string]any{"a": map[string]any{"text": text, "number": number}})
		if err != nil {
			t.Fatal(err)
		}
		params := []HeaderParam{{Name: "Text", Path: []string{"a", "text"}, Type: "string"}, {Name: "Number", Path: []string{"a", "number"}, Type: "integer"}}
		check := func(text, number string) error {
			return CheckHeaderParams(params, map[string][]string{"Mcp-Param-Text": {text}, "Mcp-Param-Number": {number}}, args)
		}
		right := fmt.Sprint(number)
		if err := check(encoded(text), right); err != nil {
			t.Errorf("%q and %s are refused: %v", text, right, err)
		}
		if check(header, right) == nil {
			said, err := DecodeHeader(strings.Trim(header, " \t"))
			if err != nil || said != text {
				t.Errorf("%q is taken for %q", header, text)
			}
		}
		// What is not written as this number may still be it: 42.0 is 42.
		if check(encoded(text), other) == nil && strings.Trim(other, " \t") != right {
			if !strings.ContainsAny(other, ".eE+-=") && strings.TrimLeft(other, " \t0") != right && number != 0 {
				t.Errorf("%q is taken for %s", other, right)
			}
		}
		var refused *ProtocolError
		if err := CheckHeaderParams(params, nil, args); !errors.As(err, &refused) || refused.Reason != ReasonHeaderMismatch {
			t.Errorf("without headers: %v", err)
		}
	})
}

// Whatever a plugin says in text and bytes, each peer reads just that.
func FuzzContentRoundTrip(f *testing.F) {
	f.Add("hello", []byte{0, 1, 254, 255}, "image/png")
	f.Add("\u2028</script>\x00\"\\", []byte{}, "")
	f.Fuzz(func(t *testing.T, text string, data []byte, kind string) {
		text, kind = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(kind, "?")
		result := CallToolResult{Content: []ContentBlock{
			{Text: &text},
			{Image: &Media{Data: data, MIMEType: kind}},
			{Resource: &ResourceContents{URI: text, MIMEType: kind, Blob: data}},
			{Resource: &ResourceContents{URI: text, MIMEType: kind, Text: &text}},
		}}
		for _, v := range allVersions() {
			line := result.AppendJSON(nil, v, Stamp{})
			var got struct {
				Content []struct {
					Text, MIMEType string
					Data           []byte
					Resource       struct {
						URI, MIMEType, Text string
						Blob                []byte
					}
				}
			}
			if err := errors.Join(rawjson.Valid(line), json.Unmarshal(line, &got)); err != nil || len(got.Content) != 4 {
				t.Fatalf("%s: %v: %s", v, err, line)
			}
			if got.Content[0].Text != text || !slices.Equal(got.Content[1].Data, data) || got.Content[1].MIMEType != kind {
				t.Errorf("%s: text or image changed: %s", v, line)
			}
			blob, words := got.Content[2].Resource, got.Content[3].Resource
			if blob.URI != text || !slices.Equal(blob.Blob, data) || words.Text != text || words.MIMEType != kind {
				t.Errorf("%s: a resource changed: %s", v, line)
			}
		}
	})
}

// A question in the words of an older version holds nothing that came later.
func FuzzQuestionForOlderPeers(f *testing.F) {
	f.Add(`{"mode":"form","message":"m","requestedSchema":{"type":"object","properties":{"a":{"type":"string","oneOf":[{"const":"x","title":"X"}],"default":"x"}}}}`)
	f.Add(`{"mode":"url","message":"m","url":"https://example.com","elicitationId":"mine","task":{}}`)
	f.Add(`{"messages":[{"role":"user","content":[{"type":"text","text":"t"}]}],"maxTokens":1,"tools":[]}`)
	f.Add(`{"requestedSchema":{"properties":[]},"messages":{"content":[]}}`)
	f.Fuzz(func(t *testing.T, params string) {
		if rawjson.Valid([]byte(params)) != nil || rawjson.KindOf([]byte(params)) != rawjson.KindObject {
			return // the plugin room lets nothing else pass
		}
		for _, method := range []string{MethodElicit, MethodSample, MethodListRoots} {
			q := InputRequest{Key: "k", Method: method, Params: []byte(params)}
			_ = q.Needs()
			for _, v := range allVersions()[:4] {
				older, err := q.ParamsFor(v, "id")
				if err != nil {
					if !errors.Is(err, ErrInexpressible) {
						t.Errorf("%s for %s: %v", method, v, err)
					}
					continue
				}
				if len(older) > 0 && !json.Valid(older) {
					t.Errorf("%s for %s: %s", method, v, older)
				}
				for _, late := range lateMembers(method, v) {
					if _, ok := rawjson.Get(older, late); ok {
						t.Errorf("%s for %s holds %s: %s", method, v, late, older)
					}
				}
			}
		}
	})
}

// lateMembers are those that came to the params of method after v.
func lateMembers(method string, v Version) []string {
	switch {
	case v >= Version20251125:
		return nil
	case method == MethodElicit:
		return []string{"mode", "url", "elicitationId", "task"}
	default:
		return []string{"tools", "toolChoice", "task"}
	}
}
