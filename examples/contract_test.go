// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/internal/testenv"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// languages are those of the author kits.
func languages() []string { return []string{"go", "python", "typescript", "rust", "java"} }

// A promise is one row of the contract: what every tour does, in whatever
// language it is written.
type promise struct {
	name string
	keep func(t *testing.T, p program)
}

// promises is the whole contract.
func promises() []promise {
	return slices.Concat(promisesOfDefinitions(), promisesOfCalls(), promisesOfReading(), promisesOfQuestions(), promisesOfLife())
}

func TestContract(t *testing.T) {
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			p := installed(t, testenv.Plugin(t, lang, "..", "tour-"+lang))
			for _, promise := range promises() {
				t.Run(promise.name, func(t *testing.T) { promise.keep(t, p) })
			}
		})
	}
}

// with makes a promise of what is asked of a plugin that runs and is configured.
func with(f func(t *testing.T, p *process)) func(*testing.T, program) {
	return func(t *testing.T, prog program) {
		t.Helper()
		p := start(t, prog)
		p.configure(t, `{}`)
		f(t, p)
	}
}

func (p *process) configure(t *testing.T, settings string) {
	t.Helper()
	if _, err := p.plugin.Configure(t.Context(), &pluginv1.ConfigureRequest{SettingsJson: []byte(settings), PluginName: "tour"}); err != nil {
		t.Fatalf("configure: %v", err)
	}
}

func promisesOfDefinitions() []promise {
	return []promise{
		{"ExplainsItselfWithoutAHost", func(t *testing.T, p program) { explains(t, "tour-", p) }},
		{"IsHealthy", func(t *testing.T, p program) { healthy(t, start(t, p)) }},
		{"DescribesItself", func(t *testing.T, p program) { describesAll(t, start(t, p)) }},
		{"TakesItsSettings", func(t *testing.T, p program) { takesSettings(t, p) }},
		{"RefusesUnknownSettings", func(t *testing.T, p program) { refusesSettings(t, p) }},
		{"ListsItsTools", with(listsTools)},
		{"PromisesStructuredResults", with(promisesResults)},
		{"ListsItsResources", with(listsResources)},
		{"ListsItsPrompts", with(listsPrompts)},
	}
}

func healthy(t *testing.T, p *process) {
	got, err := grpc_health_v1.NewHealthClient(p.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if err != nil || got.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("got %v %v", got, err)
	}
}

func describesAll(t *testing.T, p *process) {
	got, err := p.plugin.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.GetName(), "tour-") || got.GetVersion() != "1.0.0" || got.GetTitle() != "Tour" || got.GetDescription() != "Every ability of a plugin, once." {
		t.Errorf("got %v", got)
	}
	abilities := slices.Sorted(slices.Values(got.GetAbilities()))
	if want := []pluginv1.Ability{1, 2, 3, 4, 5}; !slices.Equal(abilities, want) {
		t.Errorf("abilities are %v", abilities)
	}
	var schema struct {
		Type       string
		Properties map[string]struct{ Type string }
	}
	if err := json.Unmarshal(got.GetSettingsSchemaJson(), &schema); err != nil || schema.Type != "object" || schema.Properties["greeting"].Type != "string" {
		t.Errorf("settings schema %s %v", got.GetSettingsSchemaJson(), err)
	}
}

func takesSettings(t *testing.T, prog program) {
	p := start(t, prog)
	p.configure(t, `{"greeting":"Salut"}`)
	p.wantText(t, "greet", `{"who":"Ada"}`, "Salut, Ada!")
}

func refusesSettings(t *testing.T, prog program) {
	for _, settings := range []string{`{"colour":"red"}`, `{"greeting":3}`} {
		_, err := start(t, prog).plugin.Configure(t.Context(), &pluginv1.ConfigureRequest{SettingsJson: []byte(settings)})
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: got %v", settings, err)
		}
	}
}

// tools are those of every tour.
func tools() []string {
	return []string{"greet", "count", "stats", "fill", "picture", "fail", "say", "whoami", "survey", "tick", "grow"}
}

