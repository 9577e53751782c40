// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func TestToolIsCheckedByItsSchemas(t *testing.T) {
	s, _ := toolSieve(t, Config{})
	s.add([]*pluginv1.Tool{{
		Name: "t",
		InputSchemaJson: []byte(`{"type":"object","required":["city"],"properties":{
			"city":{"type":"string","x-mcp-header":"city-name"},"at":{"type":"object","properties":{"zip":{"type":"integer","x-mcp-header":"zip"}}}}}`),
		OutputSchemaJson: []byte(`{"type":"array"}`),
	}, {
		Name: "plain", InputSchemaJson: []byte(`{"type":"object"}`),
	}})
	if names(s.items) != "t plain" {
		t.Fatalf("tools are %s", names(s.items))
	}
	tool := s.items[0]
	if err := tool.Input.Validate([]byte(`{"city":1}`)); err == nil || err.Error() != "/city: must be string, is number" {
		t.Errorf("arguments: %v", err)
	}
	if err := tool.Output.Validate([]byte(`{}`)); err == nil {
		t.Error("structured content of another type is accepted")
	}
	if got := fmt.Sprint(tool.Headers); got != "[{City-Name [city] string} {Zip [at zip] integer}]" {
		t.Errorf("headers are %s", got)
	}
	if s.items[1].Input != nil || s.items[1].Output != nil {
		t.Error("a schema that says nothing has a validator")
	}
}

func TestSchemaIsNoLargerThanTheHostCanCheck(t *testing.T) {
	cfg, _ := completed(t, Config{MaxSchemaBytes: 1 << 30})
	if cfg.MaxSchemaBytes != 256<<10 {
		t.Errorf("limit is %d", cfg.MaxSchemaBytes)
	}
}

func TestUnfitPromptIsDroppedAlone(t *testing.T) {
	arguments := func(names ...string) (list []*pluginv1.PromptArgument) {
		for _, name := range names {
			list = append(list, &pluginv1.PromptArgument{Name: name})
		}
		return list
	}
	tests := map[string]*pluginv1.Prompt{
		"no name":                    {},
		"odd name":                   {Name: "a b"},
		"same name":                  {Name: "good"},
		"large description":          {Name: "p", Description: strings.Repeat("x", 16<<10+1)},
		"argument without name":      {Name: "p", Arguments: arguments("a", "")},
		"two arguments of one name":  {Name: "p", Arguments: arguments("a", "a")},
		"too many arguments":         {Name: "p", Arguments: arguments(strings.Split(strings.Repeat("a,", 101), ",")...)},
		"large argument description": {Name: "p", Arguments: []*pluginv1.PromptArgument{{Name: "a", Description: strings.Repeat("x", 16<<10+1)}}},
	}
	for name, prompt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, log := completed(t, Config{})
			s := newSieve(cfg.promptRules(), cfg.Log)
			s.add([]*pluginv1.Prompt{{Name: "good"}, prompt, {Name: "also-good", Arguments: arguments("a", "b")}})
			if len(s.items) != 2 || len(s.items[1].Arguments) != 2 || !strings.Contains(log.String(), "prompt dropped") {
				t.Errorf("left are %+v; log: %s", s.items, log)
			}
		})
	}
}

func TestUnfitResourceIsDroppedAlone(t *testing.T) {
	tests := map[string]*pluginv1.Resource{
		"no URI":            {Name: "n"},
		"relative URI":      {Uri: "a/b", Name: "n"},
		"same URI":          {Uri: "x:good", Name: "n"},
		"no name":           {Uri: "x:a"},
		"large description": {Uri: "x:a", Name: "n", Description: strings.Repeat("x", 16<<10+1)},
	}
	for name, resource := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, log := completed(t, Config{})
			s := newSieve(cfg.resourceRules(), cfg.Log)
			s.add([]*pluginv1.Resource{{Uri: "x:good", Name: "n"}, resource, {Uri: "x:also-good", Name: "n"}})
			if len(s.items) != 2 || !strings.Contains(log.String(), "resource dropped") {
				t.Errorf("left are %+v; log: %s", s.items, log)
			}
		})
	}
}

func TestDefinitionsAreCleaned(t *testing.T) {
	cfg, log := completed(t, Config{})
	icons := []*pluginv1.Icon{{Src: "javascript:x"}, {Src: "https://a/b"}}
	meta := []byte(`{"io.modelcontextprotocol/x":1,"mine":1}`)
	resource, err1 := cfg.resource(&pluginv1.Resource{Uri: "x:a", Name: "n", Icons: icons, MetaJson: meta})
	template, err2 := cfg.template(&pluginv1.ResourceTemplate{UriTemplate: "x:{a}", Name: "n", Icons: icons, MetaJson: meta})
	prompt, err3 := cfg.prompt(&pluginv1.Prompt{Name: "n", Icons: icons, MetaJson: []byte("[]")})
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	for _, got := range [][]mcp.Icon{resource.Icons, template.Icons, prompt.Icons} {
		if len(got) != 1 || got[0].Src != "https://a/b" {
			t.Errorf("icons are %v", got)
		}
	}
	if string(resource.Meta) != `{"mine":1}` || string(template.Meta) != `{"mine":1}` || prompt.Meta != nil {
		t.Errorf("_meta are %s, %s, %s", resource.Meta, template.Meta, prompt.Meta)
	}
	if !strings.Contains(log.String(), "_meta of a prompt dropped") {
		t.Error("nothing in the log")
	}
}

func TestEveryListHasItsQuota(t *testing.T) {
	cfg, _ := completed(t, Config{MaxPrompts: 1, MaxResources: 1, MaxTemplates: 1})
	prompts := newSieve(cfg.promptRules(), cfg.Log)
	resources := newSieve(cfg.resourceRules(), cfg.Log)
	templates := newSieve(cfg.templateRules(), cfg.Log)
	full := []bool{
		prompts.add([]*pluginv1.Prompt{{Name: "a"}, {Name: "b"}}),
		resources.add([]*pluginv1.Resource{{Uri: "x:a", Name: "n"}, {Uri: "x:b", Name: "n"}}),
		templates.add([]*pluginv1.ResourceTemplate{{UriTemplate: "x:{a}", Name: "n"}, {UriTemplate: "x:{b}", Name: "n"}}),
	}
	if fmt.Sprint(full) != "[true true true]" || len(prompts.items)+len(resources.items)+len(templates.items) != 3 {
		t.Errorf("full are %v, items %v %v %v", full, prompts.items, resources.items, templates.items)
	}
}
