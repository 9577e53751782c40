// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func TestEveryKindOfContentIsRead(t *testing.T) {
	size := uint64(7)
	priority, nan := 0.5, math.NaN()
	blocks, err := contentBlocks([]*pluginv1.ContentBlock{
		{Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: "t"}}, Annotations: &pluginv1.Annotations{Priority: &priority, Audience: []pluginv1.Role{pluginv1.Role_ROLE_USER, 9}}},
		{Kind: &pluginv1.ContentBlock_Image{Image: &pluginv1.MediaContent{Data: []byte{1}, MimeType: "image/png"}}, Annotations: &pluginv1.Annotations{Priority: &nan}},
		{Kind: &pluginv1.ContentBlock_Audio{Audio: &pluginv1.MediaContent{}}},
		{Kind: &pluginv1.ContentBlock_ResourceLink{ResourceLink: &pluginv1.ResourceLink{Uri: "u", Name: "n", Size: &size}}},
		{Kind: &pluginv1.ContentBlock_Resource{Resource: &pluginv1.ResourceContents{Uri: "u", Contents: &pluginv1.ResourceContents_Text{Text: ""}}}},
		{Kind: &pluginv1.ContentBlock_Resource{Resource: &pluginv1.ResourceContents{Uri: "u", Contents: &pluginv1.ResourceContents_Blob{Blob: []byte{2}}}}},
		{Kind: &pluginv1.ContentBlock_Raw{Raw: &pluginv1.RawContent{BlockJson: []byte(`{"type":"new"}`), FallbackText: "f"}}, MetaJson: []byte(`{"m":1}`)},
		{}, // of no kind
	})
	if err != nil || len(blocks) != 7 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	checks := []bool{
		*blocks[0].Text == "t" && *blocks[0].Annotations.Priority == 0.5 && len(blocks[0].Annotations.Audience) == 1,
		blocks[1].Image.MIMEType == "image/png" && blocks[1].Annotations.Priority == nil,
		blocks[2].Audio.MIMEType != "",
		blocks[3].Link.URI == "u" && *blocks[3].Link.Size == 7,
		blocks[4].Resource.Text != nil,
		blocks[5].Resource.Text == nil && len(blocks[5].Resource.Blob) == 1,
		string(blocks[6].Raw.JSON) == `{"type":"new"}` && blocks[6].Raw.Fallback == "f" && string(blocks[6].Meta) == `{"m":1}`,
	}
	for i, ok := range checks {
		if !ok {
			t.Errorf("block %d is %+v", i, blocks[i])
		}
	}
}

