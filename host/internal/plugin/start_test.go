// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/child"
)

func TestFailedStartSaysWhereWhyAndWhetherToTryAgain(t *testing.T) {
	tests := []struct {
		mode      string
		settings  string
		phase     Phase
		permanent bool
		text      string
	}{
		{"exit", "", PhaseHandshake, false, "no licence for this machine"},
		{"exit", "", PhaseHandshake, false, "exit status 3"},
		{"closed", "", PhaseHandshake, false, "closed its standard output"},
		{"badcore", "", PhaseHandshake, true, "core protocol 2"},
		{"badversion", "", PhaseHandshake, true, "plugin protocol 7, the host 1"},
		{"netrpc", "", PhaseHandshake, true, `"netrpc", not grpc`},
		{"tcp", "", PhaseHandshake, true, "unix socket"},
		{"outside", "", PhaseHandshake, true, "outside of $PLUGIN_UNIX_SOCKET_DIR"},
		{"nosocket", "", PhaseHandshake, true, "no socket"},
		{"impostor", "", PhaseDescribe, false, "not the plugin's group"},
		{"foreign", "", PhaseDescribe, true, "check that it is an mcphost plugin"},
		{"crashdescribe", "", PhaseDescribe, false, "no database"},
		{"refuses", "", PhaseConfigure, true, "region is missing"},
		{"nosettings", `{"a":1}`, PhaseConfigure, true, "remove them"},
		{"flaky", "", PhaseConfigure, false, "backend is down"},
		{"good", `[]`, PhaseProcess, true, "not a JSON object"},
	}
	for _, test := range tests {
		t.Run(test.mode, func(t *testing.T) {
			cfg := config(t, test.mode)
			if test.settings != "" {
				cfg.Settings = []byte(test.settings)
			}
			failed := failStart(t, t.Context(), cfg)
			if failed.Phase != test.phase || failed.Permanent() != test.permanent {
				t.Errorf("phase %q, permanent %v; want %q, %v", failed.Phase, failed.Permanent(), test.phase, test.permanent)
			}
			if !strings.Contains(failed.Error(), test.text) || !strings.HasPrefix(failed.Error(), "plugin fake: ") {
				t.Errorf("text is %q, want %q in it", failed, test.text)
			}
			if test.mode != "outside" { // its socket is its own affair
				emptyDir(t, cfg.RunDir)
			}
			if test.phase != PhaseProcess && !groupGone(note(t, cfg)) {
				t.Error("process is left")
			}
		})
	}
}

func TestCommandThatCannotRunIsPermanent(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	commands := map[string]string{
		"missing file":      filepath.Join(dir, "nothing"),
		"missing in PATH":   "no-such-command-anywhere",
		"not executable":    write("plain", "#!/bin/sh\n", 0o600),
		"not a program":     write("text", "hello\n", 0o700),
		"windows lines":     write("crlf", "#!/bin/sh\r\n", 0o700),
		"no interpreter":    write("script", "#!/no/such/interpreter\n", 0o700),
		"directory":         dir,
		"nothing at all":    "",
		"file as directory": filepath.Join(dir, "plain", "x"),
	}
	words := map[string]string{"no interpreter": "not the program of its first line, /no/such/interpreter", "windows lines": "CR LF"}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, "good")
			cfg.Command = command
			failed := failStart(t, t.Context(), cfg)
			if !strings.Contains(failed.Error(), words[name]) {
				t.Errorf("%v does not say %q", failed, words[name])
			}
			if failed.Phase != PhaseProcess || !failed.Permanent() {
				t.Errorf("phase %q, permanent %v: %v", failed.Phase, failed.Permanent(), failed)
			}
			emptyDir(t, cfg.RunDir)
		})
	}
}

func TestStartUnderAnEndedContextStartsNothing(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("host is stopping")
	cancel(cause)
	cfg := config(t, "good")
	if failed := failStart(t, ctx, cfg); !errors.Is(failed, cause) || failed.Permanent() {
		t.Errorf("error is %v", failed)
	}
	if _, err := os.Stat(notePath(cfg.Env)); err == nil {
		t.Error("a process ran")
	}
}

func TestSlowStartIsAwaited(t *testing.T) {
	p := start(t, config(t, "slow"))
	mustCall(t, p, "echo", "x")
}

