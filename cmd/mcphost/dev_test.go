// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// workshop is the folder of a plugin whose tools depend on the file vars. Its
// build fails while there is a file broken.
func workshop(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "toy")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	change(t, dir, "plugin.yaml", "command: ./run\n")
	change(t, dir, "vars", "")
	change(t, dir, "Makefile", "build:\n\ttest ! -e broken\n\tcp vars built\n")
	change(t, dir, "run", "#!/bin/sh\n. ./built\nexport GORACE="+quickExit+"\nexec hello\n")
	if err := os.Chmod(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func change(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request of the handshake era and returns its answer, and what
// came before it.
func (p *process) ask(id int, method, params string) (answer string) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", id, method, params); err != nil {
		p.t.Fatal(err)
	}
	return p.hear(fmt.Sprintf(`"id":%d,`, id))
}

// hear reads messages up to one that holds part.
func (p *process) hear(part string) (message string) {
	p.t.Helper()
	for !strings.Contains(message, part) {
		var err error
		if message, err = p.out.ReadString('\n'); err != nil {
			p.t.Fatalf("%s did not come: %v", part, err)
		}
	}
	return message
}

func startDev(t *testing.T, dir string) *process {
	t.Helper()
	p := startProcess(t, "plugin", "dev", dir, "--stdio")
	p.ask(1, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}`)
	if _, err := fmt.Fprintln(p.in, `{"jsonrpc":"2.0","method":"notifications/initialized"}`); err != nil {
		t.Fatal(err)
	}
	p.awaitLog("ready (build")
	return p
}

func (p *process) pid(id int) int {
	p.t.Helper()
	return pidOf(p.t, resultText(p.t, []byte(p.ask(id, "tools/call", `{"name":"toy__pid"}`))))
}

func TestChangedPluginIsServedToConnectedClients(t *testing.T) {
	dir := workshop(t)
	p := startDev(t, dir)
	if list := p.ask(2, "tools/list", `{}`); !strings.Contains(list, "toy__greet") || strings.Contains(list, "toy__more") {
		t.Errorf("before the change: %s", list)
	}
	old := p.pid(3)
	change(t, dir, "vars", "export HELLO_EXTRA=more\n")
	p.hear(`notifications/tools/list_changed`)
	if list := p.ask(4, "tools/list", `{}`); !strings.Contains(list, "toy__more") {
		t.Errorf("after the change: %s", list)
	}
	if text := resultText(t, []byte(p.ask(5, "tools/call", `{"name":"toy__more"}`))); text != "more" {
		t.Errorf("got %q", text)
	}
	awaitGone(t, old)
	p.awaitLog(`<- tools/call toy__more: ok: more (`)
}

func TestFailedBuildKeepsTheOldPlugin(t *testing.T) {
	dir := workshop(t)
	p := startDev(t, dir)
	old := p.pid(2)
	change(t, dir, "broken", "")
	p.awaitLog("build failed: make build: exit status 2; what ran before still does")
	if now := p.pid(3); now != old {
		t.Errorf("process %d has become %d", old, now)
	}
	if err := os.Remove(filepath.Join(dir, "broken")); err != nil {
		t.Fatal(err)
	}
	p.awaitLog("ready (build")
	if now := p.pid(4); now == old {
		t.Error("the old process still serves")
	}
}

func TestPluginThatDoesNotStartKeepsTheOldOne(t *testing.T) {
	dir := workshop(t)
	p := startDev(t, dir)
	old := p.pid(2)
	change(t, dir, "vars", "exit 1\n")
	p.awaitLog("not started: ")
	if now := p.pid(3); now != old {
		t.Errorf("process %d has become %d", old, now)
	}
}

func TestInterruptedWorkshopLeavesNothing(t *testing.T) {
	p := startDev(t, workshop(t))
	pid := p.pid(2)
	p.signal(syscall.SIGINT)
	if rest, err := p.end(); err != nil || rest != "" {
		t.Errorf("ended with %v, printed %q", err, rest)
	}
	awaitGone(t, pid)
}
