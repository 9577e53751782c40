// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcphost/mcphost/internal/testenv"
)

// root is the folder of the module, seen from here.
var root = filepath.Join("..", "..", "..")

// longWork bounds one command of an author's; the first build of a language
// brings all that its kit needs.
const longWork = 15 * time.Minute

// kitLanguages are those that there is an author kit for.
func kitLanguages() []string { return []string{"go", "python", "typescript", "rust", "java"} }

// From an empty folder to an answer under a client, as an author gets there: by
// the commands that "plugin new" and the README name.
func TestNewPluginBuildsPassesTheContractAndServesAClient(t *testing.T) {
	for _, lang := range kitLanguages() {
		t.Run(lang, func(t *testing.T) {
			env := testenv.Builder(t, lang)
			project := newProject(t, lang)
			build := command(t, project, env, "make", "build")
			if out, err := build.CombinedOutput(); err != nil {
				testenv.Require(t, testenv.NameOf(lang), err)
				t.Fatalf("make build: %v\n%s", err, out)
			}
			must(t, command(t, project, env, "make", "test"))
			must(t, command(t, project, env, find(t, "mcphost"), "plugin", "test", "."))
			dropped := filepath.Join(t.TempDir(), "plugins")
			if err := os.Mkdir(dropped, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(project, filepath.Join(dropped, "weather")); err != nil {
				t.Fatal(err)
			}
			greetThroughClient(t, dropped)
		})
	}
}

// newProject has mcphost make a project in an empty folder.
func newProject(t *testing.T, lang string) (dir string) {
	t.Helper()
	empty := t.TempDir()
	must(t, command(t, empty, nil, find(t, "mcphost"), "plugin", "new", "weather", "--lang", lang))
	return filepath.Join(empty, "weather")
}

// greetThroughClient serves a plugin directory to the official Go client.
func greetThroughClient(t *testing.T, plugins string) {
	t.Helper()
	config := filepath.Join(filepath.Dir(plugins), "mcphost.yaml")
	write(t, config, "plugin_dirs: [plugins]\nwait: all\n")
	for _, version := range []string{modernVersion, legacyVersion} {
		ctx := bounded(t)
		c := connectGo(ctx, t, &mcp.CommandTransport{Command: serveCommand(ctx, t, config)}, version)
		if names := c.toolNames(ctx, t); !slices.Equal(names, []string{"weather__greet"}) {
			t.Errorf("%s: tools are %v", version, names)
		}
		if got := c.text(ctx, t, "weather__greet", map[string]any{"who": "Ada"}); got != "Hello, Ada!" {
			t.Errorf("%s: greeted with %q", version, got)
		}
		if err := c.Close(); err != nil {
			t.Errorf("%s: close: %v", version, err)
		}
	}
}

// toolNames lists the tools, in the order of the list.
func (c goClient) toolNames(ctx context.Context, t *testing.T) (names []string) {
	t.Helper()
	for tool, err := range c.Tools(ctx, nil) {
		if err != nil {
			t.Fatalf("list tools: %v", err)
		}
		names = append(names, tool.Name)
	}
	return names
}

// command is one that an author types, in a folder.
func command(t *testing.T, dir string, env []string, program string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longWork)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	return cmd
}

func must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}
