// SPDX-License-Identifier: Apache-2.0

// Package examples_test runs every example as a host would: in a process of its
// own, through go-plugin's own client. The hellos share a small contract, the
// tours, which are one plugin in every language of an author kit, a large one.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/mcphost/mcphost/host"
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
		os.Exit(beHost(command))
	}
	os.Exit(m.Run())
}

func beHost(command string) int {
	dir, rest, _ := strings.Cut(command, "\n")
	config := clientConfig(program{dir, strings.Split(rest, "\n")}, io.Discard)
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

// A program is how a plugin is started.
type program struct {
	dir  string   // its working directory
	argv []string // with a path that does not depend on it
}

func (p program) command() *exec.Cmd {
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	return cmd
}

func clientConfig(p program, stderr io.Writer) *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		HandshakeConfig:  pluginapi.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{pluginapi.ProtocolVersion: {}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              p.command(),
		Stderr:           stderr,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize), grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize))},
	}
}

// A process is an example that runs.
type process struct {
	client *goplugin.Client
	conn   *grpc.ClientConn
	plugin pluginv1.PluginServiceClient
	tools  pluginv1.ToolServiceClient
}

func start(t *testing.T, p program) *process {
	t.Helper()
	var stderr bytes.Buffer
	client := goplugin.NewClient(clientConfig(p, &stderr))
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

// installed is how a host would start the plugin of a folder.
func installed(t *testing.T, dir string) program {
	t.Helper()
	plugin, err := host.PluginAt(dir)
	if err != nil {
		t.Fatal(err)
	}
	server, err := host.New(host.Config{Plugins: []host.PluginConfig{plugin}}, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(context.Background()) }) // it has started nothing
	list, err := server.Plugins(t.Context())
	if err != nil || len(list) != 1 || list[0].State != "ok" {
		t.Fatalf("%+v %v", list, err)
	}
	return program{dir, list[0].Command}
}
