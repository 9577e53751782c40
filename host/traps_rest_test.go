// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
)

// nothing is a tool that returns no content.
func nothing(context.Context, *host.ToolCall, host.Sink) (host.Outcome, error) {
	return host.Outcome{Tool: &host.CallToolResult{}}, nil
}

func TestTrap11ListsThatDependOnWhoAsks(t *testing.T) {
	s := embed(t, "fake all tools=echo,sample,three", host.Options{})
	c := connect(t, s, host.ClientOptions{})
	plain := mustCall(t, c, "tools/list", `{`+statelessMeta+`}`)
	able := mustCall(t, connect(t, s, host.ClientOptions{}), "tools/list", `{`+askableMeta+`}`)
	if plain != able || !strings.Contains(plain, "fake__sample") {
		t.Errorf("the list differs by what the client can do:\n%s\n%s", plain, able)
	}
	mustCall(t, c, "tools/call", `{"name":"fake__echo",`+statelessMeta+`}`)
	if after := mustCall(t, c, "tools/list", `{`+statelessMeta+`}`); after != plain {
		t.Errorf("the list differs after a call: %s", after)
	}
	for _, cached := range []string{"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
		if got := mustCall(t, c, cached, `{`+statelessMeta+`}`); !strings.Contains(got, `"ttlMs":`) || !strings.Contains(got, `"cacheScope":"`) {
			t.Errorf("%s has no hints for caches: %s", cached, got)
		}
	}
	for _, got := range []string{
		mustCall(t, c, "tools/call", `{"name":"fake__echo",`+statelessMeta+`}`),
		mustCall(t, c, "tools/call", `{"name":"fake__three",`+askableMeta+`}`),
		mustCall(t, c, "prompts/get", `{"name":"fake__hello","arguments":{"who":"x"},`+statelessMeta+`}`),
	} {
		if strings.Contains(got, "ttlMs") || strings.Contains(got, "cacheScope") {
			t.Errorf("a result that must not be cached has hints for caches: %s", got)
		}
	}
}

func TestTrap12HeaderValidationDetails(t *testing.T) {
	s := embed(t, "", host.Options{})
	tool := host.Tool{
		Name: "region", InputSchema: []byte(`{"type":"object"}`),
		Headers: []host.HeaderParam{{Name: "Region", Path: []string{"region"}, Type: "string"}, {Name: "Level", Path: []string{"at", "level"}, Type: "integer"}, {Name: "Dry", Path: []string{"dry"}, Type: "boolean"}},
	}
	err := s.AddTool(tool, nothing)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		arguments string
		headers   map[string][]string
		fits      bool
	}{
		"equal":                         {`{"region":"eu"}`, map[string][]string{"Mcp-Param-Region": {"eu"}}, true},
		"white space around":            {`{"region":"eu"}`, map[string][]string{"Mcp-Param-Region": {" eu\t"}}, true},
		"another case":                  {`{"region":"eu"}`, map[string][]string{"Mcp-Param-Region": {"EU"}}, false},
		"sentinel":                      {`{"region":"Hello"}`, map[string][]string{"Mcp-Param-Region": {"=?base64?SGVsbG8=?="}}, true},
		"sentinel without padding":      {`{"region":"Hello"}`, map[string][]string{"Mcp-Param-Region": {"=?base64?SGVsbG8?="}}, false},
		"half a sentinel is literal":    {`{"region":"=?base64?SGVsbG8="}`, map[string][]string{"Mcp-Param-Region": {"=?base64?SGVsbG8="}}, true},
		"missing":                       {`{"region":"eu"}`, nil, false},
		"twice":                         {`{"region":"eu"}`, map[string][]string{"Mcp-Param-Region": {"eu", "eu"}}, false},
		"empty is a value":              {`{"region":""}`, map[string][]string{"Mcp-Param-Region": {""}}, true},
		"null wants none":               {`{"region":null}`, nil, true},
		"absent wants none":             {`{}`, nil, true},
		"there without the argument":    {`{}`, map[string][]string{"Mcp-Param-Region": {"eu"}}, false},
		"integers compare as numbers":   {`{"at":{"level":42}}`, map[string][]string{"Mcp-Param-Level": {"42.0"}}, true},
		"big integers compare exactly":  {`{"at":{"level":9007199254740993}}`, map[string][]string{"Mcp-Param-Level": {"9007199254740992"}}, false},
		"booleans":                      {`{"dry":true}`, map[string][]string{"Mcp-Param-Dry": {"true"}}, true},
		"booleans are lower case":       {`{"dry":true}`, map[string][]string{"Mcp-Param-Dry": {"True"}}, false},
		"a header that no schema names": {`{}`, map[string][]string{"Mcp-Param-Other": {"x"}}, true},
	} {
		header := map[string][]string{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"region"}}
		for key, values := range test.headers {
			header[key] = values
		}
		c := connect(t, s, host.ClientOptions{Header: header})
		_, err := c.Call(t.Context(), "tools/call", []byte(`{"name":"region","arguments":`+test.arguments+`,`+statelessMeta+`}`))
		if fits := err == nil; fits != test.fits || !fits && !strings.Contains(err.Error(), "-32020") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Neither the handshake era nor a pipe knows these headers.
	c := connect(t, s, host.ClientOptions{Header: map[string][]string{}})
	mustCall(t, c, "initialize", initialize)
	mustCall(t, c, "tools/call", `{"name":"region","arguments":{"region":"eu"}}`)
	mustCall(t, connect(t, s, host.ClientOptions{}), "tools/call", `{"name":"region","arguments":{"region":"eu"},`+statelessMeta+`}`)
}

