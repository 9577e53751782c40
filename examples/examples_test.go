// SPDX-License-Identifier: Apache-2.0

// Package examples_test runs every example as a host would: in a process of its
// own, through go-plugin's own client, against one contract.
package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/internal/testenv"
	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// hostVar makes this test binary a host that starts the command it names and
// waits to be killed.
const hostVar = "EXAMPLES_TEST_COMMAND"

// promptly is well under the 2 s that go-plugin gives a plugin before it kills
// it, and that a plugin gives its calls.
const promptly = 1500 * time.Millisecond

// patience is how long a process may take for what it does at once.
const patience = 10 * time.Second

func TestMain(m *testing.M) {
	if command := os.Getenv(hostVar); command != "" {
		os.Exit(beHost(strings.Split(command, "\n")))
	}
	os.Exit(m.Run())
}

func beHost(command []string) int {
	config := clientConfig(command, io.Discard)
	config.Cmd.ExtraFiles = []*os.File{os.Stderr} // so that it ends with the plugin, too
	protocol, err := goplugin.NewClient(config).Client()
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

func clientConfig(command []string, stderr io.Writer) *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		HandshakeConfig:  pluginapi.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{pluginapi.ProtocolVersion: {}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              exec.Command(command[0], command[1:]...),
		Stderr:           stderr,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize), grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize))},
	}
}

func TestHelloGo(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hello-go")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", binary, "./hello-go").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	contract(t, "hello-go", binary)
}

func TestHelloPython(t *testing.T) {
	python := testenv.Python(t, filepath.Join("hello-python", "requirements.txt"))
	contract(t, "hello-python", python, filepath.Join("hello-python", "main.py"))
}

// contract is what both examples promise, and any plugin like them.
func contract(t *testing.T, name string, command ...string) {
	t.Run("ExplainsItselfWithoutAHost", func(t *testing.T) { explains(t, name, command) })
	t.Run("DescribesItself", func(t *testing.T) { describes(t, start(t, command), name) })
	t.Run("ListsItsTools", func(t *testing.T) { lists(t, start(t, command)) })
	t.Run("Greets", func(t *testing.T) { greets(t, start(t, command)) })
	t.Run("TakesLargeArguments", func(t *testing.T) { greetsAtLength(t, start(t, command)) })
	t.Run("CountsWithProgress", func(t *testing.T) { counts(t, start(t, command)) })
	t.Run("StopsCountingWhenCancelled", func(t *testing.T) { stopsCounting(t, start(t, command)) })
	t.Run("StopsGracefully", func(t *testing.T) { stops(t, start(t, command)) })
	t.Run("EndsWithItsStandardInput", func(t *testing.T) { endsWithStdin(t, command) })
	t.Run("DiesWithItsHost", func(t *testing.T) { dies(t, command) })
}

// A process is an example that runs.
type process struct {
	client *goplugin.Client
	conn   *grpc.ClientConn
	plugin pluginv1.PluginServiceClient
	tools  pluginv1.ToolServiceClient
}

func start(t *testing.T, command []string) *process {
	t.Helper()
	var stderr bytes.Buffer
	client := goplugin.NewClient(clientConfig(command, &stderr))
	t.Cleanup(func() {
		client.Kill()
		if t.Failed() {
			t.Logf("standard error: %s", &stderr)
		}
	})
	protocol, err := client.Client()
	if err != nil {
		t.Fatal(err)
	}
	if err := protocol.Ping(); err != nil {
		t.Fatalf("ping: %v", err)
	}
	conn := protocol.(*goplugin.GRPCClient).Conn
	return &process{client, conn, pluginv1.NewPluginServiceClient(conn), pluginv1.NewToolServiceClient(conn)}
}

// call starts a call of a tool.
func (p *process) call(ctx context.Context, t *testing.T, tool, args string) grpc.ServerStreamingClient[pluginv1.CallToolResponse] {
	t.Helper()
	stream, err := p.tools.CallTool(ctx, &pluginv1.CallToolRequest{
		Context:       &pluginv1.CallContext{RequestId: "r1", WantsProgress: true},
		Name:          tool,
		ArgumentsJson: []byte(args),
	})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// events runs a call to its end.
func (p *process) events(t *testing.T, tool, args string) []*pluginv1.CallToolResponse {
	t.Helper()
	stream := p.call(t.Context(), t, tool, args)
	var events []*pluginv1.CallToolResponse
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
}

func explains(t *testing.T, name string, command []string) {
	cmd := exec.Command(command[0], command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the code says it
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), name) || stdout.Len() > 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", cmd.ProcessState.ExitCode(), &stdout, &stderr)
	}
}

