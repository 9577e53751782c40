// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func TestListHoldsTheFitToolsOfAllPages(t *testing.T) {
	cfg, log := config(t, "good"), logger(t)
	cfg.Log = log.log
	p := start(t, cfg)
	tools, err := p.ListTools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tools); got != "echo crash" {
		t.Errorf("tools are %s", got)
	}
	for _, want := range []string{"bad name", "another tool has its name"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log does not tell of %q: %s", want, log)
		}
	}
}

func TestEndlessListIsAnError(t *testing.T) {
	_, err := start(t, config(t, "endless")).ListTools(t.Context())
	pluginError(t, err, "without end")
}

func TestPluginWithoutToolsListsNone(t *testing.T) {
	p := start(t, config(t, "notools"))
	if tools, err := p.ListTools(t.Context()); len(tools) > 0 || err != nil {
		t.Errorf("got %v, %v", tools, err)
	}
	if p.Description().Provides != mcp.KindPrompts {
		t.Errorf("provides %b", p.Description().Provides)
	}
}

func names(tools []mcp.Tool) string {
	var list []string
	for _, tool := range tools {
		list = append(list, tool.Name)
	}
	return strings.Join(list, " ")
}

// toolSieve returns what ListTools puts the plugin's pages through.
func toolSieve(t *testing.T, cfg Config) (*sieve[*pluginv1.Tool, mcp.Tool], *logBuffer) {
	t.Helper()
	cfg, log := completed(t, cfg)
	return newSieve(cfg.toolRules(), cfg.Log), log
}

func completed(t *testing.T, cfg Config) (Config, *logBuffer) {
	t.Helper()
	log := logger(t)
	cfg.Name, cfg.Command, cfg.Log = "fake", "x", log.log
	cfg, err := cfg.complete()
	if err != nil {
		t.Fatal(err)
	}
	return cfg, log
}

func TestUnfitToolIsDroppedAlone(t *testing.T) {
	tests := map[string]*pluginv1.Tool{
		"no name":           {},
		"long name":         {Name: strings.Repeat("n", 65)},
		"odd name":          {Name: "a/b"},
		"same name":         {Name: "good"},
		"no JSON":           {Name: "t", InputSchemaJson: []byte("{")},
		"no object":         {Name: "t", InputSchemaJson: []byte("true")},
		"root not object":   {Name: "t", InputSchemaJson: []byte(`{"type":"array"}`)},
		"root not said":     {Name: "t", InputSchemaJson: []byte(`{}`)},
		"duplicate keys":    {Name: "t", InputSchemaJson: []byte(`{"type":"object","type":"object"}`)},
		"output no JSON":    {Name: "t", OutputSchemaJson: []byte("x")},
		"large schema":      {Name: "t", InputSchemaJson: []byte(`{"type":"object","x":"` + strings.Repeat("x", 256<<10) + `"}`)},
		"other dialect":     {Name: "t", InputSchemaJson: []byte(`{"$schema":"https://example.com/x","type":"object"}`)},
		"no schema":         {Name: "t", InputSchemaJson: []byte(`{"type":"object","properties":{"a":{"type":7}}}`)},
		"outside reference": {Name: "t", OutputSchemaJson: []byte(`{"$ref":"https://example.com/x"}`)},
		"header of array":   {Name: "t", InputSchemaJson: []byte(`{"type":"object","properties":{"a":{"type":"array","x-mcp-header":"A"}}}`)},
		"large description": {Name: "t", Description: strings.Repeat("x", 16<<10+1)},
	}
	for name, tool := range tests {
		t.Run(name, func(t *testing.T) {
			s, log := toolSieve(t, Config{})
			s.add([]*pluginv1.Tool{{Name: "good"}, tool, {Name: "also-good"}})
			if got := names(s.items); got != "good also-good" {
				t.Errorf("left are %s", got)
			}
			if !strings.Contains(log.String(), "tool dropped") {
				t.Error("nothing in the log")
			}
		})
	}
}

func TestQuotaOfTools(t *testing.T) {
	s, log := toolSieve(t, Config{MaxTools: 2})
	if full := s.add([]*pluginv1.Tool{{Name: "a"}, {Name: "b"}, {Name: "c"}}); !full || names(s.items) != "a b" {
		t.Errorf("full %v, tools %s", full, names(s.items))
	}
	if !strings.Contains(log.String(), "too many tools") {
		t.Error("nothing in the log")
	}
}

