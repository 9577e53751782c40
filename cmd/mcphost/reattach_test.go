// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startDebugged runs the plugin hello as under a debugger, and sets the variable
// that it prints for all processes that follow.
func startDebugged(t *testing.T) *exec.Cmd {
	t.Helper()
	tmp, err := os.MkdirTemp("", "p") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	cmd := exec.Command("hello")
	cmd.Env = append(os.Environ(), "MCPHOST_DEBUG=1", "GORACE="+quickExit, "TMPDIR="+tmp)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && name == "MCPHOST_REATTACH" {
			t.Setenv(name, strings.Trim(value, "'"))
			return cmd
		}
	}
	t.Fatal("the plugin does not say how to attach to it")
	return nil
}

func TestDebuggedPluginServesHostAfterHost(t *testing.T) {
	plugin := startDebugged(t)
	pid := plugin.Process.Pid
	for round := range 2 {
		host := startServe(t)
		host.awaitLog("plugin hello is attached to pid " + strconv.Itoa(pid) + ";")
		if got := pidOf(t, host.call(1, "pid")); got != pid {
			t.Errorf("round %d: process %d answered, not the debugged one, %d", round, got, pid)
		}
		if err := host.in.Close(); err != nil {
			t.Fatal(err)
		}
		if rest, err := host.end(); err != nil || rest != "" {
			t.Errorf("round %d: host ended with %v, printed %q", round, err, rest)
		}
	}
	// Every other command that needs a plugin does the same, without a
	// configuration that knows it.
	out, err := exec.Command("mcphost", "call", "hello__pid", "--plugins", t.TempDir()).Output()
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(pid) {
		t.Errorf("call prints %q, %v", out, err)
	}

	if err := plugin.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(patience, func() { _ = plugin.Process.Kill() })
	defer late.Stop()
	if err := plugin.Wait(); err != nil {
		t.Errorf("the plugin ended with %v", err)
	}
}

func TestCallOfADebuggedPluginThatIsGoneSaysSo(t *testing.T) {
	plugin := startDebugged(t)
	host := startServe(t)
	host.call(1, "pid")
	if err := plugin.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = plugin.Wait() // killed
	host.awaitLog("the attached process is gone: start it again under the debugger")
	host.send(2, "pid")
	line, err := host.out.ReadString('\n')
	if err != nil || !strings.Contains(line, "is attached to a process that is not running: start it again under the debugger") || !strings.Contains(line, `"isError":true`) {
		t.Errorf("answer %s, %v", line, err)
	}
}
