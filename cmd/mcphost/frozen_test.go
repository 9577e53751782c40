// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFrozenPluginIsReplaced(t *testing.T) {
	config := filepath.Join(t.TempDir(), "mcphost.yaml")
	text := "plugin_dirs: []\nplugins: {hello: {command: hello, env: {GORACE: " + quickExit + "}, limits: {call_timeout: 200ms}}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, "serve", "--config", config)
	first := pidOf(t, p.call(1, "pid"))
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// The one that finds out. It may still be answered: the signal takes effect
	// when the process is scheduled next.
	for id := 2; ; id++ {
		p.send(id, "pid")
		line, err := p.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "the tool did not finish in time: no progress for 200ms") {
			break
		}
	}
	p.awaitLog("plugin does not answer health checks: killing it")
	p.awaitLog("stopped by itself")
	awaitGone(t, first)
	if second := pidOf(t, p.call(100, "pid")); second == first {
		t.Error("a dead process answered")
	}
}