func TestToolIsCleaned(t *testing.T) {
	s, _ := toolSieve(t, Config{})
	s.add([]*pluginv1.Tool{{
		Name:             "t",
		OutputSchemaJson: []byte("{\n  \"a\": \"x y\"\r\n}"),
		Icons:            []*pluginv1.Icon{{Src: "javascript:x"}, {Src: "https://a/b"}, {Src: "file:///x"}, {Src: "DATA:,x"}},
		MetaJson:         []byte(`{"io.modelcontextprotocol/x":1,"mine":{"a":[1]},"\u0069o.modelcontextprotocol/y":2}`),
	}})
	tool := s.items[0]
	if string(tool.InputSchema) != `{"type":"object"}` || string(tool.OutputSchema) != `{"a":"x y"}` {
		t.Errorf("schemas are %s and %s", tool.InputSchema, tool.OutputSchema)
	}
	if len(tool.Icons) != 2 || string(tool.Meta) != `{"mine":{"a":[1]}}` {
		t.Errorf("icons are %v, _meta is %s", tool.Icons, tool.Meta)
	}
}

func TestNewRevisionIsAnnounced(t *testing.T) {
	p := start(t, config(t, "good"))
	if _, err := p.ListTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustCall(t, p, "revise", "r2")
	if kinds := nextChange(t, p); kinds != mcp.KindTools {
		t.Errorf("changed are %b", kinds)
	}
	if _, err := p.ListTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustCall(t, p, "revise", "") // the watch breaks and is opened again
	mustCall(t, p, "revise", "r3")
	nextChange(t, p)
}

func nextChange(t *testing.T, p *Plugin) mcp.Kinds {
	t.Helper()
	select {
	case kinds := <-p.Changes():
		return kinds
	case <-time.After(10 * time.Second):
		t.Fatal("no change within 10 s")
		return 0
	}
}

func TestStaticPluginNeverChanges(t *testing.T) {
	p := start(t, config(t, "static"))
	mustCall(t, p, "echo", "x")
	p.Close(context.Background())
	select {
	case kinds := <-p.Changes():
		t.Errorf("changed are %b", kinds)
	default:
	}
}

func TestChangesAreThoseAfterTheList(t *testing.T) {
	see := func(revision string) func(*changes) { return func(c *changes) { c.see(toolList, revision) } }
	list := func(revision string, during ...func(*changes)) func(*changes) {
		return func(c *changes) {
			begun := c.begin(toolList)
			for _, step := range during {
				step(c)
			}
			c.listed(toolList, revision, begun)
		}
	}
	tests := []struct {
		name  string
		steps []func(*changes)
		want  mcp.Kinds
	}{
		{"nothing listed", []func(*changes){see("1"), see("2")}, 0},
		{"same revision", []func(*changes){see("1"), list("1"), see("1")}, 0},
		{"event before a newer list", []func(*changes){see("1"), list("2")}, 0},
		{"after the list", []func(*changes){list("1"), see("2")}, mcp.KindTools},
		{"during the first list", []func(*changes){see("1"), list("1", see("2"))}, mcp.KindTools},
		{"the list's own during it", []func(*changes){list("2", see("2"))}, 0},
		{"back again", []func(*changes){list("1"), see("2"), see("1")}, mcp.KindTools},
		{"list that never changes", []func(*changes){list(""), see("2")}, 0},
		{"watch that never changes", []func(*changes){list("1"), see("")}, 0},
		{"kinds are merged", []func(*changes){list("1"), see("2"), func(c *changes) {
			c.listed(promptList, "1", 0)
			c.see(promptList, "2")
		}}, mcp.KindTools | mcp.KindPrompts},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := changes{ch: make(chan mcp.Kinds, 1)}
			for _, step := range test.steps {
				step(&c)
			}
			var got mcp.Kinds
			select {
			case got = <-c.ch:
			default:
			}
			if got != test.want {
				t.Errorf("announced %b, want %b", got, test.want)
			}
		})
	}
}
