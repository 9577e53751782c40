// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// faultVar makes this test binary a plugin with the fault that it names; "none"
// is a good one.
const faultVar = "CONTRACT_TEST_FAULT"

// elsewhereVar is a directory that is not the host's.
const elsewhereVar = "CONTRACT_TEST_ELSEWHERE"

func TestMain(m *testing.M) {
	if fault := os.Getenv(faultVar); fault != "" {
		os.Exit((&patient{fault: fault}).run())
	}
	os.Exit(m.Run())
}

// A patient is a plugin that is written by hand, without any kit, and does one
// thing wrong.
type patient struct {
	pluginv1.UnimplementedPluginServiceServer
	pluginv1.UnimplementedToolServiceServer
	fault string

	stop     chan struct{}
	stopping sync.Once
	lists    atomic.Int64
	lock     sync.Mutex
	kept     [][]byte
}

func (p *patient) has(fault string) bool { return p.fault == fault }

func (p *patient) end() { p.stopping.Do(func() { close(p.stop) }) }

func (p *patient) run() int {
	if os.Getenv("MCPHOST_PLUGIN") != "mcphost-plugin-v1" && !p.has("serves anybody") {
		fmt.Fprintln(os.Stderr, "a plugin of mcphost, for tests")
		return 1
	}
	p.stop = make(chan struct{})
	switch p.fault {
	case "dies":
		fmt.Fprintln(os.Stderr, "cannot find libplugin")
		return 7
	case "chats before the handshake":
		fmt.Println("loading...")
	case "starts slowly":
		time.Sleep(slowStart + 300*time.Millisecond)
	case "says nothing":
		select {}
	}
	p.handleSignals()
	listener, path := p.listen()
	server := p.server()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	p.announce(path)
	if !p.has("outlives its host") {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			p.end()
		}()
	}
	if p.has("starts a child") {
		child := exec.Command("sleep", "30")
		child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		_ = child.Start()
	}
	<-p.stop
	late := time.AfterFunc(grace, server.Stop)
	server.GracefulStop() // calls end first
	late.Stop()
	if !p.has("leaves its socket") {
		_ = os.Remove(path)
	}
	if p.has("exits with status 3") {
		return 3
	}
	return 0
}

func (p *patient) handleSignals() {
	if !p.has("dies of an interrupt") {
		signal.Ignore(os.Interrupt)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		if p.has("dies of SIGTERM") {
			os.Exit(0)
		}
		p.end()
	}()
}

func (p *patient) listen() (net.Listener, string) {
	dir := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	if p.has("listens elsewhere") {
		dir = os.Getenv(elsewhereVar)
	}
	if dir == "" {
		dir = os.TempDir()
	}
	path := filepath.Join(dir, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	mode := os.FileMode(0o600)
	if p.has("has an open socket") {
		mode = 0o777
	}
	_ = os.Chmod(path, mode)
	return listener, path
}

func (p *patient) announce(path string) {
	switch p.fault {
	case "forgets the newline":
		fmt.Print("1|1|unix|" + path + "|grpc|")
	case "speaks another version":
		fmt.Println("1|9|unix|" + path + "|grpc|")
	default:
		fmt.Println("1|1|unix|" + path + "|grpc|")
	}
}

func (p *patient) server() *grpc.Server {
	const large = 64 << 20
	opts := []grpc.ServerOption{grpc.MaxRecvMsgSize(large), grpc.MaxSendMsgSize(large)}
	if p.has("takes small messages only") {
		opts = nil
	}
	server := grpc.NewServer(opts...)
	pluginv1.RegisterPluginServiceServer(server, p)
	pluginv1.RegisterToolServiceServer(server, p)
	if !p.has("has no health") {
		checks := health.NewServer()
		checks.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
		grpc_health_v1.RegisterHealthServer(server, checks)
	}
	if !p.has("has no controller") {
		server.RegisterService(&grpc.ServiceDesc{ServiceName: "plugin.GRPCController", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
			MethodName: "Shutdown", Handler: p.shutdown,
		}}}, p)
	}
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plugin.GRPCStdio", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{{
		StreamName: "StreamStdio", ServerStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
			if p.has("ends the stdio stream") {
				return nil
			}
			select {
			case <-stream.Context().Done():
			case <-p.stop:
			}
			return nil
		},
	}}}, p)
	return server
}

func (p *patient) shutdown(_ any, _ context.Context, _ func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	switch p.fault {
	case "hangs at shutdown":
	case "drops calls at shutdown":
		os.Exit(0)
	default:
		// The answer goes first.
		time.AfterFunc(20*time.Millisecond, p.end)
	}
	return &pluginv1.ConfigureResponse{}, nil // as empty as theirs
}

