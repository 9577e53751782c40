// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

func TestOfficialTypeScriptClientUsesEveryPlugin(t *testing.T) {
	client := newTSClient(t, "client.mjs")
	s := newSite(t)
	url, _ := serveHTTP(t, s.config)
	transports := map[string]map[string]any{
		"stdio": {"command": find(t, "mcphost"), "args": []string{"serve", "--config", s.config}},
		"http":  {"url": url},
	}
	modes := []struct {
		name    string
		mode    any
		version string
	}{
		{"legacy", "legacy", legacyVersion},
		{"auto", "auto", modernVersion},
		{"pinned", map[string]string{"pin": modernVersion}, modernVersion},
	}
	for _, m := range modes {
		for name, how := range transports {
			t.Run(m.name+"/"+name, func(t *testing.T) {
				task := s.task()
				task["mode"] = m.mode
				maps.Copy(task, how)
				s.check(t, client.converse(bounded(t), t, task), m.version)
			})
		}
	}
}

// task is what client.mjs is told about the site.
func (s site) task() map[string]any {
	return map[string]any{
		"greeter": s.greeter, "planted": s.planted, "root": s.root,
		"count": map[string]int{"n": countTo, "delay_ms": countDelay},
		"hours": map[string]int{"n": hours, "delay_ms": hoursDelay},
	}
}

func TestOfficialTypeScriptClientHasEveryAbility(t *testing.T) {
	client := newTSClient(t, "abilities.mjs")
	eachStage(t, typeScript, []string{legacy, modern2026, auto}, func(t *testing.T, s stage) {
		s.run(t, client.node, client.script)
	})
}

// A tsClient is a script of testdata/ts beside its dependencies.
type tsClient struct{ node, script string }

func newTSClient(t *testing.T, script string) tsClient {
	t.Helper()
	source := filepath.Join("testdata", "ts")
	c := tsClient{node: testenv.Node(t)}
	modules := testenv.NPM(t, source)
	// A module is looked for beside the file that imports it.
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(filepath.Join(source, script))
	if err != nil {
		t.Fatal(err)
	}
	c.script = filepath.Join(dir, script)
	write(t, c.script, string(code))
	return c
}

// converse goes through the conversation with the official TypeScript client.
func (c tsClient) converse(ctx context.Context, t *testing.T, task map[string]any) transcript {
	t.Helper()
	arg, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, c.node, c.script, string(arg))
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("client.mjs: %v", err)
	}
	var seen transcript
	for line := range bytes.Lines(out) {
		if err := json.Unmarshal(line, &seen); err != nil {
			t.Fatalf("client.mjs printed %q: %v", line, err)
		}
	}
	return seen
}
