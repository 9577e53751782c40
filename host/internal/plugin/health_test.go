// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// checked waits for the check that is under way, or makes one.
func checked(t *testing.T, p *Plugin) {
	t.Helper()
	within(t, "health check", p.health.check(p.declareDead))
}

// checking reports whether a check is under way.
func checking(p *Plugin) bool {
	p.health.mu.Lock()
	defer p.health.mu.Unlock()
	return p.health.over != nil
}

// stopProcess freezes the plugin from outside, as a debugger or a job control
// signal does.
func stopProcess(t *testing.T, p *Plugin) (pid int) {
	t.Helper()
	pid = p.proc.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	threads := filepath.Join("/proc", strconv.Itoa(pid), "task")
	eventually(t, "stop of the process", 10*time.Second, func() bool {
		entries, err := os.ReadDir(threads)
		if err != nil {
			t.Fatal(err)
		}
		return !slices.ContainsFunc(entries, func(thread os.DirEntry) bool {
			stat, err := os.ReadFile(filepath.Join(threads, thread.Name(), "stat"))
			_, state, _ := bytes.Cut(stat, []byte(") "))
			return err == nil && !bytes.HasPrefix(state, []byte("T"))
		})
	})
	return pid
}

func mustBeDeclaredDead(t *testing.T, p *Plugin, pid int) {
	t.Helper()
	within(t, "end of a frozen plugin", p.Done())
	if err := p.Err(); !errors.Is(err, errSilent) || err.Error() != "does not answer health checks" {
		t.Errorf("ended with %v", err)
	}
	within(t, "release", p.finished)
	if !groupGone(pid) {
		t.Error("process is left")
	}
}

// timerError is how a call's timer ends its context.
type timerError struct{}

func (timerError) Error() string { return "no progress for 60 s" }
func (timerError) Timeout() bool { return true }

func TestFrozenPluginIsDeclaredDead(t *testing.T) {
	t.Parallel()
	for name, giveUp := range map[string]func(context.Context) (context.Context, func()){
		"after a deadline": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			return ctx, cancel
		},
		"after the host's timer": func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			timer := time.AfterFunc(50*time.Millisecond, func() { cancel(timerError{}) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, config(t, "healthy"))
			pid := stopProcess(t, p)
			other := make(chan error, 1)
			go func() {
				_, err := call(p, "echo", "")
				other <- err
			}()
			ctx, cancel := giveUp(t.Context())
			defer cancel()
			if _, err := callContext(ctx, p, "echo", ""); err == nil {
				t.Fatal("a stopped process answered")
			}
			mustBeDeclaredDead(t, p, pid)
			pluginError(t, <-other, textSilent)
		})
	}
}

func TestFrozenPluginIsFoundBeforeUse(t *testing.T) {
	t.Parallel()
	p := start(t, config(t, "healthy"))
	mustCall(t, p, "echo", "")
	if checking(p) {
		t.Error("a plugin that answers is examined")
	}
	pid := stopProcess(t, p)
	p.health.heard.Store(-int64(healthIdle)) // as if it had been idle for that long
	calls := make(chan error)
	for range 3 {
		go func() {
			_, err := call(p, "echo", "")
			calls <- err
		}()
	}
	mustBeDeclaredDead(t, p, pid)
	for range 3 {
		if failed := pluginError(t, <-calls, ""); failed.Text != textGone && failed.Text != textSilent {
			t.Errorf("call says %q", failed.Text)
		}
	}
}

func TestIdlePluginThatAnswersIsUsed(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"healthy", "good"} {
		p := start(t, config(t, mode))
		p.health.heard.Store(-int64(healthIdle))
		mustCall(t, p, "echo", "")
		if p.health.quiet() {
			t.Errorf("%s: its answer was not noted", mode)
		}
	}
}

// A peer may cancel what takes long on a plugin that has one thread.
func TestCancelledCallRaisesNoDoubt(t *testing.T) {
	t.Parallel()
	p := start(t, config(t, "healthy"))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := callContext(ctx, p, "hang", ""); err == nil {
		t.Fatal("it answered")
	}
	if checking(p) {
		t.Error("the plugin is examined")
	}
}

func TestBusyPluginIsNotKilled(t *testing.T) {
	t.Parallel()
	p := start(t, config(t, "healthy"))
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := callContext(ctx, p, "spin", ""); err == nil {
			t.Fatal("it answered")
		}
		checked(t, p)
	}
	mustCall(t, p, "echo", "")
}

func TestPluginWithoutHealthServiceIsNotKilled(t *testing.T) {
	t.Parallel()
	p := start(t, config(t, "good"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := callContext(ctx, p, "hang", ""); err == nil {
		t.Fatal("it answered")
	}
	checked(t, p)
	mustCall(t, p, "echo", "")
}

func TestPluginThatIsStoppingIsNotExamined(t *testing.T) {
	t.Parallel()
	cfg := config(t, "healthy")
	cfg.StopGrace = 100 * time.Millisecond
	p := start(t, cfg)
	pid := stopProcess(t, p)
	over := p.health.check(p.declareDead)
	p.Close(context.Background())
	within(t, "end of the check", over)
	if !errors.Is(p.Err(), ErrStopped) || !groupGone(pid) {
		t.Errorf("ended with %v", p.Err())
	}
	within(t, "check after the end", p.health.check(p.declareDead))
}

// spin keeps every processor busy until the call is cancelled.
func spin(ctx context.Context) {
	for range 2 * runtime.NumCPU() {
		go func() {
			for ctx.Err() == nil {
				_ = strings.Repeat("x", 1<<10)
			}
		}()
	}
	<-ctx.Done()
}