func (p *process) list(t *testing.T) map[string]*pluginv1.Tool {
	t.Helper()
	list, err := p.tools.ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*pluginv1.Tool{}
	for _, tool := range list.GetTools() {
		if found[tool.GetName()] != nil {
			t.Errorf("%s is listed twice", tool.GetName())
		}
		found[tool.GetName()] = tool
	}
	return found
}

// A schema is what of a JSON Schema the tours need.
type schema struct {
	Type                 string
	Properties           map[string]struct{ Type any }
	Required             []string
	AdditionalProperties any
}

func listsTools(t *testing.T, p *process) {
	found := p.list(t)
	if len(found) != len(tools()) {
		t.Errorf("%d tools", len(found))
	}
	required := map[string]string{"greet": "who", "count": "n", "stats": "numbers", "fill": "bytes", "fail": "how", "say": "level message"}
	for _, name := range tools() {
		tool := found[name]
		if tool == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		var input schema
		if err := json.Unmarshal(tool.GetInputSchemaJson(), &input); err != nil || input.Type != "object" || input.AdditionalProperties != false {
			t.Errorf("%s: input schema %s %v", name, tool.GetInputSchemaJson(), err)
		}
		if got := strings.Join(slices.Sorted(slices.Values(input.Required)), " "); got != required[name] {
			t.Errorf("%s requires %q", name, got)
		}
		if tool.GetDescription() == "" || tool.GetAnnotations().GetReadOnly() != (name != "tick" && name != "grow") {
			t.Errorf("%s: %v", name, tool)
		}
	}
	if title := found["greet"].GetTitle(); title != "Greet" {
		t.Errorf("the title of greet is %q", title)
	}
}

func promisesResults(t *testing.T, p *process) {
	found := p.list(t)
	for name, want := range map[string]string{"stats": "count mean sum", "whoami": "client elicitation principal wants_progress"} {
		var output schema
		err := json.Unmarshal(found[name].GetOutputSchemaJson(), &output)
		if got := strings.Join(slices.Sorted(slices.Values(output.Required)), " "); err != nil || got != want {
			t.Errorf("%s: output schema %s %v", name, found[name].GetOutputSchemaJson(), err)
		}
	}
	if found["greet"].GetOutputSchemaJson() != nil {
		t.Errorf("greet promises %s", found["greet"].GetOutputSchemaJson())
	}
}

func listsResources(t *testing.T, p *process) {
	resources := pluginv1.NewResourceServiceClient(p.conn)
	list, err := resources.ListResources(t.Context(), &pluginv1.ListResourcesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list.GetResources() {
		got = append(got, r.GetUri()+" "+r.GetName()+" "+r.GetMimeType())
	}
	slices.Sort(got)
	want := []string{"tour://clock clock text/plain", "tour://logo logo image/png", "tour://readme readme text/plain"}
	if !slices.Equal(got, want) {
		t.Errorf("resources are %q", got)
	}
	templates, err := resources.ListResourceTemplates(t.Context(), &pluginv1.ListResourceTemplatesRequest{})
	if err != nil || len(templates.GetResourceTemplates()) != 1 {
		t.Fatalf("templates are %v %v", templates, err)
	}
	if one := templates.GetResourceTemplates()[0]; one.GetUriTemplate() != "tour://squares/{n}" || one.GetName() != "squares" || one.GetMimeType() != "text/plain" {
		t.Errorf("got %v", one)
	}
}

func listsPrompts(t *testing.T, p *process) {
	list, err := pluginv1.NewPromptServiceClient(p.conn).ListPrompts(t.Context(), &pluginv1.ListPromptsRequest{})
	if err != nil || len(list.GetPrompts()) != 1 {
		t.Fatalf("got %v %v", list, err)
	}
	prompt := list.GetPrompts()[0]
	args := prompt.GetArguments()
	if prompt.GetName() != "introduce" || len(args) != 2 || args[0].GetName() != "who" || !args[0].GetRequired() || args[1].GetName() != "style" || args[1].GetRequired() {
		t.Errorf("got %v", prompt)
	}
}

// png is the picture of every tour.
func png(t *testing.T) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/eUe4QwAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	return data
}
