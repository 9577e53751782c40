// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// modeVar makes this test binary something else than a test.
const modeVar = "PLUGINAPI_TEST_MODE"

// promptly is well under the 2 s that calls in flight would be waited for.
const promptly = 1500 * time.Millisecond

// patience is how long a process may take for what it does at once.
const patience = 10 * time.Second

func TestMain(m *testing.M) {
	switch os.Getenv(modeVar) {
	case "plugin":
		os.Exit(testPlugin().Main())
	case "mistaken":
		p := pluginapi.New("test", "1")
		pluginapi.AddTool(p, pluginapi.Tool{Name: "a b"}, func(context.Context, none) (none, error) { return none{}, nil })
		os.Exit(p.Main())
	case "host":
		os.Exit(testHost())
	}
	os.Exit(m.Run())
}

// testPlugin prints, waits and fails on demand.
func testPlugin() *pluginapi.Plugin {
	p := pluginapi.New("test", "1")
	p.OnShutdown(func(context.Context) { fmt.Fprintln(os.Stderr, "tidied up") })
	pluginapi.AddTool(p, pluginapi.Tool{Name: "print"}, func(_ context.Context, in struct {
		Bytes int `json:"bytes"`
	}) (none, error) {
		for range in.Bytes / 64 {
			fmt.Println(strings.Repeat("x", 63))
		}
		return none{}, nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "wait"}, func(ctx context.Context, in struct {
		Millis int `json:"ms"`
	}) (string, error) {
		pluginapi.Progress(ctx, 1, 0, "waiting")
		select {
		case <-time.After(time.Duration(in.Millis) * time.Millisecond):
			return "waited", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "deaf"}, func(ctx context.Context, _ none) (none, error) {
		pluginapi.Progress(ctx, 1, 0, "deaf")
		select {}
	})
	return p
}

// testHost starts the plugin with go-plugin's own client and waits to be killed.
func testHost() int {
	config := clientConfig(io.Discard)
	config.Cmd.ExtraFiles = []*os.File{os.Stderr} // so that it ends with the plugin, too
	client := goplugin.NewClient(config)
	protocol, err := client.Client()
	if err == nil {
		err = protocol.Ping() // behind the stream whose end the plugin has to see
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("started")
	select {}
}

// environ is ours with more. A process under the race detector would sleep for a
// second before it exits.
func environ(more ...string) []string {
	return append(append(os.Environ(), "GORACE=atexit_sleep_ms=0"), more...)
}

func clientConfig(stderr io.Writer) *goplugin.ClientConfig {
	cmd := exec.Command(os.Args[0])
	cmd.Env = environ(modeVar + "=plugin")
	return &goplugin.ClientConfig{
		HandshakeConfig:  pluginapi.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{pluginapi.ProtocolVersion: {}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              cmd,
		SkipHostEnv:      true,
		Stderr:           stderr,
		Logger:           hclog.NewNullLogger(),
	}
}

// A child is the plugin in a process of its own, started as mcphost starts one.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	conn   *grpc.ClientConn
	stdout chan string // all of it after the handshake line, at the end
	stderr *bytes.Buffer
}

func start(t *testing.T, env ...string) *child {
	t.Helper()
	dir, err := os.MkdirTemp("", "p") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := &child{t: t, cmd: exec.Command(os.Args[0]), stdout: make(chan string, 1), stderr: &bytes.Buffer{}}
	handshake := pluginapi.Handshake()
	c.cmd.Env = environ(modeVar+"=plugin", "PLUGIN_UNIX_SOCKET_DIR="+dir,
		"PLUGIN_PROTOCOL_VERSIONS=1", handshake.MagicCookieKey+"="+handshake.MagicCookieValue)
	c.cmd.Env = append(c.cmd.Env, env...)
	c.cmd.Stderr = c.stderr
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	fields := strings.Split(line, "|")
	if err != nil || len(fields) < 5 {
		t.Fatalf("handshake %q %v", line, err)
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		c.stdout <- string(rest)
	}()
	c.conn = dialUnix(t, fields[3])
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	return c
}

func dialUnix(t *testing.T, path string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:"+filepath.Base(path),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// begin starts a call, waits until the tool runs and returns how it ends.
func (c *child) begin(tool, args string) func() (*pluginv1.CallToolResponse, error) {
	c.t.Helper()
	stream, err := pluginv1.NewToolServiceClient(c.conn).CallTool(c.t.Context(), &pluginv1.CallToolRequest{
		Context: &pluginv1.CallContext{WantsProgress: true}, Name: tool, ArgumentsJson: []byte(args),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		c.t.Fatal(err)
	}
	return stream.Recv
}

// end waits for the process and returns its exit code, its standard output after
// the handshake and how long it took.
func (c *child) end() (code int, stdout string, took time.Duration) {
	c.t.Helper()
	began := time.Now()
	kill := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	stdout = <-c.stdout
	_ = c.cmd.Wait() // the code says it
	return c.cmd.ProcessState.ExitCode(), stdout, time.Since(began)
}

func (c *child) mustEndWell(limit time.Duration) {
	c.t.Helper()
	code, _, took := c.end()
	if code != 0 || took > limit {
		c.t.Errorf("exit code %d after %v, limit %v", code, took, limit)
	}
	if !strings.Contains(c.stderr.String(), "tidied up") {
		c.t.Errorf("OnShutdown did not run: %s", c.stderr)
	}
}

func needSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("windows has no signals to send")
	}
}

func TestPluginExplainsItselfWithoutAHost(t *testing.T) {
	for mode, want := range map[string]string{
		"plugin":   "test 1 is a plugin for mcphost",
		"mistaken": `tool "a b": a name is`,
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = environ(modeVar + "=" + mode)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // the code says it
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", mode, cmd.ProcessState.ExitCode(), &stdout, &stderr)
		}
	}
}

func TestServesGoPluginsOwnClient(t *testing.T) {
	var stderr bytes.Buffer
	client := goplugin.NewClient(clientConfig(&stderr))
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	if err := protocol.Ping(); err != nil {
		t.Errorf("ping: %v", err)
	}
	conn := protocol.(*goplugin.GRPCClient).Conn
	if got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: "wait", ArgumentsJson: []byte(`{"ms":0}`)}); got.GetResult().GetIsError() {
		t.Error(got)
	}

	began := time.Now()
	client.Kill()
	// A plugin that does not go by itself costs go-plugin 2 s.
	if took := time.Since(began); took > promptly {
		t.Errorf("stopping took %v", took)
	}
	if !strings.Contains(stderr.String(), "tidied up") {
		t.Errorf("OnShutdown did not run: %s", &stderr)
	}
}

