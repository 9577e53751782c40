// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

func TestInspectorHasEveryAbilityButThoseItLacks(t *testing.T) {
	tool := newInspectorTool(t)
	eachStage(t, inspector, []string{legacy, modern2026, auto}, func(t *testing.T, s stage) {
		v := &inspectorGuest{tour: newTour(bounded(t), s), tool: tool, stage: s}
		v.config = writeInspectorConfig(t, s)
		v.asksOnce()
		v.refused()
		v.overhears()
		s.checkSpeaks(t, v.seen)
		s.check(t, v.seen)
	})
}

// An inspectorTool is the Inspector's program and a Node.js that runs it.
type inspectorTool struct{ node, script string }

func newInspectorTool(t *testing.T) inspectorTool {
	t.Helper()
	modules := testenv.NPM(t, filepath.Join("testdata", "inspector"))
	return inspectorTool{
		node:   nodeForInspector(t),
		script: filepath.Join(modules, "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js"),
	}
}

// nodeForInspector returns the machine's Node.js, or a pinned one where that is
// too old: the Inspector says so, and ends with an error.
func nodeForInspector(t *testing.T) string {
	t.Helper()
	node := testenv.Node(t)
	const newEnough = `const [a, b] = process.versions.node.split('.').map(Number); process.exit(a > 22 || a === 22 && b >= 19 ? 0 : 1)`
	if exec.CommandContext(t.Context(), node, "-e", newEnough).Run() == nil {
		return node
	}
	// The files are those of internal/conformance, so that both share one copy.
	modules := testenv.NPM(t, filepath.Join("testdata", "node"))
	found, err := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node"))
	if err == nil && len(found) == 0 {
		err = errors.New("the Inspector needs version 22.19 or newer, and npm has none for this platform")
	}
	testenv.Require(t, "node", err)
	return found[0]
}

// writeInspectorConfig writes down how to reach the host, and the root.
func writeInspectorConfig(t *testing.T, s stage) (path string) {
	t.Helper()
	server := map[string]any{"roots": []map[string]string{{"uri": rootFolder, "name": "data"}}}
	if s.transport == overHTTP {
		server["type"], server["url"] = "streamable-http", s.url
	} else {
		command := s.command(t)
		server["command"], server["args"] = command[0], command[1:]
	}
	config, err := json.Marshal(map[string]any{"mcpServers": map[string]any{"host": server}})
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "inspector.json")
	write(t, path, string(config))
	return path
}

// An inspectorGuest is the Inspector on tour: one run of it for each ability.
type inspectorGuest struct {
	tour
	stage  stage
	tool   inspectorTool
	config string
}

// command is one run of the Inspector. Its home is a folder of the test's.
func (v *inspectorGuest) command(ctx context.Context, args ...string) *exec.Cmd {
	all := append([]string{v.tool.script, "--cli", "--config", v.config, "--server", "host", "--protocol-era", v.stage.era}, args...)
	cmd := exec.CommandContext(ctx, v.tool.node, all...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(v.config), "MCP_INSPECTOR_SECRET_STORE=memory")
	return cmd
}

// An inspected is what the Inspector prints: the members of every result that
// the abilities show, of which each run has one.
type inspected struct {
	Result struct {
		ProtocolVersion   string                         `json:"protocolVersion"`
		Tools             []struct{ Name string }        `json:"tools"`
		Resources         []struct{ URI string }         `json:"resources"`
		ResourceTemplates []struct{ URITemplate string } `json:"resourceTemplates"`
		Prompts           []struct{ Name string }        `json:"prompts"`
		Contents          []struct{ Text string }        `json:"contents"`
		Content           []struct{ Text string }        `json:"content"`
		Messages          []struct {
			Content struct{ Text string } `json:"content"`
		} `json:"messages"`
	} `json:"result"`
}

