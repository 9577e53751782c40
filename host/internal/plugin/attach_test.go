// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A debuggee is a process of a plugin that no host has started.
type debuggee struct {
	t      *testing.T
	mode   string
	socket string
	cmd    *exec.Cmd
}

func newDebuggee(t *testing.T, mode string) *debuggee {
	d := &debuggee{t: t, mode: mode, socket: filepath.Join(shortDir(t), "s")}
	t.Cleanup(func() {
		if d.cmd != nil {
			d.kill()
		}
	})
	d.run()
	return d
}

// run starts the process, and returns when it listens.
func (d *debuggee) run() {
	d.t.Helper()
	d.cmd = selfCommand(d.mode)
	d.cmd.Env = append(d.cmd.Env, "MCPHOST_PLUGIN=mcphost-plugin-v1", socketVar+"="+d.socket)
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		d.t.Fatalf("it says %q, %v", line, err)
	}
}

func (d *debuggee) kill() {
	d.t.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.t.Error(err)
	}
	_ = d.cmd.Wait() // killed
	d.cmd = nil
}

func (d *debuggee) config() Config {
	return Config{
		Name: "fake", Log: logger(d.t).log,
		Attach: &Running{Network: "unix", Addr: d.socket, Pid: d.cmd.Process.Pid},
	}
}

func TestAttachedProcessOutlivesItsHosts(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"good", "nosettings", "once"} {
		d := newDebuggee(t, mode)
		for range 2 {
			p := start(t, d.config())
			if got := p.Description(); got.Version != "1.2" || !p.Provides().Has(mcp.KindTools) {
				t.Errorf("%s: described as %+v", mode, got)
			}
			if got := mustCall(t, p, "echo", "x"); got != "x" {
				t.Errorf("%s: got %q", mode, got)
			}
			p.Close(context.Background()) // would end it by go-plugin's controller
			if !errors.Is(p.Err(), ErrStopped) {
				t.Errorf("%s: ended with %v", mode, p.Err())
			}
			_, err := call(p, "echo", "")
			pluginError(t, err, textGone)
		}
		if pidGone(d.cmd.Process.Pid) {
			t.Errorf("%s: the process is gone", mode)
		}
	}
}

func TestNextProcessAtTheAddressTakesOver(t *testing.T) {
	t.Parallel()
	d := newDebuggee(t, "all")
	cfg := d.config()
	cfg.Settings = []byte(`{"a":1}`)
	p := start(t, cfg)
	if _, err := p.SetSubscriptions(t.Context(), []string{"test://text"}); err != nil {
		t.Fatal(err)
	}
	busy := make(chan error, 1)
	go func() {
		_, err := call(p, "hold", "")
		busy <- err
	}()
	eventually(t, "a call in flight", 10*time.Second, func() bool { return mustCall(t, p, "most", "") == "1" })
	was, _ := p.attached.current()
	d.kill()
	pluginError(t, <-busy, textDetached)
	eventually(t, "loss of the link", 10*time.Second, func() bool {
		link, _ := p.attached.current()
		return link != was
	})

	_, err := call(p, "echo", "")
	pluginError(t, err, "is attached to a process that is not running: start it again under the debugger")
	_, err = p.ListTools(t.Context())
	pluginError(t, err, "start it again under the debugger")
	p.EndConnection(t.Context(), "c")

	d.run()
	if got := mustCall(t, p, "configured", ""); !strings.Contains(got, `{\"a\":1}`) {
		t.Errorf("the new process was configured with %s", got)
	}
	if got := mustCall(t, p, "subscribed", ""); got != "test://text" {
		t.Errorf("the new process was told to watch %q", got)
	}
	select {
	case kinds := <-p.Changes():
		if want := mcp.KindTools | mcp.KindPrompts | mcp.KindResources; kinds != want {
			t.Errorf("changed are %v, want %v", kinds, want)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody is told that the lists may differ")
	}
	// The watch is of the new process.
	mustCall(t, p, "revise", "r2")
	within(t, "loss", d.lost(p))
}

// lost kills the process and returns what is closed when the plugin knows.
func (d *debuggee) lost(p *Plugin) <-chan struct{} {
	d.kill()
	known := make(chan struct{})
	go func() {
		defer close(known)
		for link, _ := p.attached.current(); link != nil; link, _ = p.attached.current() {
			runtime.Gosched()
		}
	}()
	return known
}

func TestCallsOfAnAttachedPluginHaveNoTimeLimit(t *testing.T) {
	t.Parallel()
	d := newDebuggee(t, "good")
	cfg := d.config()
	cfg.MaxCallTime = time.Millisecond
	p := start(t, cfg)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	held := make(chan error, 1)
	go func() {
		_, err := callContext(ctx, p, "hold", "")
		held <- err
	}()
	<-ctx.Done()
	mustCall(t, p, "release", "")
	if err := <-held; err != nil {
		t.Errorf("call after its time: %v", err)
	}
	if p.health != nil {
		t.Error("its health is checked")
	}

	ctx, giveUp := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, giveUp)
	if _, err := callContext(ctx, p, "hold", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("call that its peer gave up: %v", err)
	}
}

func TestAttachToNobodySaysWhatToDo(t *testing.T) {
	t.Parallel()
	d := newDebuggee(t, "good")
	cfg := d.config()
	d.kill()
	failed := failStart(t, t.Context(), cfg)
	if failed.Permanent() || failed.Phase != PhaseHandshake {
		t.Errorf("failed at %q, permanent %v", failed.Phase, failed.Permanent())
	}
	pluginError(t, failed, "start it again under the debugger")
	if !strings.Contains(failed.Error(), "attach to process ") || !strings.Contains(failed.Error(), d.socket) {
		t.Errorf("error does not say where: %v", failed)
	}

	d.mode = "foreign"
	d.run()
	failed = failStart(t, t.Context(), cfg)
	if failed.Permanent() || failed.Phase != PhaseDescribe {
		t.Errorf("failed at %q, permanent %v: %v", failed.Phase, failed.Permanent(), failed)
	}
}

func TestAttachLeaksNothing(t *testing.T) {
	d := newDebuggee(t, "good")
	cycle := func() {
		p := start(t, d.config())
		mustCall(t, p, "echo", "")
		within(t, "loss", d.lost(p))
		d.run()
		mustCall(t, p, "echo", "")
		p.Close(context.Background())
	}
	cycle()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 5 {
		cycle()
	}
	eventually(t, "end of goroutines and files", 5*time.Second, func() bool {
		return runtime.NumGoroutine() <= goroutines+2 && openFiles(t) <= files+2
	})
}