func (p *patient) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	about := &pluginv1.DescribeResponse{
		Name: "patient", Version: "1", Abilities: []pluginv1.Ability{pluginv1.Ability_ABILITY_TOOLS},
		SettingsSchemaJson: []byte(`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`),
	}
	switch p.fault {
	case "promises prompts":
		about.Abilities = append(about.Abilities, pluginv1.Ability_ABILITY_PROMPTS)
	case "has a wrong settings schema":
		about.SettingsSchemaJson = []byte(`{"type":"nothing"}`)
	case "has no name":
		about.Name = ""
	}
	return about, nil
}

func (p *patient) Configure(_ context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	if strings.Contains(string(req.GetSettingsJson()), "no_such_setting_") && !p.has("takes any setting") {
		return nil, status.Error(codes.InvalidArgument, "there is no such setting")
	}
	if p.has("wants a root") {
		return nil, status.Error(codes.InvalidArgument, "root: required, but missing")
	}
	return &pluginv1.ConfigureResponse{}, nil
}

const countSchema = `{"type":"object","properties":{"n":{"type":"integer","minimum":0},"delay_ms":{"type":"integer","minimum":0}},"required":["n"],"additionalProperties":false}`

func (p *patient) ListTools(_ context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	reads := &pluginv1.ToolAnnotations{ReadOnly: new(true)}
	count := &pluginv1.Tool{
		Name: "count", Description: "Count to n.", InputSchemaJson: []byte(countSchema), Annotations: reads,
		OutputSchemaJson: []byte(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`),
	}
	list := &pluginv1.ListToolsResponse{Tools: []*pluginv1.Tool{count}, Revision: "1"}
	switch p.fault {
	case "lists without end":
		list.NextPageToken = "again"
	case "changes revisions":
		list.Revision = fmt.Sprint(p.lists.Add(1))
	case "misnames a tool":
		count.Name = "count to n"
	case "lists a tool twice":
		list.Tools = append(list.Tools, count)
	case "has a wrong input schema":
		count.InputSchemaJson = []byte(`{"type":"object","properties":{"n":{"type":"whole"}}}`)
	case "takes an array":
		count.InputSchemaJson = []byte(`{"type":"array"}`)
	case "has a wrong output schema":
		count.OutputSchemaJson = []byte(`{"type":3}`)
	case "describes nothing":
		count.Description = ""
	}
	return list, nil
}

type callStream = grpc.ServerStreamingServer[pluginv1.CallToolResponse]

func (p *patient) CallTool(req *pluginv1.CallToolRequest, stream callStream) error {
	if req.GetName() != "count" && !p.has("knows every tool") {
		return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Error{Error: &pluginv1.ProtocolError{
			Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND, Message: "there is no such tool",
		}}})
	}
	if p.has("locks itself out") {
		if !p.lock.TryLock() {
			select {} // waits for what never comes
		}
		defer p.lock.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	var args struct {
		N     *int
		Delay int `json:"delay_ms"`
	}
	err := json.Unmarshal(req.GetArgumentsJson(), &args)
	if err != nil || args.N == nil {
		if p.has("crashes on bad arguments") {
			os.Exit(2)
		}
		return stream.Send(result(`{}`, "invalid arguments: n", true))
	}
	return p.count(stream, *args.N, time.Duration(args.Delay)*time.Millisecond)
}

func (p *patient) count(stream callStream, n int, delay time.Duration) error {
	for i := 1; i <= n; i++ {
		select {
		case <-time.After(delay):
		case <-stream.Context().Done():
			if !p.has("ignores cancellation") {
				return nil
			}
			time.Sleep(delay)
		}
		done := float64(i)
		if p.has("counts backwards") {
			done = -done
		}
		_ = stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: &pluginv1.Progress{Progress: done}}})
	}
	return p.answer(stream, n)
}

// answer ends a call.
func (p *patient) answer(stream callStream, n int) error {
	good := result(fmt.Sprintf(`{"n":%d}`, n), fmt.Sprint(n), false)
	switch p.fault {
	case "answers twice":
		_ = stream.Send(good)
	case "does not answer":
		return nil
	case "answers with a status":
		return status.Error(codes.Internal, "something is wrong")
	case "breaks its output schema":
		good = result(`{"n":"many"}`, "many", false)
	case "sends a picture of no kind":
		good.GetResult().Content = []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Image{Image: &pluginv1.MediaContent{Data: []byte("x")}}}}
	case "prints in calls":
		fmt.Println("called")
	case "leaks":
		p.lock.Lock()
		p.kept = append(p.kept, make([]byte, 1<<20))
		clear(p.kept[len(p.kept)-1]) // so that it is there
		p.lock.Unlock()
	}
	if err := stream.Send(good); err != nil || !p.has("reports after the outcome") {
		return err
	}
	return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: &pluginv1.Progress{Progress: 1e9}}})
}

func result(structured, text string, isError bool) *pluginv1.CallToolResponse {
	r := &pluginv1.CallToolResult{
		Content: []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: text}}}},
		IsError: isError,
	}
	if !isError {
		r.StructuredContentJson = []byte(structured)
	}
	return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Result{Result: r}}
}
