// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A fake is a plugin that misbehaves as its mode says when it starts, and as
// the called tool says later. It uses no library of ours and none of
// go-plugin's.
type fake struct {
	pluginv1.UnimplementedPluginServiceServer
	pluginv1.UnimplementedToolServiceServer
	abilities

	mode   string
	server *grpc.Server
	conns  *connections

	configured atomic.Pointer[pluginv1.ConfigureRequest]
	stdin      atomic.Pointer[string]
	cancelled  atomic.Int64 // calls whose cancellation arrived
	running    atomic.Int64
	most       atomic.Int64 // calls at once
	watching   chan string  // new revisions
	revision   atomic.Pointer[string]
	ended      sync.Map
	held       chan struct{}
}

// beFake is the main of a plugin process.
func beFake(mode string) {
	if os.Getenv("MCPHOST_PLUGIN") != "mcphost-plugin-v1" {
		fmt.Fprintln(os.Stderr, "no host")
		os.Exit(1)
	}
	if path := os.Getenv(noteVar); path != "" {
		writeNote(path, os.Getpid())
	}
	f := &fake{mode: mode, held: make(chan struct{}), watching: make(chan string, 8), abilities: abilities{changed: make(chan string, 8), watched: &atomic.Pointer[string]{}}}
	f.revision.Store(ptr("r1"))
	f.beforeHandshake()

	dir := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	if mode == "outside" {
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "fake"+strconv.Itoa(os.Getpid()))
	if fixed := os.Getenv(socketVar); fixed != "" {
		path = fixed
		_ = os.Remove(path) // of one that was killed
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "listen:", err)
		os.Exit(1)
	}
	f.conns = &connections{Listener: listener}
	f.serve(path)
}

func (f *fake) beforeHandshake() {
	switch f.mode {
	case "exit":
		fmt.Fprintln(os.Stderr, "no licence for this machine")
		os.Exit(3)
	case "mute":
		time.Sleep(time.Minute)
	case "closed":
		os.Stdout.Close()
		time.Sleep(time.Minute)
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "noisy":
		fmt.Println("loading the model ...")
		fmt.Println("\x1b[2J1|not a handshake")
		fmt.Println(strings.Repeat("long ", 20<<10))
	case "deaf":
		ossignal.Ignore(syscall.SIGTERM)
	case "stdin":
		go func() {
			data, _ := io.ReadAll(os.Stdin)
			f.stdin.Store(ptr("read " + strconv.Itoa(len(data))))
		}()
	}
}

func (f *fake) serve(path string) {
	f.server = grpc.NewServer(grpc.MaxRecvMsgSize(64<<20), grpc.ForceServerCodecV2(rawCodec{encoding.GetCodecV2("proto")}))
	if f.mode != "foreign" {
		pluginv1.RegisterPluginServiceServer(f.server, f)
		pluginv1.RegisterToolServiceServer(f.server, f)
		f.abilities.register(f.server, f.mode)
	}
	if f.mode != "nocontroller" {
		f.server.RegisterService(controller(f.server, f.mode == "deaf"), nil)
	}
	if f.mode == "healthy" {
		grpc_health_v1.RegisterHealthServer(f.server, healthy{})
	}
	switch f.mode {
	case "deadsocket":
		f.conns.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
		f.conns.Listener.Close()
		fmt.Printf("1|1|unix|%s|grpc\n", path)
		time.Sleep(time.Minute)
	case "badcore":
		fmt.Printf("2|1|unix|%s|grpc\n", path)
	case "badversion":
		fmt.Printf("1|7|unix|%s|grpc\n", path)
	case "netrpc":
		fmt.Printf("1|1|unix|%s|netrpc\n", path)
	case "tcp":
		fmt.Println("1|1|tcp|127.0.0.1:1|grpc")
	case "nosocket":
		os.WriteFile(path+"x", nil, 0o600)
		fmt.Printf("1|1|unix|%sx|grpc\n", path)
	case "cert":
		fmt.Printf("1|1|unix|%s|grpc|%s\n", path, strings.Repeat("A", 80))
	case "impostor":
		f.impostor(path)
	default:
		fmt.Printf("1|1|unix|%s|grpc|\n", path)
	}
	if f.mode == "noisy" {
		fmt.Println("1|1|unix|/tmp/second|grpc")
	}
	if err := f.server.Serve(f.conns); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
	if f.mode == "deaf" {
		time.Sleep(time.Minute)
	}
}

