// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A debugged plugin runs as a person would start it.
type debugged struct {
	t      *testing.T
	cmd    *exec.Cmd
	socket string
	stderr chan string // all of it after the line, at the end
}

func startDebugged(t *testing.T) *debugged {
	t.Helper()
	needSignals(t)
	d := &debugged{t: t, cmd: exec.Command(os.Args[0]), stderr: make(chan string, 1)}
	tmp, err := os.MkdirTemp("", "p") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	d.cmd.Env = environ(modeVar+"=plugin", "MCPHOST_DEBUG=1", "TMPDIR="+tmp)
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil { // standard input is at its end
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	d.socket = d.readLine(bufio.NewReader(stderr))
	return d
}

// readLine returns the socket that the line on standard error names.
func (d *debugged) readLine(lines *bufio.Reader) string {
	d.t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			d.t.Fatalf("no line says how to attach: %v", err)
		}
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "'\n"), "MCPHOST_REATTACH='")
		if !ok {
			continue
		}
		go func() {
			rest, _ := io.ReadAll(lines)
			d.stderr <- string(rest)
		}()
		var running map[string]struct {
			Protocol             string
			ProtocolVersion, Pid int
			Test                 bool
			Addr                 struct{ Network, String string }
		}
		if err := json.Unmarshal([]byte(text), &running); err != nil {
			d.t.Fatalf("%s: %v", text, err)
		}
		r := running["test"]
		if r.Protocol != "grpc" || r.ProtocolVersion != 1 || r.Pid != d.cmd.Process.Pid || !r.Test || r.Addr.Network != "unix" {
			d.t.Fatalf("it says %s", text)
		}
		return r.Addr.String
	}
}

// end tells it to end, and returns what it said last.
func (d *debugged) end(sig os.Signal) string {
	d.t.Helper()
	if err := d.cmd.Process.Signal(sig); err != nil {
		d.t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = d.cmd.Process.Kill() })
	defer kill.Stop()
	rest := <-d.stderr
	_ = d.cmd.Wait() // the code says it
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(filepath.Dir(d.socket)); err == nil {
		d.t.Errorf("%s is left", filepath.Dir(d.socket))
	}
	return rest
}

func TestDebuggedPluginServesUntilTheSignal(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		d := startDebugged(t)
		for path, mode := range map[string]os.FileMode{d.socket: 0o600, filepath.Dir(d.socket): 0o700} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, mode)
			}
		}
		got := outcomeOf(t, dialUnix(t, d.socket), &pluginv1.CallToolRequest{Name: "wait", ArgumentsJson: []byte(`{"ms":0}`)})
		if got.GetResult().GetIsError() {
			t.Error(got)
		}
		if rest := d.end(sig); !strings.Contains(rest, "tidied up") {
			t.Errorf("OnShutdown did not run: %q", rest)
		}
	}
}

func TestDebuggedPluginOutlivesItsHosts(t *testing.T) {
	d := startDebugged(t)
	first := dialUnix(t, d.socket)
	ask := func(conn *grpc.ClientConn) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		req := &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName}
		if _, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, req); err != nil {
			t.Errorf("health check: %v", err)
		}
	}
	ask(first)
	if err := first.Invoke(t.Context(), "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	ask(first)
	_ = first.Close()
	ask(dialUnix(t, d.socket))
	d.end(syscall.SIGTERM)
}

func TestHostsCookieMeansNoDebugging(t *testing.T) {
	c := start(t, "MCPHOST_DEBUG=1") // fails without the handshake's line
	_ = c.stdin.Close()
	c.mustEndWell(patience)
}

func TestPluginSaysHowToDebugIt(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = environ(modeVar+"=plugin", "MCPHOST_DEBUG=0")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "start it with MCPHOST_DEBUG=1 in the environment") {
		t.Errorf("%v, it says %s", err, out)
	}
}
