// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/child"
	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

const (
	exitWait  = 2 * time.Second // for the exit of what has hung up
	shortWait = 5 * time.Second // for one answer
)

// A process is a plugin that was started by hand, and the host's end of it.
type process struct {
	cmd   *exec.Cmd
	dir   string // PLUGIN_UNIX_SOCKET_DIR, removed with the process
	data  string // the data_dir of Configure, likewise
	stdin io.Closer
	begun time.Time
	limit time.Duration // for a call that the suite has made up
	greeting

	stdout, stderr kept
	ended          chan struct{} // closed when it has ended
	stuck          atomic.Bool   // it has left a call without an answer

	conn      *grpc.ClientConn // nil until it is connected
	plugin    pluginv1.PluginServiceClient
	tools     pluginv1.ToolServiceClient
	resources pluginv1.ResourceServiceClient
	prompts   pluginv1.PromptServiceClient
	complete  pluginv1.CompletionServiceClient
	health    grpc_health_v1.HealthClient
}

// launch starts the process, as the host does or, without the cookie, as a
// person would. The end of ctx ends only the wait for the handshake.
func (s *suite) launch(ctx context.Context, asHost bool) (*process, error) {
	dir, err := makeDir()
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, data: dir + ".data", limit: s.opts.callLimit, ended: make(chan struct{})}
	p.cmd = exec.Command(s.plugin.Command, s.plugin.Args...)
	p.cmd.Dir = s.plugin.Dir
	p.cmd.Env = child.Environment(os.Environ(), dir, s.env)
	setGroup(p.cmd)
	if asHost {
		handshake := pluginapi.Handshake()
		p.cmd.Env = append(p.cmd.Env, handshake.MagicCookieKey+"="+handshake.MagicCookieValue,
			"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir, "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000")
	}
	greetings := make(chan greeting, 1)
	if err := p.begin(greetings); err != nil {
		return nil, errors.Join(err, p.clean())
	}
	if asHost {
		p.shake(ctx, greetings, s.opts.StartTimeout)
	}
	return p, nil
}

// begin starts the command, and who reads its output and waits for its end.
func (p *process) begin(greetings chan<- greeting) error {
	if err := os.Mkdir(p.data, 0o700); err != nil {
		return err
	}
	pipes, err := child.NewPipes()
	if err != nil {
		return err
	}
	// Files, so that the end of the process is not the end of its output: a child
	// of it may hold that open.
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = pipes.Stdin.Child, pipes.Stdout.Child, pipes.Stderr.Child
	p.begun = time.Now()
	err = p.cmd.Start()
	pipes.CloseChild()
	if err != nil {
		pipes.CloseHost()
		return err
	}
	p.stdin = pipes.Stdin.Host
	go p.attend(pipes, greetings) // kill waits for it
	return nil
}

// clean removes its directories.
func (p *process) clean() error { return errors.Join(os.RemoveAll(p.dir), os.RemoveAll(p.data)) }

// fields are those of the handshake line.
func (p *process) fields() []string { return strings.Split(p.line, "|") }

// connect makes the clients of a plugin that has shaken hands.
func (p *process) connect() error {
	f := p.fields()
	if len(f) < 5 || f[2] != "unix" {
		return fmt.Errorf("there is nothing to connect to in the handshake %q", p.line)
	}
	conn, err := grpc.NewClient("unix:"+f[3], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize), grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize)))
	if err != nil {
		return err
	}
	p.conn = conn
	p.plugin, p.tools = pluginv1.NewPluginServiceClient(conn), pluginv1.NewToolServiceClient(conn)
	p.resources, p.prompts = pluginv1.NewResourceServiceClient(conn), pluginv1.NewPromptServiceClient(conn)
	p.complete, p.health = pluginv1.NewCompletionServiceClient(conn), grpc_health_v1.NewHealthClient(conn)
	return nil
}

// describe asks who the plugin is: the first RPC.
func (p *process) describe(ctx context.Context) (*pluginv1.DescribeResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	return p.plugin.Describe(ctx, &pluginv1.DescribeRequest{HostVersion: "test"}, grpc.WaitForReady(true))
}

// shutdown asks the plugin to stop, as the host does.
func (p *process) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	return p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", empty{}, empty{}, grpc.ForceCodec(emptyCodec{}))
}

// emptyCodec is for messages without fields, of services that no Go is
// generated for.
type (
	empty      struct{}
	emptyCodec struct{}
)

func (emptyCodec) Marshal(any) ([]byte, error) { return nil, nil }
func (emptyCodec) Unmarshal([]byte, any) error { return nil }
func (emptyCodec) Name() string                { return "empty" }

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// wait waits for the end of the process and reports whether it came in time.
func (p *process) wait(ctx context.Context, limit time.Duration) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-p.ended:
		return true
	case <-late.C:
	case <-ctx.Done():
	}
	return false
}

// heard notes what an answer tells of the process: one that has hung up is waited
// for, so that no other rule is surprised, and one that hangs is not used again.
func (p *process) heard(ctx context.Context, err error) {
	switch status.Code(err) {
	case codes.Unavailable:
		p.wait(ctx, exitWait)
	case codes.DeadlineExceeded:
		p.stuck.Store(true)
	}
}

// within asks one thing that must be answered soon.
func (p *process) within(ctx context.Context, ask func(ctx context.Context) error) error {
	asking, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	err := ask(asking)
	p.heard(ctx, err)
	return err
}

// usable reports whether the process answers, as far as is known.
func (p *process) usable() bool { return p.alive() && !p.stuck.Load() }

// death says how a process that is not alive has ended.
func (p *process) death() string {
	return fmt.Sprintf("process died: %s%s", p.cmd.ProcessState, p.lastWords())
}

// kill ends the process with all that it has started, and forgets it.
func (p *process) kill() {
	if p.conn != nil {
		_ = p.conn.Close() // nothing more is asked
	}
	killGroup(p.cmd)
	_ = p.stdin.Close()
	<-p.ended
	_ = p.clean() // another test has its own
}

// socket is the path of the plugin's socket, without symbolic links.
func (p *process) socket() string {
	path := p.fields()[3]
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func stdioStream() *grpc.StreamDesc {
	return &grpc.StreamDesc{StreamName: "StreamStdio", ServerStreams: true}
}

func codecOption() grpc.CallOption { return grpc.ForceCodec(emptyCodec{}) }
