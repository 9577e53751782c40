// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func promisesOfLife() []promise {
	return []promise{
		{"StopsGracefully", with(stops)},
		{"LetsACallEndBeforeItStops", with(endsCallFirst)},
		{"EndsWithItsStandardInput", func(t *testing.T, p program) { endsWithStdin(t, p) }},
		{"DiesWithItsHost", func(t *testing.T, p program) { dies(t, p) }},
		{"IsMissedWhenKilled", killed},
		{"IgnoresAnInterrupt", ignoresInterrupt},
		{"ServesADebugger", servesDebugger},
		{"EndsConnections", with(endsConnections)},
	}
}

func endsCallFirst(t *testing.T, p *process) {
	stream := p.call(t.Context(), t, "count", `{"n":5,"delay_ms":100}`)
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	// Not by Kill, which hangs up at the answer, whatever has not been read yet.
	stopped := make(chan error, 1)
	go func() {
		stopped <- p.conn.Invoke(t.Context(), "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	}()
	var last *pluginv1.CallToolResponse
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("the call ends with %v", err)
			break
		}
		last = event
	}
	if text(last) != "Counted to 5." {
		t.Errorf("the call ends with %v", last)
	}
	if err := <-stopped; err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func killed(t *testing.T, prog program) {
	p := start(t, prog)
	p.configure(t, `{}`)
	stream := p.call(t.Context(), t, "count", `{"n":1000000,"delay_ms":10}`)
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(p.client.ReattachConfig().Pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v", err)
	}
	again := start(t, prog)
	again.configure(t, `{}`)
	again.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!")
}

func ignoresInterrupt(t *testing.T, prog program) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no signal to send")
	}
	p := start(t, prog)
	p.configure(t, `{}`)
	process, err := os.FindProcess(p.client.ReattachConfig().Pid)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		p.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!")
	}
}

func endsConnections(t *testing.T, p *process) {
	_, err := p.plugin.EndConnection(t.Context(), &pluginv1.EndConnectionRequest{ConnectionId: "c1"})
	if err != nil && status.Code(err) != codes.Unimplemented {
		t.Error(err)
	}
}

// debugged starts a plugin as a debugger would and returns the line that it
// prints for the host.
func debugged(t *testing.T, prog program) (cmd *exec.Cmd, line string) {
	t.Helper()
	cmd = prog.command()
	cmd.Env = append(os.Environ(), "MCPHOST_DEBUG=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it should have ended
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "MCPHOST_REATTACH=") {
			go func() { _, _ = io.Copy(io.Discard, stderr) }() // ends with the process
			return cmd, lines.Text()
		}
	}
	t.Fatalf("no line for the host: %v", lines.Err())
	return nil, ""
}

func servesDebugger(t *testing.T, prog program) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no signal to end it with")
	}
	cmd, line := debugged(t, prog)
	var running map[string]struct {
		Protocol        goplugin.Protocol
		ProtocolVersion int
		Pid             int
		Test            bool
		Addr            struct{ Network, String string }
	}
	value := strings.TrimSuffix(strings.TrimPrefix(line, "MCPHOST_REATTACH='"), "'")
	if err := json.Unmarshal([]byte(value), &running); err != nil || len(running) != 1 {
		t.Fatalf("%s %v", line, err)
	}
	for name, at := range running {
		if !strings.HasPrefix(name, "tour-") || at.Protocol != "grpc" || at.ProtocolVersion != 1 || at.Pid != cmd.Process.Pid || !at.Test || at.Addr.Network != "unix" {
			t.Errorf("got %s", line)
		}
		conn, err := grpc.NewClient("unix:"+at.Addr.String, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p := &process{conn: conn, plugin: pluginv1.NewPluginServiceClient(conn), tools: pluginv1.NewToolServiceClient(conn)}
		p.configure(t, `{}`)
		// A host that stops, or is gone, does not end what is debugged.
		if err := conn.Invoke(t.Context(), "/plugin.GRPCController/Shutdown", empty{}, empty{}, grpc.ForceCodec(empties{})); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		p.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!")
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if err := waitFor(cmd); err != nil {
			t.Errorf("interrupted: %v", err)
		}
		if _, err := os.Stat(at.Addr.String); err == nil {
			t.Errorf("%s is left", at.Addr.String)
		}
	}
}

// waitFor waits for a process, if not for ever.
func waitFor(cmd *exec.Cmd) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	return cmd.Wait()
}

// empties is a codec for messages without fields.
type (
	empty   struct{}
	empties struct{}
)

func (empties) Marshal(any) ([]byte, error) { return nil, nil }
func (empties) Unmarshal([]byte, any) error { return nil }
func (empties) Name() string                { return "empty" }