// shown is what there is of all of it.
func (i inspected) shown() (all []string) {
	r := i.Result
	if r.ProtocolVersion != "" {
		all = append(all, r.ProtocolVersion)
	}
	for _, tool := range r.Tools {
		all = append(all, tool.Name)
	}
	for _, resource := range r.Resources {
		all = append(all, resource.URI)
	}
	for _, template := range r.ResourceTemplates {
		all = append(all, template.URITemplate)
	}
	for _, prompt := range r.Prompts {
		all = append(all, prompt.Name)
	}
	for _, text := range append(r.Contents, r.Content...) {
		all = append(all, text.Text)
	}
	for _, message := range r.Messages {
		all = append(all, message.Content.Text)
	}
	return all
}

// ask runs the Inspector and returns what its result shows.
func (v *inspectorGuest) ask(ctx context.Context, args ...string) ([]string, error) {
	cmd := v.command(ctx, append([]string{"--format", "json"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var got inspected
	if err := json.Unmarshal(out, &got); err != nil {
		return nil, fmt.Errorf("it printed %q: %w", out, err)
	}
	return got.shown(), nil
}

// asksOnce tries what takes one request.
func (v *inspectorGuest) asksOnce() {
	call := func(tool, args string) []string {
		return []string{"--method", "tools/call", "--tool-name", tool, "--tool-args-json", args}
	}
	for _, a := range []struct {
		ability string
		args    []string
	}{
		{"speak", []string{"--method", "initialize"}},
		{"list tools", []string{"--method", "tools/list"}},
		{"call", call("test_simple_text", `{}`)},
		{"list resources", []string{"--method", "resources/list"}},
		{"list templates", []string{"--method", "resources/templates/list"}},
		{"read", []string{"--method", "resources/read", "--uri", "test://static-text"}},
		{"read by template", []string{"--method", "resources/read", "--uri", "test://template/7/data"}},
		{"list prompts", []string{"--method", "prompts/list"}},
		{"prompt", []string{"--method", "prompts/get", "--prompt-name", "test_prompt_with_arguments", "--prompt-args", "arg1=one", "arg2=two"}},
		{"elicitation", call("test_elicitation", `{"message":"Who are you?"}`)},
		{"sampling", call("test_sampling", `{"prompt":"What is there?"}`)},
		{"roots", call("test_input_required_result_list_roots", `{}`)},
	} {
		v.try(a.ability, func(ctx context.Context) ([]string, error) { return v.ask(ctx, a.args...) })
	}
}

// refused tries the methods that the program does not know. That it does not
// refuse one any more is reason enough to look at the table again. It may take as
// long as it needs to say so: a run that was given up would have refused nothing.
func (v *inspectorGuest) refused() {
	for _, a := range abilities() {
		method := map[string]string{
			"subscribe": "resources/subscribe", "complete": "completion/complete", "cancel": "notifications/cancelled",
		}[a.name]
		if method == "" {
			continue
		}
		v.try(a.name, func(context.Context) ([]string, error) {
			printed, err := v.command(v.ctx, "--method", method).CombinedOutput()
			if v.ctx.Err() != nil || bytes.Contains(printed, []byte("Unsupported method")) {
				return nil, fmt.Errorf("%w: %s", err, printed)
			}
			return a.want, nil
		})
	}
}

// overhears tries what the program might print besides a result.
func (v *inspectorGuest) overhears() {
	for _, a := range []struct {
		ability, tool string
		told          *regexp.Regexp
		options       []string
	}{
		{"progress", "test_tool_with_progress", regexp.MustCompile(`"progress":\s*(\d+)`), []string{"--metadata", "progressToken=1"}},
		{"log", "test_tool_with_logging", regexp.MustCompile(`(Tool (?:execution|processing) \w+)`),
			[]string{"--log-level", "debug", "--metadata", "io.modelcontextprotocol/logLevel=debug"}},
	} {
		v.try(a.ability, func(ctx context.Context) (saw []string, err error) {
			args := append([]string{"--method", "tools/call", "--tool-name", a.tool}, a.options...)
			printed, err := v.command(ctx, args...).CombinedOutput()
			if err != nil {
				return nil, fmt.Errorf("%w: %s", err, printed)
			}
			for _, match := range a.told.FindAllSubmatch(printed, -1) {
				saw = append(saw, string(match[1]))
			}
			return saw, nil
		})
	}
}