func TestPluginBehindAWrapperIsAccepted(t *testing.T) {
	cfg := config(t, "good")
	cfg.Args = []string{"-c", `"$0"; exit $?`, cfg.Command}
	cfg.Command = "sh"
	p := start(t, cfg)
	mustCall(t, p, "echo", "x")
	pid := p.proc.cmd.Process.Pid
	p.Close(context.Background())
	if !groupGone(pid) {
		t.Error("process is left")
	}
}

func TestEnvironmentIsTheAllowList(t *testing.T) {
	t.Setenv("SECRET_TOKEN", "s3cret")
	t.Setenv("MCPHOST_PLUGIN", "wrong")
	t.Setenv("XDG_CONFIG_HOME", "/xdg")
	t.Setenv("HOME", "/home/of/host")
	cfg := config(t, "good")
	cfg.Env = append(cfg.Env, "HOME=/configured", "MINE=1", "PLUGIN_UNIX_SOCKET_DIR=/elsewhere")
	p := start(t, cfg)
	got := map[string]string{}
	for line := range strings.SplitSeq(mustCall(t, p, "environment", ""), "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			got[name] = value
		}
	}
	want := map[string]string{
		"HOME": "/configured", "MINE": "1", "XDG_CONFIG_HOME": "/xdg", "PATH": os.Getenv("PATH"),
		"TMPDIR": filepath.Join(p.dir.path, "tmp"), "PLUGIN_UNIX_SOCKET_DIR": p.dir.path, "MCPHOST_PLUGIN": "mcphost-plugin-v1",
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
		delete(got, name)
	}
	for name := range got {
		if len(child.Environment([]string{name + "="}, "", nil)) == 1 && !strings.HasPrefix(name, "PLUGIN_") && name != "GORACE" {
			t.Errorf("plugin sees %s", name)
		}
	}
}

func TestSettingsReachThePlugin(t *testing.T) {
	cfg := config(t, "good")
	cfg.Settings, cfg.DataDir = []byte(`{"region":"eu"}`), "/data"
	p := start(t, cfg)
	got := mustCall(t, p, "configured", "")
	for _, want := range []string{"region", "eu", `"fake"`, "/data"} {
		if !strings.Contains(got, want) {
			t.Errorf("Configure got %s, want %s in it", got, want)
		}
	}
	if d := p.Description(); d.Name != "a fake" || d.Version != "1.2" || d.MaxConcurrent != 64 {
		t.Errorf("description is %+v", d)
	}
	start(t, config(t, "nosettings")) // {} is no settings
}

func TestOneForkerServesManyPlugins(t *testing.T) {
	forker := NewForker()
	cfg := config(t, "good")
	cfg.Forker = forker
	a, b := start(t, cfg), start(t, cfg)
	a.Close(context.Background())
	mustCall(t, b, "echo", "x")
	forker.Close()
	within(t, "end of a plugin whose forker is closed", b.Done())
	if failed := failStart(t, t.Context(), cfg); failed.Permanent() {
		t.Errorf("error is permanent: %v", failed)
	}
}

func TestRunDirectoryOfOthersIsRefused(t *testing.T) {
	dir := shortDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, "good")
	cfg.RunDir = dir
	if failed := failStart(t, t.Context(), cfg); !strings.Contains(failed.Error(), "not private") {
		t.Errorf("error is %v", failed)
	}
	link := filepath.Join(shortDir(t), "l")
	if err := os.Symlink(shortDir(t), link); err != nil {
		t.Fatal(err)
	}
	cfg.RunDir = link
	failStart(t, t.Context(), cfg)
}

func TestStopEscalates(t *testing.T) {
	tests := []struct{ mode, state string }{
		{"good", "exit status 0"},
		{"nocontroller", "signal: terminated"},
		{"deaf", "signal: killed"},
	}
	for _, test := range tests {
		t.Run(test.mode, func(t *testing.T) {
			cfg := config(t, test.mode)
			cfg.StopGrace = 100 * time.Millisecond
			if test.mode == "good" {
				cfg.StopGrace = 10 * time.Second
			}
			p := start(t, cfg)
			p.Close(context.Background())
			if got := p.proc.ended().state; got != test.state {
				t.Errorf("ended by %s, want %s", got, test.state)
			}
			if !errors.Is(p.Err(), ErrStopped) {
				t.Errorf("error is %v", p.Err())
			}
			p.Close(context.Background())
		})
	}
}

func TestCloseUnderAnEndedContextKillsAtOnce(t *testing.T) {
	cfg := config(t, "deaf")
	cfg.StopGrace = time.Minute
	p := start(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	closed := make(chan struct{})
	go func() { defer close(closed); p.Close(ctx) }()
	within(t, "close without grace", closed)
}
