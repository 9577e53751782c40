// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/schema"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func definitionRules() []rule {
	return []rule{
		{"describe/name", "says its name and version", protocol + "DescribeResponse", saysName},
		{"describe/abilities", "serves what it says it provides", protocol + "Ability", keepsAbilities},
		{"configure/schema", "has a valid schema for its settings", protocol + "DescribeResponse", settingsSchema},
		{"configure/unknown", "refuses settings that it does not know", protocol + "PluginService.Configure", refusesUnknownSettings},
		{"lists/end", "has lists that can be read to their end", protocol + "ListToolsResponse", listsEnd},
		{"lists/stable", "keeps a list's revision while nothing changes", protocol + "ListToolsResponse", listsStable},
		{"tools/names", "gives tools valid names", protocol + "Tool", toolNames},
		{"tools/unique", "gives each tool a name of its own", protocol + "Tool", toolsUnique},
		{"tools/input-schema", "has valid input schemas", protocol + "Tool", inputSchemas},
		{"tools/object", "takes arguments as an object", protocol + "Tool", objectRoots},
		{"tools/output-schema", "has valid output schemas", protocol + "Tool", outputSchemas},
		{"tools/description", "describes its tools", protocol + "Tool", described},
		{"resources/definitions", "lists valid resources and templates", protocol + "Resource", validResources},
		{"prompts/definitions", "lists valid prompts", protocol + "Prompt", validPrompts},
	}
}

func saysName(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	if none != nil {
		return *none
	}
	if f.about.GetName() == "" || f.about.GetVersion() == "" {
		return warn("Describe gives the name %q and the version %q: people who look for a fault need both", f.about.GetName(), f.about.GetVersion())
	}
	return pass("%s %s", f.about.GetName(), f.about.GetVersion())
}

func keepsAbilities(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	if none != nil {
		return *none
	}
	probes := map[pluginv1.Ability]func(ctx context.Context, p *process) error{
		pluginv1.Ability_ABILITY_TOOLS: func(ctx context.Context, p *process) error {
			_, err := p.tools.ListTools(ctx, &pluginv1.ListToolsRequest{})
			return err
		},
		pluginv1.Ability_ABILITY_RESOURCES: func(ctx context.Context, p *process) error {
			_, err := p.resources.ListResources(ctx, &pluginv1.ListResourcesRequest{})
			return err
		},
		pluginv1.Ability_ABILITY_PROMPTS: func(ctx context.Context, p *process) error {
			_, err := p.prompts.ListPrompts(ctx, &pluginv1.ListPromptsRequest{})
			return err
		},
		pluginv1.Ability_ABILITY_COMPLETIONS: func(ctx context.Context, p *process) error {
			_, err := p.complete.Complete(ctx, &pluginv1.CompleteRequest{Context: callContext()})
			return err
		},
		pluginv1.Ability_ABILITY_SUBSCRIPTIONS: func(ctx context.Context, p *process) error {
			_, err := p.resources.SetSubscriptions(ctx, &pluginv1.SetSubscriptionsRequest{})
			return err
		},
	}
	var missing []string
	for _, ability := range slices.Sorted(maps.Keys(probes)) {
		if !f.provides(ability) {
			continue
		}
		p, none := s.use(ctx)
		if none != nil {
			return *none
		}
		err := p.within(ctx, func(ctx context.Context) error { return probes[ability](ctx, p) })
		name := strings.ToLower(strings.TrimPrefix(ability.String(), "ABILITY_"))
		switch status.Code(err) {
		case codes.Unimplemented:
			missing = append(missing, name+", which is not implemented")
		case codes.DeadlineExceeded:
			missing = append(missing, fmt.Sprintf("%s, which does not answer within %s", name, shortWait))
		}
	}
	if len(missing) > 0 {
		return fail("Describe promises %s", strings.Join(missing, "; "))
	}
	return pass("")
}

func settingsSchema(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	if none != nil {
		return *none
	}
	raw := f.about.GetSettingsSchemaJson()
	if len(raw) == 0 {
		return skip("it takes no settings")
	}
	compiled, err := compile(raw)
	if err != nil {
		return fail("the schema is unusable: %v", err)
	}
	if compiled == nil {
		return pass("")
	}
	if err := compiled.Validate(s.settings); err != nil {
		return fail("it has taken settings that its own schema refuses: %v", err)
	}
	return pass("")
}

// compile compiles what must be JSON first.
func compile(raw []byte) (*schema.Schema, error) {
	if !json.Valid(raw) {
		return nil, fmt.Errorf("it is no JSON")
	}
	return schema.Compile(raw)
}

func refusesUnknownSettings(ctx context.Context, s *suite) outcome {
	p, none := s.another(ctx, s.introduced)
	if none != nil {
		return *none
	}
	defer p.kill()
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	_, err := p.plugin.Configure(ctx, &pluginv1.ConfigureRequest{SettingsJson: []byte(`{"no_such_setting_":1}`), PluginName: "test", DataDir: p.data})
	switch status.Code(err) {
	case codes.InvalidArgument, codes.Unimplemented:
		return pass("")
	case codes.OK:
		return warn("it takes the setting no_such_setting_ without a word: a misspelled one would be, too")
	}
	return fail("it answers %s; settings that are wrong are INVALID_ARGUMENT with a message for the operator", status.Code(err))
}

