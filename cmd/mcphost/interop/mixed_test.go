// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcphost/mcphost/internal/testenv"
)

// mixture fills a plugin directory with a tour in each language that this
// machine can build, and a plugin that breaks. It returns the configuration and
// the names of the good ones.
func mixture(t *testing.T) (config string, good []string) {
	t.Helper()
	dir := t.TempDir()
	plugins := filepath.Join(dir, "plugins")
	if err := os.Mkdir(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, lang := range kitLanguages() {
		t.Run("with "+lang, func(t *testing.T) {
			tour := testenv.Plugin(t, lang, root, "tour-"+lang)
			// cp, because an environment of Python is full of links.
			must(t, command(t, dir, nil, "cp", "-RpP", tour, filepath.Join(plugins, "tour-"+lang)))
			good = append(good, "tour-"+lang)
		})
	}
	write(t, filepath.Join(plugins, "broken"), "#!/bin/sh\necho this is no handshake\nexit 3\n")
	if err := os.Chmod(filepath.Join(plugins, "broken"), 0o755); err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(dir, "mcphost.yaml")
	write(t, config, "plugin_dirs: [plugins]\nwait: all\n")
	slices.Sort(good)
	return config, good
}

func TestMixedDirectoryServesEveryGoodPluginInOneOrder(t *testing.T) {
	config, good := mixture(t)
	url, _ := serveHTTP(t, config)
	var first []string
	for name, version := range map[string]string{"stdio": modernVersion, "stdio again": legacyVersion, "http": modernVersion} {
		t.Run(name, func(t *testing.T) {
			ctx := bounded(t)
			var transport mcp.Transport = &mcp.CommandTransport{Command: serveCommand(ctx, t, config)}
			if name == "http" {
				client := newClient(t)
				t.Cleanup(client.CloseIdleConnections)
				transport = &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: client}
			}
			c := connectGo(ctx, t, transport, version)
			defer func() {
				if err := c.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			names := c.toolNames(ctx, t)
			if first == nil {
				first = names
			}
			if !slices.Equal(names, first) {
				t.Errorf("one host lists\n%v\nanother\n%v", first, names)
			}
			if got := owners(names); !slices.Equal(got, good) {
				t.Errorf("tools of %v, want of %v", got, good)
			}
			for _, plugin := range good {
				if got := c.text(ctx, t, plugin+"__greet", map[string]any{"who": "Ada"}); got != "Hello, Ada!" {
					t.Errorf("%s greets with %q", plugin, got)
				}
			}
		})
	}
}

// owners are the plugins of tools, each once, in the order of the list.
func owners(tools []string) (plugins []string) {
	for _, tool := range tools {
		plugin, _, _ := strings.Cut(tool, "__")
		if !slices.Contains(plugins, plugin) {
			plugins = append(plugins, plugin)
		}
	}
	return plugins
}

func TestMixedDirectorySaysWhichPluginIsBroken(t *testing.T) {
	config, good := mixture(t)
	cmd := command(t, filepath.Dir(config), nil, find(t, "mcphost"), "tools", "--config", config)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if want := 5; cmd.ProcessState.ExitCode() != want {
		t.Errorf("got %v, want exit code %d: a plugin did not start\n%s", err, want, stderr.String())
	}
	for _, plugin := range good {
		if !strings.Contains(string(out), plugin+"__greet") {
			t.Errorf("the list lacks %s:\n%s", plugin, out)
		}
	}
	if !strings.Contains(stderr.String(), "broken") || !strings.Contains(stderr.String(), "exit status 3") {
		t.Errorf("nothing tells of the broken plugin:\n%s", stderr.String())
	}
}
