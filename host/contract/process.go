// SPDX-License-Identifier: Apache-2.0

package contract

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
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

const (
	maxKept   = 64 << 10         // bytes of what a process prints that are kept
	endWait   = 10 * time.Second // for what must end at once
	shortWait = 5 * time.Second  // for one answer
)

// A process is a plugin that was started by hand, and the host's end of it.
type process struct {
	cmd    *exec.Cmd
	dir    string // PLUGIN_UNIX_SOCKET_DIR, removed with the process
	stdin  io.Closer
	begun  time.Time
	line   string        // the handshake, once it is there
	ready  time.Duration // until it was there
	before []string      // what was printed before it

	stdout, stderr kept
	reading        sync.WaitGroup
	ended          chan struct{} // closed when it has ended
	state          error         // of Wait, once ended

	conn      *grpc.ClientConn
	plugin    pluginv1.PluginServiceClient
	tools     pluginv1.ToolServiceClient
	resources pluginv1.ResourceServiceClient
	prompts   pluginv1.PromptServiceClient
	complete  pluginv1.CompletionServiceClient
	health    grpc_health_v1.HealthClient
}

// kept is the beginning of what a process prints.
type kept struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if room := maxKept - k.data.Len(); room > 0 {
		k.data.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data.String()
}

// launch starts the process, as the host does or, without the cookie, as a
// person would.
func (s *suite) launch(asHost bool) (*process, error) {
	dir, err := os.MkdirTemp("", "mcphost-test-")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, ended: make(chan struct{})}
	p.cmd = exec.Command(s.plugin.Command, s.plugin.Args...)
	p.cmd.Dir = s.plugin.Dir
	p.cmd.Env = append(ownEnvironment(dir), s.env...)
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = endWait
	setGroup(p.cmd)
	if asHost {
		handshake := pluginapi.Handshake()
		p.cmd.Env = append(p.cmd.Env, handshake.MagicCookieKey+"="+handshake.MagicCookieValue,
			"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir, "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000")
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p.begun = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot be started: %w", err), os.RemoveAll(dir))
	}
	lines := make(chan string)
	p.reading.Go(func() { p.read(out, lines) })
	go func() { // ends with the process
		p.reading.Wait()
		p.state = p.cmd.Wait()
		close(p.ended)
	}()
	if asHost {
		p.shake(lines, s.opts.StartTimeout)
	} else {
		go func() { // ends with the process, too
			for range lines {
			}
		}()
	}
	return p, nil
}

// ownEnvironment is what the host lets through of its own.
func ownEnvironment(dir string) []string {
	env := []string{"TMPDIR=" + dir}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch upper := strings.ToUpper(name); {
		case upper == "PATH", upper == "HOME", upper == "LANG", upper == "LC_ALL", upper == "TZ", upper == "SYSTEMROOT", strings.HasPrefix(name, "XDG_"):
			env = append(env, kv)
		}
	}
	return env
}

// read hands on the lines of standard output until it ends. What has no newline
// at its end is no line.
func (p *process) read(out io.Reader, lines chan<- string) {
	defer close(lines)
	r := bufio.NewReader(io.TeeReader(out, &p.stdout))
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		lines <- strings.TrimRight(line, "\r\n")
	}
}

// shake waits for the handshake line. Afterwards somebody goes on reading.
func (p *process) shake(lines <-chan string, timeout time.Duration) {
	late := time.After(timeout)
	for p.line == "" {
		select {
		case line, open := <-lines:
			switch {
			case !open:
				return
			case strings.Count(line, "|") >= 3 && strings.HasPrefix(line, "1|"):
				p.line, p.ready = line, time.Since(p.begun)
			default:
				p.before = append(p.before, line)
			}
		case <-late:
			go drainLines(lines) // ends with the process
			return
		}
	}
	go drainLines(lines) // ends with the process
}

func drainLines(lines <-chan string) {
	for range lines {
	}
}

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
func (p *process) wait(limit time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(limit):
		return false
	}
}

// kill ends the process with all that it has started, and forgets it.
func (p *process) kill() {
	if p.conn != nil {
		_ = p.conn.Close() // nothing more is asked
	}
	killGroup(p.cmd)
	_ = p.stdin.Close()
	<-p.ended
	_ = os.RemoveAll(p.dir) // another test has its own
}

// lastWords is the end of what it has said on standard error.
func (p *process) lastWords() string {
	text := strings.TrimSpace(p.stderr.String())
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return "; its last words: " + strings.Join(lines[max(0, len(lines)-3):], " / ")
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