func TestTrap13EncodingsThatLoseValues(t *testing.T) {
	s := embed(t, "fake all tools=echo", host.Options{})
	c := connect(t, s, host.ClientOptions{})
	list := mustCall(t, connect(t, embed(t, "empty tools=", host.Options{}), host.ClientOptions{}), "tools/list", `{`+statelessMeta+`}`)
	if !strings.Contains(list, `"tools":[]`) || strings.Contains(list, "nextCursor") {
		t.Errorf("an empty list is %s", list)
	}
	if slow := mustCall(t, connect(t, embed(t, "good tools=a\nbroken fails=1h", host.Options{}), host.ClientOptions{}), "tools/list", `{`+statelessMeta+`}`); !strings.Contains(slow, `"ttlMs":0`) {
		t.Errorf("a time of zero is left out: %s", slow)
	}
	const big = `{"n":12345678901234567890,"f":1.10}`
	if got := textOf(t, mustCall(t, c, "tools/call", `{"name":"fake__echo","arguments":`+big+`,`+statelessMeta+`}`)); got != big {
		t.Errorf("arguments arrive as %s", got)
	}
	_, err := c.Call(t.Context(), "tools/call", []byte(`{"Name":"fake__echo",`+statelessMeta+`}`))
	if err == nil || !strings.Contains(err.Error(), "-32602") {
		t.Errorf("a member in another case is taken: %v", err)
	}
	own := embed(t, "", host.Options{})
	if err := own.AddTool(host.Tool{Name: "none", InputSchema: []byte(`{"type":"object"}`)}, nothing); err != nil {
		t.Fatal(err)
	}
	if got := mustCall(t, connect(t, own, host.ClientOptions{}), "tools/call", `{"name":"none",`+statelessMeta+`}`); !strings.Contains(got, `"content":[]`) {
		t.Errorf("no content is %s", got)
	}
}

func TestTrap14NewerShapesLeakToOlderPeers(t *testing.T) {
	s := embed(t, "fake all tools=blocks", host.Options{})
	kinds := regexp.MustCompile(`"type":"([a-z_]+)"`)
	known := map[string]string{
		"2024-11-05": "text image resource",
		"2025-03-26": "text image audio resource",
		"2025-06-18": "text image audio resource resource_link",
		"2025-11-25": "text image audio resource resource_link",
	}
	for version, allowed := range known {
		c := connect(t, s, host.ClientOptions{})
		mustCall(t, c, "initialize", `{"protocolVersion":"`+version+`","capabilities":{}}`)
		got := mustCall(t, c, "tools/call", `{"name":"fake__blocks"}`)
		for _, kind := range kinds.FindAllStringSubmatch(got, -1) {
			if !strings.Contains(" "+allowed+" ", " "+kind[1]+" ") {
				t.Errorf("%s is sent a block of kind %s", version, kind[1])
			}
		}
		for _, member := range []string{"resultType", "structuredContent", "ttlMs", "io.modelcontextprotocol/"} {
			if strings.Contains(got, member) {
				t.Errorf("%s is sent %s: %s", version, member, got)
			}
		}
		if list := mustCall(t, c, "prompts/list", `{}`); strings.Contains(list, `"title"`) != (version >= "2025-06-18") {
			t.Errorf("%s is sent titles, or not: %s", version, list)
		}
	}
}