// impostor lets a process of another group answer at the socket.
func (f *fake) impostor(path string) {
	f.conns.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	f.conns.Listener.Close()
	os.Remove(path)
	cmd := selfCommand("good")
	cmd.Env = append(cmd.Env, noteVar+"=")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		os.Exit(1)
	}
	io.Copy(os.Stdout, out)
	time.Sleep(time.Minute)
}

func (f *fake) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	switch f.mode {
	case "crashdescribe":
		fmt.Fprintln(os.Stderr, "panic: no database")
		os.Exit(2)
	case "narrow":
		return &pluginv1.DescribeResponse{Limits: &pluginv1.Limits{MaxConcurrentCalls: 2}}, nil
	case "notools":
		return &pluginv1.DescribeResponse{Abilities: []pluginv1.Ability{pluginv1.Ability_ABILITY_PROMPTS, 99}}, nil
	case "all", "notemplates":
		return &pluginv1.DescribeResponse{Abilities: everything}, nil
	}
	return &pluginv1.DescribeResponse{Name: "a fake", Version: "1.2"}, nil
}

func (f *fake) Configure(_ context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	switch f.mode {
	case "nosettings":
		return nil, status.Error(codes.Unimplemented, "")
	case "refuses":
		return nil, status.Error(codes.InvalidArgument, "region is missing")
	case "once":
		if f.configured.Load() != nil {
			return nil, status.Error(codes.FailedPrecondition, "configured already")
		}
	case "flaky":
		return nil, status.Error(codes.Unavailable, "backend is down")
	}
	f.configured.Store(req)
	return &pluginv1.ConfigureResponse{}, nil
}

func (f *fake) Watch(_ *pluginv1.WatchRequest, stream grpc.ServerStreamingServer[pluginv1.WatchResponse]) error {
	if f.mode == "static" {
		return status.Error(codes.Unimplemented, "")
	}
	for {
		now := *f.revision.Load()
		event := &pluginv1.WatchResponse_Revisions{Revisions: &pluginv1.Revisions{Tools: now, Resources: now, Prompts: now}}
		if err := stream.Send(&pluginv1.WatchResponse{Event: event}); err != nil {
			return err
		}
		select {
		case uri := <-f.changed:
			event := &pluginv1.WatchResponse_ResourceUpdated{ResourceUpdated: &pluginv1.ResourceUpdated{Uri: uri}}
			if err := stream.Send(&pluginv1.WatchResponse{Event: event}); err != nil {
				return err
			}
		case next := <-f.watching:
			if next == "" {
				return status.Error(codes.Internal, "watch breaks")
			}
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (f *fake) EndConnection(_ context.Context, req *pluginv1.EndConnectionRequest) (*pluginv1.EndConnectionResponse, error) {
	f.ended.Store(req.GetConnectionId(), true)
	return &pluginv1.EndConnectionResponse{}, nil
}

func (f *fake) ListTools(_ context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	revision := *f.revision.Load()
	switch {
	case f.mode == "endless":
		return &pluginv1.ListToolsResponse{NextPageToken: "again"}, nil
	case req.GetPageToken() == "":
		return &pluginv1.ListToolsResponse{Tools: []*pluginv1.Tool{{Name: "echo"}, {Name: "bad name"}}, NextPageToken: "2", Revision: revision}, nil
	default:
		return &pluginv1.ListToolsResponse{Tools: []*pluginv1.Tool{{Name: "crash"}, {Name: "echo"}}, Revision: revision}, nil
	}
}

type toolStream = grpc.ServerStreamingServer[pluginv1.CallToolResponse]

// controller is go-plugin's service, written by hand.
func controller(server *grpc.Server, ignore bool) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "plugin.GRPCController",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Shutdown",
			Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
				if !ignore {
					go server.Stop()
				}
				return &emptypb.Empty{}, nil
			},
		}},
	}
}

// healthy says so.
type healthy struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (healthy) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

// connections is a listener that can drop all it has accepted.
type connections struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

func (c *connections) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// rawMessage is a message that is encoded already.
type rawMessage []byte

type rawCodec struct{ encoding.CodecV2 }

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if raw, ok := v.(rawMessage); ok {
		return mem.BufferSlice{mem.SliceBuffer(raw)}, nil
	}
	return c.CodecV2.Marshal(v)
}

func ptr[T any](v T) *T { return &v }

func writeNote(path string, pid int) {
	_ = os.WriteFile(path+".new", []byte(strconv.Itoa(pid)), 0o600)
	_ = os.Rename(path+".new", path)
}
