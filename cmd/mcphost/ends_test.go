// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// slowPlugin makes the folder of a plugin that never gets ready, and a pipe that
// tells its process once it runs.
func slowPlugin(t *testing.T) (folder, pipe string) {
	t.Helper()
	folder, pipe = filepath.Join(t.TempDir(), "slow"), filepath.Join(t.TempDir(), "pipe")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	change(t, folder, "plugin.yaml", "command: ./run\n")
	change(t, folder, "run", "#!/bin/sh\ntest -n \"$MCPHOST_PLUGIN\" || exit 1\necho $$ >"+pipe+"\nexec sleep 600\n")
	if err := os.Chmod(filepath.Join(folder, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, pipe
}

// command is mcphost with directories of its own.
func command(t *testing.T, args ...string) (cmd *exec.Cmd, temporary string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	temporary, err := os.MkdirTemp("", "") // short enough for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temporary) })
	cmd = exec.CommandContext(ctx, "mcphost", args...)
	cmd.Env = append(os.Environ(), "GORACE="+quickExit, "HOME="+temporary, "XDG_RUNTIME_DIR=", "TMPDIR="+temporary)
	return cmd, temporary
}

// leftIn fails the test if there is anything in a directory.
func leftIn(t *testing.T, dir string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func codeOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

// obey lets processes of this test have signals that whoever runs the tests has
// told to be ignored, as nohup does: a signal that is caught here is theirs again.
func obey(t *testing.T, signals ...os.Signal) {
	t.Helper()
	caught := make(chan os.Signal, 1)
	for _, sig := range signals {
		if signal.Ignored(sig) {
			signal.Notify(caught, sig)
		}
	}
	t.Cleanup(func() { signal.Stop(caught) })
}

func TestInterruptBlamesNoPlugin(t *testing.T) {
	obey(t, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for _, args := range []string{"tools", "plugins inspect slow", "call slow__x", "plugin test"} {
			t.Run(args+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				folder, pipe := slowPlugin(t)
				words := append(strings.Fields(args), "--plugins", filepath.Dir(folder))
				if args == "plugin test" {
					words = []string{"plugin", "test", folder}
				}
				cmd, temporary := command(t, words...)
				var said bytes.Buffer
				cmd.Stderr = &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				pid, err := os.ReadFile(pipe) // until it runs
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				code := codeOf(t, cmd.Wait())
				if want := fmt.Sprintf(": interrupted: %s signal received\n", sig); code != 1 || !strings.HasSuffix(said.String(), want) || strings.Count(said.String(), "\n") != 1 {
					t.Errorf("exit code %d, said %q; want 1, %q", code, &said, want)
				}
				awaitGone(t, pidOf(t, strings.TrimSpace(string(pid))))
				leftIn(t, temporary)
			})
		}
	}
}

// unreadAfter starts the command, reads one of its streams up to a line that holds
// part, and goes away.
func unreadAfter(t *testing.T, cmd *exec.Cmd, stream *io.Writer, part string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	*stream = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReader(r); part != ""; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%q did not come: %v", part, err)
		}
		if strings.Contains(line, part) {
			break
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCommandThatNobodyReadsCleansUp(t *testing.T) {
	dir := workshop(t)
	change(t, dir, "built", "")
	for _, test := range []struct{ args, part string }{
		{"plugin test " + dir, "handshake"},
		{"plugin test " + dir + " --run ^describe/name$ --json", ""},
		{"tools --config " + helloConfig(t), ""},
		{"call hello__pid --config " + helloConfig(t), ""},
		{"plugins inspect hello --config " + helloConfig(t), ""},
	} {
		t.Run(test.args, func(t *testing.T) {
			cmd, temporary := command(t, strings.Fields(test.args)...)
			var said bytes.Buffer
			cmd.Stderr = &said
			unreadAfter(t, cmd, &cmd.Stdout, test.part)
			if code := codeOf(t, cmd.Wait()); code != 1 || said.Len() > 0 {
				t.Errorf("exit code %d, said %q; want 1 and nothing", code, &said)
			}
			leftIn(t, temporary)
		})
	}
}

func TestWorkshopThatNobodyWatchesEnds(t *testing.T) {
	dir := workshop(t)
	cmd, temporary := command(t, "plugin", "dev", dir, "--http", "127.0.0.1:0")
	unreadAfter(t, cmd, &cmd.Stderr, "ready (build")
	change(t, dir, "vars", "export HELLO_EXTRA=more\n") // which it would tell of
	if code := codeOf(t, cmd.Wait()); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	leftIn(t, temporary)
}

func TestLogThatNobodyReadsEndsNoServiceOfAClient(t *testing.T) {
	cmd, temporary := command(t, "serve", "--config", helloConfig(t))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	unreadAfter(t, cmd, &cmd.Stderr, "serving")
	for id, tool := range []string{"blame", "greet"} { // the first one writes to the log
		if _, err := fmt.Fprintf(in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"hello__%s",%s}}`+"\n", id, tool, modernMeta); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if code := codeOf(t, cmd.Wait()); code != 0 || strings.Count(out.String(), `"result"`) != 2 {
		t.Errorf("exit code %d, answered %q", code, &out)
	}
	leftIn(t, temporary)
}
