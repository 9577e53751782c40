// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

func TestSentinelDecodesOnlyItsExactForm(t *testing.T) {
	for value, want := range map[string]string{
		"plain":                  "plain",
		"":                       "",
		"=?base64?SGVsbG8=?=":    "Hello",
		"=?base64?w6TDtg==?=":    "äö",
		"=?BASE64?SGVsbG8=?=":    "=?BASE64?SGVsbG8=?=", // the markers are case-sensitive
		"=?base64?SGVsbG8=":      "=?base64?SGVsbG8=",   // half a sentinel is literal
		"SGVsbG8=?=":             "SGVsbG8=?=",
		"=?base64??=":            "",
		"a =?base64?SGVsbG8=?= ": "a =?base64?SGVsbG8=?= ",
	} {
		if got, err := mcp.DecodeHeader(value); err != nil || got != want {
			t.Errorf("%q decodes to %q, %v; want %q", value, got, err, want)
		}
	}
	for _, value := range []string{"=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?=", "=?base64?/w==?=", "=?base64?SGVsbG9=?="} {
		if got, err := mcp.DecodeHeader(value); err == nil {
			t.Errorf("%q decodes to %q, want an error", value, got)
		}
	}
}

// FuzzHeaderLadder holds that a request passes the ladder exactly if each
// header says what the body says, and that nothing panics on the way.
func FuzzHeaderLadder(f *testing.F) {
	f.Add("2026-07-28", "tools/call", "files__read", "2026-07-28", "tools/call", "files__read", true)
	f.Add("2026-07-28", "tools/call", "é\n", "2026-07-28", "tools/call", "=?base64?w6kK?=", true)
	f.Add("2026-07-28", "tools/list", "", " 2026-07-28\t", "Tools/List", "", false)
	f.Add("", "", "", "", "", "", false)
	f.Fuzz(func(t *testing.T, version, method, name, hVersion, hMethod, hName string, withName bool) {
		params := rawjson.AppendString([]byte(`{"name":`), name)
		q := &Request{Method: method, Params: append(params, '}'), Header: map[string][]string{
			mcp.HeaderVersion: {hVersion}, mcp.HeaderMethod: {hMethod},
		}}
		q.Meta.VersionName = version
		if withName {
			q.Header[mcp.HeaderName] = []string{hName}
		}
		err := checkHeaders(q)
		wire := (*jsonrpc.Error)(nil)
		if err != nil && (!errors.As(err, &wire) || wire.Code != mcp.CodeHeaderMismatch) {
			t.Fatalf("not a header mismatch: %v", err)
		}
		agree := trim(hVersion) == version && trim(hMethod) == method
		if method == mcp.MethodCallTool {
			agree = agree && withName && nameAgrees(trim(hName), strings.ToValidUTF8(name, "\uFFFD"))
		}
		if method == mcp.MethodGetPrompt && agree || method == mcp.MethodReadResource {
			return // named as well; the rule is the same
		}
		if agree != (err == nil) {
			t.Fatalf("agree %t but err %v: %q", agree, err, q.Header)
		}
	})
}

func trim(s string) string { return strings.Trim(s, " \t") }

// nameAgrees states the rule the other way round: by encoding.
func nameAgrees(header, name string) bool {
	encoded := "=?base64?" + base64.StdEncoding.EncodeToString([]byte(name)) + "?="
	if strings.HasPrefix(header, "=?base64?") && strings.HasSuffix(header, "?=") && len(header) >= len("=?base64??=") {
		return header == encoded
	}
	return header == name
}
