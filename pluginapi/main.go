// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The methods of go-plugin's own services that we answer in its place.
const (
	shutdownMethod = "/plugin.GRPCController/Shutdown"
	stdioMethod    = "/plugin.GRPCStdio/StreamStdio"
	brokerMethod   = "/plugin.GRPCBroker/StartStream"
)

// Main serves the plugin to the host that started this process and returns the
// exit code when it has stopped: hand it to os.Exit. Without a host, or after a
// mistake in what was added, it explains itself on standard error and returns 1.
//
// It stops when the host asks, on SIGTERM, and when the host is gone. It takes
// over the process: SIGINT is ignored, as a terminal sends it to the host's
// children too, and what is printed to os.Stdout goes to os.Stderr, which is the
// operator's log. Print nothing to os.Stdout before.
//
// With MCPHOST_DEBUG=1 in the environment, and no host, it is a process to be
// debugged: it says on standard error how to attach mcphost to it, and serves
// until SIGINT or SIGTERM, whatever hosts come and go.
func (p *Plugin) Main() int {
	if err := p.begin(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	handshake := Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		if os.Getenv(debugVariable) == "1" {
			return p.debug(os.Stderr)
		}
		p.explain(os.Stderr)
		return 1
	}

	collectLess()
	proc := newProcess(p)
	term, release := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer release()
	surviveBrokenPipe()
	if stdinIsPipe() {
		// The one goroutine that nothing can stop: it ends with the process.
		go proc.watchStdin()
	}
	var stopper sync.WaitGroup
	ended := make(chan struct{})
	stopper.Go(func() { proc.stopWhenTold(term, ended) })
	goplugin.Serve(proc.serveConfig(handshake))
	close(ended)
	stopper.Wait()

	proc.takeBackStdio()
	runtime.KeepAlive(proc.stdout) // or its finalizer would close descriptor 1
	if proc.server == nil {
		return 1 // go-plugin has logged why
	}
	p.shutdown(context.Background())
	return 0
}

// collectLess stops Go from collecting garbage all the time, as it does while a
// heap is as tiny as a plugin's. Measured with 64 calls at once: 1.03 to 1.56
// times the throughput. An operator's own GOGC counts more.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// explain tells a person what they have started.
func (p *Plugin) explain(w io.Writer) {
	fmt.Fprintf(w, `%[1]s %[2]s is a plugin for mcphost, an MCP server. It does not run by itself.

Put %[3]s into mcphost's plugin directory, or name it in
mcphost.yaml, and start mcphost: MCP clients then see what this plugin offers.
To debug it, start it with %[4]s=1 in the environment.
`, p.name, p.version, filepath.Base(os.Args[0]), debugVariable)
}

// surviveBrokenPipe keeps a plugin alive that writes to standard error when
// nobody reads it any more: it may be tidying up after the host's death. The
// signal is not ignored, which children would inherit, but delivered and dropped.
func surviveBrokenPipe() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// A process is the life of a plugin in a process of its own.
type process struct {
	plugin *Plugin // immutable
	calls  *gate
	stdout *os.File // what os.Stdout was

	host     context.Context // ends when the host is gone
	hostGone context.CancelFunc
	asked    chan struct{} // closed by ask: the host wants us to stop, and has waited
	ask      func()

	server  *grpc.Server  // set by serveConfig's GRPCServer, before
	started chan struct{} // this is closed

	// takeBackStdio undoes what go-plugin does to os.Stdout and os.Stderr. It
	// makes them pipes that it empties into a stream to the host; when that is
	// gone, a plugin that prints blocks for ever. Any number of times.
	takeBackStdio func()
}

func newProcess(p *Plugin) *process {
	stderr := os.Stderr
	host, hostGone := context.WithCancel(context.Background())
	asked := make(chan struct{})
	return &process{
		plugin:        p,
		calls:         newGate(),
		stdout:        os.Stdout,
		host:          host,
		hostGone:      hostGone,
		asked:         asked,
		ask:           sync.OnceFunc(func() { close(asked) }),
		started:       make(chan struct{}),
		takeBackStdio: sync.OnceFunc(func() { os.Stdout, os.Stderr = stderr, stderr }),
	}
}

func (p *process) serveConfig(handshake goplugin.HandshakeConfig) *goplugin.ServeConfig {
	return &goplugin.ServeConfig{
		HandshakeConfig: handshake,
		VersionedPlugins: map[int]goplugin.PluginSet{
			ProtocolVersion: {goplugin.GRPCServiceName: &adapter{process: p}},
		},
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			opts = append(opts, sizes()...)
			opts = append(opts, grpc.UnaryInterceptor(p.unary), grpc.StreamInterceptor(p.stream))
			p.server = grpc.NewServer(opts...)
			close(p.started)
			return p.server
		},
		// What go-plugin says below warnings concerns nobody here.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
	}
}

// stopWhenTold stops the server when it is told to or the host is gone. It
// returns when it has, or when the server ended otherwise.
func (p *process) stopWhenTold(term context.Context, ended <-chan struct{}) {
	var grace time.Duration
	select {
	case <-term.Done():
		grace = callGrace
	case <-p.asked:
	case <-p.host.Done():
	case <-ended:
		return
	}
	select {
	case <-p.started:
	case <-ended:
		return
	}
	ctx, cancel := context.WithTimeout(p.host, grace)
	defer cancel()
	stopServer(ctx, p.server, p.calls)
}

// watchStdin reads the pipe that the host holds and never writes to. Its end
// means that the host is gone, however it went.
func (p *process) watchStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin) // an error is an end as well
	p.hostGone()
}

// stdinIsPipe reports whether standard input can be the host's pipe. A terminal,
// file or null device is not, and its end says nothing.
func stdinIsPipe() bool {
	info, err := os.Stdin.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// unary answers go-plugin's request to stop, since go-plugin would cancel the
// calls in flight. They have until the request's deadline, which is the host's
// patience. The answer comes after theirs: the host may hang up on it.
func (p *process) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	p.takeBackStdio()
	if info.FullMethod != shutdownMethod {
		return next(ctx, req)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callGrace)
		defer cancel()
	}
	p.calls.drain(ctx)
	p.ask()
	return &emptypb.Empty{}, nil
}

// stream answers the two streams that go-plugin's client opens for its whole
// life. They carry nothing here, but go-plugin would hold them for ever. The end
// of the first is the sign of a host that holds no pipe to our standard input.
func (p *process) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	p.takeBackStdio()
	if info.FullMethod != stdioMethod && info.FullMethod != brokerMethod {
		return next(srv, ss)
	}
	select {
	case <-p.calls.idle:
	case <-ss.Context().Done():
		if info.FullMethod == stdioMethod && !stdinIsPipe() {
			p.hostGone()
		}
	}
	return nil
}

// adapter is the plugin as go-plugin wants to see it.
type adapter struct {
	goplugin.NetRPCUnsupportedPlugin
	process *process
}

// GRPCServer registers the services.
func (a *adapter) GRPCServer(_ *goplugin.GRPCBroker, server *grpc.Server) error {
	a.process.plugin.register(server, a.process.calls)
	return nil
}

// GRPCClient is for hosts; this process is none.
func (a *adapter) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errNoClient
}
