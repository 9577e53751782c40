// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A farm is an installation of many plugins that write down each start.
type farm struct {
	config string
	starts string // a file with one line for each start: the plugin and its pid
}

// newFarm installs n plugins, p00 and on. Each is a script that notes its start
// and becomes hello-go, under the same pid.
func newFarm(t *testing.T, n int) farm {
	t.Helper()
	dir := t.TempDir()
	f := farm{config: filepath.Join(dir, "mcphost.yaml"), starts: filepath.Join(dir, "starts")}
	program := find(t, "hello-go")
	for i := range n {
		script := filepath.Join(dir, "plugins", pluginName(i))
		write(t, script, fmt.Sprintf("#!/bin/sh\necho %s $$ >>'%s'\nexec '%s'\n", pluginName(i), f.starts, program))
		if err := os.Chmod(script, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, f.config, "plugin_dirs: [plugins]\nwait: all\n")
	t.Cleanup(func() { // of what a failed test has left
		for _, s := range f.started(t) {
			_ = syscall.Kill(s.pid, syscall.SIGKILL)
		}
	})
	return f
}

func pluginName(i int) string { return fmt.Sprintf("p%02d", i) }

// A start is one start of a plugin.
type start struct {
	plugin string
	pid    int
}

// started returns every start so far.
func (f farm) started(t *testing.T) []start {
	t.Helper()
	data, err := os.ReadFile(f.starts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var all []start
	for line := range strings.Lines(string(data)) {
		var s start
		if _, err := fmt.Sscan(line, &s.plugin, &s.pid); err != nil {
			t.Fatalf("line %q of the starts: %v", line, err)
		}
		all = append(all, s)
	}
	return all
}

// wantStartedOnce fails unless each of n plugins has been started exactly once.
func (f farm) wantStartedOnce(t *testing.T, n int) {
	t.Helper()
	count := make(map[string]int)
	for _, s := range f.started(t) {
		count[s.plugin]++
	}
	for i := range n {
		if got := count[pluginName(i)]; got != 1 {
			t.Errorf("%s was started %d times, want once", pluginName(i), got)
		}
	}
}

// wantNoneAlive waits until no plugin that was ever started runs, and fails if
// one does after the limit. It returns how long that took.
func (f farm) wantNoneAlive(t *testing.T, limit time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		alive := f.alive(t)
		took := time.Since(began)
		if len(alive) == 0 {
			return took
		}
		if took > limit {
			t.Fatalf("%d plugins run after %v, such as %+v", len(alive), took, alive[0])
		}
		pause(t.Context())
	}
}

// alive returns the plugins that run.
func (f farm) alive(t *testing.T) []start {
	t.Helper()
	running := processes(t)
	var alive []start
	for _, s := range f.started(t) {
		if _, ok := running[s.pid]; ok {
			alive = append(alive, s)
		}
	}
	return alive
}

// pause is the step of a bounded poll.
func pause(ctx context.Context) {
	step, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	<-step.Done()
}

// wantNoChild fails if the process has a child.
func wantNoChild(t *testing.T, pid int, when string) {
	t.Helper()
	for child, parent := range processes(t) {
		if parent == pid {
			t.Errorf("%s the host has the child process %d", when, child)
		}
	}
}