func describes(t *testing.T, p *process, name string) {
	got, err := p.plugin.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil || got.GetName() != name || got.GetVersion() != "1.0.0" {
		t.Errorf("got %v %v", got, err)
	}
}

func lists(t *testing.T, p *process) {
	list, err := p.tools.ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.GetTools() {
		names = append(names, tool.GetName())
		if tool.GetDescription() == "" || !strings.Contains(string(tool.GetInputSchemaJson()), `"object"`) {
			t.Errorf("got %v", tool)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"count", "greet"}) {
		t.Errorf("got %v", names)
	}
}

func greets(t *testing.T, p *process) {
	events := p.events(t, "greet", `{"who":"Ada"}`)
	if len(events) != 1 || events[0].GetResult().GetContent()[0].GetText().GetText() != "Hello, Ada!" {
		t.Errorf("got %v", events)
	}
	for _, args := range []string{`{}`, `{"who":3}`, `{"who":"Ada","whom":"Bob"}`} {
		events := p.events(t, "greet", args)
		if len(events) != 1 || !events[0].GetResult().GetIsError() {
			t.Errorf("%s: got %v", args, events)
		}
	}
	events = p.events(t, "wave", `{}`)
	if len(events) != 1 || events[0].GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		t.Errorf("unknown tool: got %v", events)
	}
}

func greetsAtLength(t *testing.T, p *process) {
	who := strings.Repeat("a", 8<<20) // twice gRPC's own limit
	events := p.events(t, "greet", `{"who":"`+who+`"}`)
	if len(events) != 1 || events[0].GetResult().GetContent()[0].GetText().GetText() != "Hello, "+who+"!" {
		t.Errorf("%d events", len(events))
	}
}

func counts(t *testing.T, p *process) {
	events := p.events(t, "count", `{"n":3,"delay_ms":1}`)
	if len(events) != 4 {
		t.Fatalf("got %v", events)
	}
	for i, event := range events[:3] {
		if got := event.GetProgress(); got.GetProgress() != float64(i+1) || got.GetTotal() != 3 {
			t.Errorf("event %d: %v", i, event)
		}
	}
	if got := events[3].GetResult().GetContent()[0].GetText().GetText(); got != "Counted to 3." {
		t.Errorf("got %q", got)
	}
}

func stopsCounting(t *testing.T, p *process) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := p.call(ctx, t, "count", `{"n":1000000,"delay_ms":1}`)
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for {
		_, err := stream.Recv()
		if err == nil {
			continue
		}
		if status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
		break
	}
	// A count that went on would be waited for: the plugin would not stop in time.
	stops(t, p)
}

func stops(t *testing.T, p *process) {
	began := time.Now()
	p.client.Kill()
	// A plugin that does not go by itself costs go-plugin 2 s.
	if took := time.Since(began); took > promptly {
		t.Errorf("stopping took %v", took)
	}
}

// endsWithStdin is how a plugin of mcphost learns of its host's death: the pipe
// ends that the host holds.
func endsWithStdin(t *testing.T, command []string) {
	dir, err := os.MkdirTemp("", "p") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	handshake := pluginapi.Handshake()
	cmd.Env = append(os.Environ(), handshake.MagicCookieKey+"="+handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); !strings.HasPrefix(line, "1|1|unix|"+dir) {
		t.Errorf("handshake %q %v", line, err)
	}

	began := time.Now()
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > promptly {
		t.Errorf("ended after %v", took)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func dies(t *testing.T, command []string) {
	if runtime.GOOS == "windows" {
		t.Skip("windows hands no file on to the plugin")
	}
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), hostVar+"="+strings.Join(command, "\n"))
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
	var says [64]byte
	if n, err := stdout.Read(says[:]); string(says[:n]) != "started\n" {
		t.Fatalf("host says %q %v", says[:n], err)
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