func listsEnd(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	if none != nil {
		return *none
	}
	if len(f.trouble) > 0 {
		return fail("%s", strings.Join(f.trouble, "; "))
	}
	return pass("%s, %s, %s, %s", counted(len(f.tools), "tool"), counted(len(f.resources), "resource"),
		counted(len(f.templates), "template"), counted(len(f.prompts), "prompt"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func listsStable(ctx context.Context, s *suite) outcome {
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	var revisions []string
	for range 3 {
		err := p.within(ctx, func(ctx context.Context) error {
			page, err := p.tools.ListTools(ctx, &pluginv1.ListToolsRequest{})
			revisions = append(revisions, page.GetRevision())
			return err
		})
		if err != nil {
			return skip("there is no list of tools")
		}
	}
	if revisions[0] != revisions[1] || revisions[1] != revisions[2] {
		return fail("the revisions of three lists in a row are %q: the host reads the list again each time", revisions)
	}
	return pass("")
}

var toolName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// eachTool collects what is wrong with tools.
func (s *suite) eachTool(ctx context.Context, wrong func(t *pluginv1.Tool) string) outcome {
	_, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case len(f.tools) == 0:
		return skip("it has no tools")
	}
	var faults []string
	for _, tool := range f.tools {
		if fault := wrong(tool); fault != "" {
			faults = append(faults, fmt.Sprintf("%s: %s", tool.GetName(), fault))
		}
	}
	if len(faults) > 0 {
		return fail("%s; the host leaves these tools out", strings.Join(faults, "; "))
	}
	return pass("")
}

func toolNames(ctx context.Context, s *suite) outcome {
	return s.eachTool(ctx, func(t *pluginv1.Tool) string {
		if !toolName.MatchString(t.GetName()) {
			return "its name is not 1 to 64 of A-Z a-z 0-9 _ . -"
		}
		return ""
	})
}

func toolsUnique(ctx context.Context, s *suite) outcome {
	seen := map[string]bool{}
	return s.eachTool(ctx, func(t *pluginv1.Tool) string {
		if seen[t.GetName()] {
			return "is listed twice"
		}
		seen[t.GetName()] = true
		return ""
	})
}

func inputSchemas(ctx context.Context, s *suite) outcome {
	return s.eachTool(ctx, func(t *pluginv1.Tool) string {
		if len(t.GetInputSchemaJson()) == 0 {
			return ""
		}
		if _, err := compile(t.GetInputSchemaJson()); err != nil {
			return "its input schema is unusable: " + err.Error()
		}
		if _, err := schema.HeaderParams(t.GetInputSchemaJson()); err != nil {
			return "its input schema breaks a rule of x-mcp-header: " + err.Error()
		}
		return ""
	})
}

func objectRoots(ctx context.Context, s *suite) outcome {
	return s.eachTool(ctx, func(t *pluginv1.Tool) string {
		var root struct{ Type any }
		raw := t.GetInputSchemaJson()
		if len(raw) == 0 || json.Unmarshal(raw, &root) != nil || root.Type == "object" {
			return ""
		}
		return `its input schema lacks "type":"object" at the root`
	})
}

func outputSchemas(ctx context.Context, s *suite) outcome {
	return s.eachTool(ctx, func(t *pluginv1.Tool) string {
		if len(t.GetOutputSchemaJson()) == 0 {
			return ""
		}
		if _, err := compile(t.GetOutputSchemaJson()); err != nil {
			return "its output schema is unusable: " + err.Error()
		}
		return ""
	})
}

func described(ctx context.Context, s *suite) outcome {
	out := s.eachTool(ctx, func(t *pluginv1.Tool) string {
		if strings.TrimSpace(t.GetDescription()) == "" {
			return "has no description"
		}
		return ""
	})
	if out.verdict == Fail {
		return warn("%s", strings.Replace(out.detail, "; the host leaves these tools out", "; a model chooses tools by it", 1))
	}
	return out
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

func validResources(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case len(f.resources)+len(f.templates) == 0:
		return skip("it has no resources")
	}
	var faults []string
	seen := map[string]bool{}
	check := func(uri, name string) {
		switch {
		case seen[uri]:
			faults = append(faults, uri+" is listed twice")
		case !scheme.MatchString(uri):
			faults = append(faults, fmt.Sprintf("%q has no scheme", uri))
		case name == "":
			faults = append(faults, uri+" has no name")
		case strings.Count(uri, "{") != strings.Count(uri, "}"):
			faults = append(faults, uri+" is no URI template: its braces do not match")
		}
		seen[uri] = true
	}
	for _, r := range f.resources {
		check(r.GetUri(), r.GetName())
	}
	for _, t := range f.templates {
		check(t.GetUriTemplate(), t.GetName())
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("")
}

func validPrompts(ctx context.Context, s *suite) outcome {
	_, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case len(f.prompts) == 0:
		return skip("it has no prompts")
	}
	var faults []string
	seen := map[string]bool{}
	for _, prompt := range f.prompts {
		if seen[prompt.GetName()] || !toolName.MatchString(prompt.GetName()) {
			faults = append(faults, fmt.Sprintf("the name %q is listed twice, or not 1 to 64 of A-Z a-z 0-9 _ . -", prompt.GetName()))
		}
		seen[prompt.GetName()] = true
		args := map[string]bool{}
		for _, arg := range prompt.GetArguments() {
			if arg.GetName() == "" || args[arg.GetName()] {
				faults = append(faults, fmt.Sprintf("%s: its arguments need names of their own", prompt.GetName()))
			}
			args[arg.GetName()] = true
		}
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("")
}
