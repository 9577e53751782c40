// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newTroubledFarm installs one plugin for each script, by name. A script runs
// after its start has been noted; $hello is a good plugin to become, $dir a
// place for files that the test makes.
func newTroubledFarm(t *testing.T, scripts map[string]string) (f farm, dir string) {
	t.Helper()
	dir = t.TempDir()
	f = farm{config: filepath.Join(dir, "mcphost.yaml"), starts: filepath.Join(dir, "starts")}
	for name, body := range scripts {
		script := filepath.Join(dir, "plugins", name)
		write(t, script, fmt.Sprintf("#!/bin/sh\nname=%s dir='%s' hello='%s'\necho $name $$ >>\"$dir/starts\"\n%s\n",
			name, dir, find(t, "hello-go"), body))
		if err := os.Chmod(script, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, f.config, "plugin_dirs: [plugins]\nlimits: {list_wait: 500ms}\n")
	t.Cleanup(func() { // of what a failed test has left
		for _, s := range f.started(t) {
			_ = syscall.Kill(s.pid, syscall.SIGKILL)
		}
	})
	return f, dir
}

const (
	becomeHello = `exec "$hello"`
	// awaitThenHello is ready only once the test has made a file of the
	// plugin's name.
	awaitThenHello = `while [ ! -e "$dir/$name.go" ]; do sleep 0.02; done; ` + becomeHello
	// failTwiceThenAwait fails before it does the same, but not so often that
	// the host would only probe it.
	failTwiceThenAwait = `[ $(grep -c "^$name " "$dir/starts") -gt 2 ] || exit 1; ` + awaitThenHello
	// hang never becomes ready.
	hang = `exec sleep 3600`
)

func isListChanged(f frame) bool { return f.Method == "notifications/tools/list_changed" }

func TestListIsServedThoughPluginsFailHangOrAreLate(t *testing.T) {
	f, dir := newTroubledFarm(t, map[string]string{
		"good": becomeHello, "late": awaitThenHello, "failing": failTwiceThenAwait, "hanging": hang,
	})
	p := f.open(t)
	p.handshake()

	asked := time.Now()
	first := p.ask(2, request(2, "tools/list", `{}`))
	if took := time.Since(asked); took > 10*time.Second {
		t.Errorf("the list took %v, a start would take 30 s at most, the budget is 500 ms", took)
	}
	list := string(first.Result)
	if got := tools(t, first); got != toolsEach || !strings.Contains(list, "good__greet") {
		t.Errorf("the first list is %s, want the tools of the good plugin", list)
	}
	if !strings.Contains(list, `"hanging":{"state":"starting"`) {
		t.Errorf("the first list does not say that it is incomplete: %s", list)
	}

	// Nobody reads while the late one arrives and the failed one recovers.
	for _, name := range []string{"late", "failing"} {
		write(t, filepath.Join(dir, name+".go"), "")
		p.await(isListChanged)
	}
	if got, want := tools(t, p.ask(3, request(3, "tools/list", `{}`))), 3*toolsEach; got != want {
		t.Errorf("the last list holds %d tools, want %d", got, want)
	}
	p.finish(3)
	changes := 0
	for _, message := range p.seen {
		if isListChanged(message) {
			changes++
		}
	}
	if changes != 2 {
		t.Errorf("the host announced %d changes, want one for each arrival", changes)
	}
	f.wantNoneAlive(t, orphanLife)
}

func TestHostThatEndsDuringAStartLeavesNoPlugin(t *testing.T) {
	ends := map[string]func(*pipe) error{
		"end of input": func(p *pipe) error { return p.in.Close() },
		"SIGTERM":      func(p *pipe) error { return p.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGKILL":      func(p *pipe) error { return p.cmd.Process.Kill() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			f, _ := newTroubledFarm(t, map[string]string{"hanging": hang})
			p := f.open(t)
			p.handshake()
			p.send(request(2, "tools/list", `{}`))
			for begun := time.Now(); len(f.alive(t)) == 0; pause(t.Context()) {
				if time.Since(begun) > patience {
					t.Fatal("the plugin was not started")
				}
			}
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			asked := time.Now()
			_, _ = io.Copy(io.Discard, p.out)
			if took := time.Since(asked); took > stopTimeout {
				t.Errorf("the host ended after %v, want at most %v", took, stopTimeout)
			}
			f.wantNoneAlive(t, orphanLife)
		})
	}
}
