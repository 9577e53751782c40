// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"context"
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
	pluginv1.UnimplementedResourceServiceServer
	pluginv1.UnimplementedPromptServiceServer
	pluginv1.UnimplementedCompletionServiceServer
	fault string

	stop     chan struct{}
	stopping sync.Once
	lists    atomic.Int64
	calls    atomic.Int64
	lock     sync.Mutex
	kept     [][]byte
}

func (p *patient) has(fault string) bool { return p.fault == fault }

func (p *patient) end() { p.stopping.Do(func() { close(p.stop) }) }

func (p *patient) run() int {
	if os.Getenv("MCPHOST_PLUGIN") != "mcphost-plugin-v1" && !p.has("serves anybody") {
		if p.has("prints without the cookie") {
			fmt.Println("welcome")
		}
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
	case "starts once":
		if err := os.Mkdir(filepath.Join(os.Getenv(elsewhereVar), "lock"), 0o700); err != nil {
			fmt.Fprintln(os.Stderr, "somebody else is running")
			return 1
		}
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
	p.startChild()
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

// startChild starts what is in no group that anybody kills.
func (p *patient) startChild() {
	child := exec.Command("sleep", "30")
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	switch p.fault {
	case "starts a child":
	case "starts a child that holds its output":
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
	default:
		return
	}
	_ = child.Start()
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
	pluginv1.RegisterResourceServiceServer(server, p)
	pluginv1.RegisterPromptServiceServer(server, p)
	pluginv1.RegisterCompletionServiceServer(server, p)
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
				if p.has("stops a while after the stdio stream") {
					time.AfterFunc(400*time.Millisecond, p.end)
				}
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
		Name: "patient", Version: "1",
		Abilities: []pluginv1.Ability{
			pluginv1.Ability_ABILITY_TOOLS, pluginv1.Ability_ABILITY_RESOURCES,
			pluginv1.Ability_ABILITY_PROMPTS, pluginv1.Ability_ABILITY_COMPLETIONS,
		},
		SettingsSchemaJson: []byte(`{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}`),
	}
	switch p.fault {
	case "promises subscriptions":
		about.Abilities = append(about.Abilities, pluginv1.Ability_ABILITY_SUBSCRIPTIONS)
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
	switch p.fault {
	case "wants a root":
		return nil, status.Error(codes.InvalidArgument, "root: required, but missing")
	case "takes no settings":
		return nil, status.Error(codes.Unimplemented, "there is no Configure")
	case "configures slowly":
		time.Sleep(slowConfigure)
	case "keeps data":
		_ = os.WriteFile(filepath.Join(req.GetDataDir(), "store.db"), nil, 0o600)
	}
	return &pluginv1.ConfigureResponse{}, nil
}

// slowConfigure is longer than a start takes, however busy the machine is.
const slowConfigure = 4 * time.Second