func TestBadOutcomesNeverReachTheClient(t *testing.T) {
	raw := func(json string) *pluginv1.ContentBlock {
		return &pluginv1.ContentBlock{Kind: &pluginv1.ContentBlock_Raw{Raw: &pluginv1.RawContent{BlockJson: []byte(json)}}}
	}
	results := map[string]*pluginv1.CallToolResult{
		"raw block no JSON":   {Content: []*pluginv1.ContentBlock{raw(`{`)}},
		"raw block no object": {Content: []*pluginv1.ContentBlock{raw(`"x"`)}},
		"raw block no type":   {Content: []*pluginv1.ContentBlock{raw(`{"type":1}`)}},
		"structured no JSON":  {StructuredContentJson: []byte("nope")},
		"meta no object":      {MetaJson: []byte("[]")},
	}
	for name, result := range results {
		if _, err := toolResult(result); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	ask := func(reqs ...*pluginv1.InputRequest) *pluginv1.InputRequired {
		return &pluginv1.InputRequired{Requests: reqs}
	}
	elicit := pluginv1.InputMethod_INPUT_METHOD_ELICIT
	var many []*pluginv1.InputRequest
	for i := range 33 {
		many = append(many, &pluginv1.InputRequest{Key: strconv.Itoa(i), Method: elicit})
	}
	if _, err := inputRequired(ask(many[:32]...)); err != nil {
		t.Errorf("32 questions: %v", err)
	}
	questions := map[string]*pluginv1.InputRequired{
		"no method":   ask(&pluginv1.InputRequest{Key: "k"}),
		"no key":      ask(&pluginv1.InputRequest{Method: elicit}),
		"same key":    ask(&pluginv1.InputRequest{Key: "k", Method: elicit}, &pluginv1.InputRequest{Key: "k", Method: elicit}),
		"bad params":  ask(&pluginv1.InputRequest{Key: "k", Method: elicit, ParamsJson: []byte("[]")}),
		"long key":    ask(&pluginv1.InputRequest{Key: strings.Repeat("k", 129), Method: elicit}),
		"many":        ask(many...),
		"large state": {State: make([]byte, 64<<10+1)},
	}
	for name, question := range questions {
		if _, err := inputRequired(question); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestLogLinesOfManyMakers(t *testing.T) {
	tests := []struct {
		line  string
		level hclog.Level
		text  string
	}{
		{`{"@level":"warn","@message":"m","k":1}`, hclog.Warn, "m"},
		{`{"@level":50,"@message":"m"}`, hclog.Error, "m"},
		{`{"level":"WARNING","msg":"m"}`, hclog.Warn, "m"},
		{`{"@level":"off","@message":"m"}`, hclog.Info, "m"},
		{`{"@level":{},"@message":["x"]}`, hclog.Info, `["x"]`},
	}
	for _, test := range tests {
		level, text, _, ok := parseLogLine(test.line)
		if !ok || level != test.level || text != test.text {
			t.Errorf("%s: %v %q %v", test.line, level, text, ok)
		}
	}
	for _, line := range []string{`{"@level":"warn"}`, `{"@message":"cut`, `[1]`, `plain`, ``} {
		if _, _, _, ok := parseLogLine(line); ok {
			t.Errorf("%q is taken for a log line", line)
		}
	}
	for line, want := range map[string]hclog.Level{"[WARN] x": hclog.Warn, "[OFF] x": hclog.Info, "x": hclog.Info, "[ERROR]": hclog.Error} {
		if got, _ := plainLevel(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestStacksKeepTheirLinesAndForgeNone(t *testing.T) {
	log := logger(t)
	s := newStderrLog(log.log)
	s.read(strings.NewReader(`{"@level":"error","@message":"tool t failed\nTraceback:\n  File \"x\"\n\u001b[31mKeyError","stack":"a\r\nb\n"}` + "\n"))
	got := log.String()
	for _, want := range []string{"tool t failed:", "  | Traceback:\n", `  |   File "x"`, "  | \uFFFD[31mKeyError\n", "  | a\n", "  | b\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "\x1b") || strings.Contains(got, "\nTraceback") {
		t.Errorf("a plugin can write lines of its own:\n%s", got)
	}
}

func TestLastWordsNameTheCause(t *testing.T) {
	for said, want := range map[string]string{
		"starting\npanic: gouch\n\ngoroutine 1 [running]:\nmain.main()\n\t/x/main.go:3 +0x4e\nexit status 2":    "panic: gouch",
		"Traceback (most recent call last):\n  File \"x\", line 1\nModuleNotFoundError: No module named 'grpc'": "ModuleNotFoundError: No module named 'grpc'",
		"file:///x/main.js:3\nthrow new Error('later');\n      ^\n\nError: later\n    at x\n\nNode.js v20.20.2": "Error: later",
		"thread 'main' (7) panicked at src/main.rs:3:5:\nouch\nnote: run with `RUST_BACKTRACE=1`":               "thread 'main' (7) panicked at src/main.rs:3:5:",
		"Exception in thread \"main\" java.lang.IllegalStateException: no\n\tat x.Main.main(Main.java:3)":       `Exception in thread "main" java.lang.IllegalStateException: no`,
		"one\nabout to die": "about to die",
		"":                  "",
	} {
		s := newStderrLog(hclog.NewNullLogger())
		s.read(strings.NewReader(said + "\n"))
		if got := s.lastWords(); got != want {
			t.Errorf("%q: got %q, want %q", said, got, want)
		}
	}
}

func TestChattyPluginIsBoundedInTheLog(t *testing.T) {
	log := logger(t)
	s := newStderrLog(log.log)
	s.read(strings.NewReader(strings.Repeat("again and again and again and again\n", 5000) + "last\n"))
	if n := strings.Count(log.String(), "stream=stderr"); n < lineBurst || n > lineBurst+500 {
		t.Errorf("%d of 5000 lines are in the log", n)
	}
	if s.lastWords() != "last" || len(s.tail) > tailSize {
		t.Errorf("last line is %q of %d bytes", s.lastWords(), len(s.tail))
	}
}

func TestLogLevelsMatchTheProtocols(t *testing.T) {
	for level := mcp.LogDebug; level <= mcp.LogEmergency; level++ {
		name := strings.TrimPrefix(pluginv1.LogLevel(level).String(), "LOG_LEVEL_")
		if !strings.EqualFold(name, level.String()) || logLevel(pluginv1.LogLevel(level)) != level {
			t.Errorf("%v is %s there", level, name)
		}
	}
}
