// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// The variables by which the test binary becomes something else.
const (
	modeVar = "PLUGIN_TEST_MODE" // what to be, see fake_test.go
	noteVar = "PLUGIN_TEST_NOTE" // a file to leave a note in

	socketVar = "PLUGIN_TEST_SOCKET" // where to listen; a place of its own if empty
)

func TestMain(m *testing.M) {
	switch mode := os.Getenv(modeVar); mode {
	case "":
		os.Exit(m.Run())
	case "host":
		beHost()
	case "sleeper":
		time.Sleep(time.Minute) // holds the pipes it inherited
	default:
		beFake(mode)
	}
}

// config returns what runs the test binary as a plugin of that mode.
func config(t testing.TB, mode string) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Name:    "fake",
		Command: self,
		Env: []string{
			modeVar + "=" + mode,
			noteVar + "=" + filepath.Join(t.TempDir(), "note"),
			"GORACE=atexit_sleep_ms=0", // else a program built with -race sleeps for 1 s
		},
		RunDir: shortDir(t),
		Log:    logger(t).log,
	}
}

// start runs a plugin and closes it at the end of the test.
func start(t testing.TB, cfg Config) *Plugin {
	t.Helper()
	p, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return p
}

// failStart returns the error of a start that must fail.
func failStart(t *testing.T, ctx context.Context, cfg Config) *StartError {
	t.Helper()
	p, err := Start(ctx, cfg)
	if err == nil {
		p.Close(context.Background())
		t.Fatal("start succeeded")
	}
	var failed *StartError
	if !errors.As(err, &failed) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	return failed
}

// shortDir is like t.TempDir, whose paths are too long for sockets.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// call runs a tool with a string as its argument and returns the text of its
// result.
func call(p *Plugin, name, arg string) (string, error) {
	return callContext(context.Background(), p, name, arg)
}

func callContext(ctx context.Context, p *Plugin, name, arg string) (string, error) {
	out, err := p.CallTool(ctx, &mcp.ToolCall{Name: name, Arguments: []byte(strconv.Quote(arg))}, &recorder{})
	if err != nil {
		return "", err
	}
	if out.Tool == nil || len(out.Tool.Content) == 0 || out.Tool.Content[0].Text == nil {
		return "", nil
	}
	return *out.Tool.Content[0].Text, nil
}

// hang starts a call that has no end of its own, and returns once the plugin
// runs it. The channel takes the error of the call, whether it is read or not.
func hang(ctx context.Context, t *testing.T, p *Plugin) <-chan error {
	t.Helper()
	begun, ended := make(beginning, 1), make(chan error, 1)
	go func() {
		_, err := p.CallTool(ctx, &mcp.ToolCall{Name: "hang", Context: mcp.CallContext{WantsProgress: true}}, begun)
		ended <- err
	}()
	within(t, "the call in the plugin", begun)
	return ended
}

// A beginning is a sink that hears of the first progress of a call.
type beginning chan struct{}

func (b beginning) Progress(mcp.Progress) {
	select {
	case b <- struct{}{}:
	default:
	}
}
func (beginning) Log(mcp.LogMessage)   {}
func (beginning) ReleaseStream(uint32) {}

// mustCall is call that must succeed.
func mustCall(t testing.TB, p *Plugin, name, arg string) string {
	t.Helper()
	text, err := call(p, name, arg)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pluginError returns err as a *mcp.PluginError for the fake whose text holds want.
func pluginError(t *testing.T, err error, want string) *mcp.PluginError {
	t.Helper()
	var failed *mcp.PluginError
	if !errors.As(err, &failed) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	if failed.Plugin != "fake" || !strings.Contains(failed.Text, want) {
		t.Fatalf("it says %q, want the plugin's name and %q (%v)", failed.Public(), want, failed.Err)
	}
	return failed
}

// A recorder is a sink that remembers.
type recorder struct {
	mu     sync.Mutex
	events []string
}

func (r *recorder) add(event string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
}

func (r *recorder) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.events, " ")
}

func (r *recorder) Progress(p mcp.Progress) {
	r.add("progress:" + strconv.FormatFloat(p.Progress, 'g', -1, 64))
}
func (r *recorder) Log(m mcp.LogMessage)    { r.add("log:" + m.Level.String() + ":" + string(m.Data)) }
func (r *recorder) ReleaseStream(ms uint32) { r.add("release:" + strconv.Itoa(int(ms))) }

// within fails the test if what it waits for takes longer than a machine under
// load could need.
func within(t testing.TB, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: not within 10 s", what)
	}
}

// eventually polls the outside world.
func eventually(t testing.TB, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, limit)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// note waits for the number that a plugin leaves in its note.
func note(t testing.TB, cfg Config) int {
	t.Helper()
	var pid int
	eventually(t, "note of the plugin", 10*time.Second, func() bool {
		data, err := os.ReadFile(notePath(cfg.Env))
		if err != nil {
			return false
		}
		pid, err = strconv.Atoi(string(data))
		return err == nil
	})
	return pid
}

func notePath(env []string) string {
	for _, kv := range env {
		if path, ok := strings.CutPrefix(kv, noteVar+"="); ok {
			return path
		}
	}
	return ""
}

// groupGone reports whether no process of the group is left.
func groupGone(pid int) bool { return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH) }

// pidGone reports whether the process is gone, or a zombie that its parent, not
// ours, is to reap.
func pidGone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(after, []byte("Z"))
}

func selfCommand(mode string) *exec.Cmd {
	self, _ := os.Executable()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), modeVar+"="+mode)
	return cmd
}