func TestStrayPrintsNeitherBlockNorReachStdout(t *testing.T) {
	c := start(t)
	// More than any pipe holds, and nobody reads go-plugin's stream of them.
	got := outcomeOf(t, c.conn, &pluginv1.CallToolRequest{Name: "print", ArgumentsJson: []byte(`{"bytes":1048576}`)})
	if got.GetResult().GetIsError() {
		t.Error(got)
	}
	_ = c.stdin.Close()
	_, stdout, _ := c.end()
	if stdout != "" {
		t.Errorf("%d bytes on standard output", len(stdout))
	}
	if got := strings.Count(c.stderr.String(), "xxx\n"); got != 16384 {
		t.Errorf("%d lines on standard error", got)
	}
}

func TestSIGTERMLetsCallsFinish(t *testing.T) {
	needSignals(t)
	c := start(t)
	recv := c.begin("wait", `{"ms":300}`)
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got, err := recv(); err != nil || got.GetResult().GetIsError() {
		t.Errorf("the call in flight: %v %v", got, err)
	}
	c.mustEndWell(patience)
}

func TestSIGINTIsForTheHost(t *testing.T) {
	needSignals(t)
	c := start(t)
	recv := c.begin("wait", `{"ms":300}`)
	if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if got, err := recv(); err != nil || got.GetResult().GetIsError() {
		t.Errorf("the call in flight: %v %v", got, err)
	}
	_ = c.stdin.Close()
	c.mustEndWell(patience)
}

func TestShutdownIsAnsweredAfterTheCallsInFlight(t *testing.T) {
	c := start(t)
	recv := c.begin("wait", `{"ms":300}`)
	var asking sync.WaitGroup
	asking.Go(func() {
		err := c.conn.Invoke(context.Background(), "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
		if err != nil {
			t.Errorf("shutdown: %v", err)
		}
		_ = c.conn.Close() // as go-plugin's client does
	})
	if got, err := recv(); err != nil || got.GetResult().GetIsError() {
		t.Errorf("the call in flight: %v %v", got, err)
	}
	asking.Wait()
	c.mustEndWell(patience)
}

func TestShutdownWaitsNoLongerThanTheHost(t *testing.T) {
	c := start(t)
	c.begin("deaf", `{}`)
	const asked = 100 * time.Millisecond
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), asked)
	defer cancel()
	_ = c.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	if time.Since(begun) < asked {
		t.Error("answered before the call in flight ended")
	}
	c.mustEndWell(promptly)
}

func TestEndOfStdinEndsThePlugin(t *testing.T) {
	c := start(t)
	recv := c.begin("deaf", `{}`)
	_ = c.stdin.Close()
	c.mustEndWell(promptly)
	if got, err := recv(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the call in flight: %v %v", got, err)
	}
}

func TestDeathOfAnyGoPluginHostEndsThePlugin(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no unix socket between them")
	}
	host := exec.Command(os.Args[0])
	host.Env = environ(modeVar + "=host")
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	held, end, err := os.Pipe() // ends when host and plugin are gone
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	host.Stderr = end
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	_ = end.Close()
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "started\n" {
		t.Fatalf("host says %q %v", line, err)
	}

	began := time.Now()
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait() // killed
	if err := held.SetReadDeadline(began.Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(held); err != nil {
		t.Fatalf("the plugin lives on: %v", err)
	}
	if took := time.Since(began); took > promptly {
		t.Errorf("the plugin went after %v", took)
	}
}
