// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/child"
)

// lingering is how long the output of a dead process may still trickle out of
// a pipe that somebody outside its group holds open.
const lingering = 100 * time.Millisecond

// killedState is how os.ProcessState words the end by SIGKILL.
const killedState = "signal: killed"

// A process is the child and all that belongs to its group. It implements
// go-plugin's runner.Runner, with what go-plugin's own lacks: a stdin that is
// not the host's, a group that is killed as a whole, death with the host, and
// an end that is seen when it happens, not when the last pipe closes.
type process struct {
	cfg    Config // immutable
	dir    string // private; holds the socket
	log    hclog.Logger
	forker *Forker

	stdin  *os.File       // held open, never written: its end tells the plugin that the host is gone
	stdout *io.PipeReader // what go-plugin may see of stdout
	filter *stdoutFilter
	stderr *stderrLog

	done   chan struct{} // closed when the process is reaped and its output read
	killed chan struct{} // closed by the first kill
	once   sync.Once     // guards killed

	mu     sync.Mutex
	cmd    *exec.Cmd // nil until started
	reaped bool      // the pid is no longer ours
	forced bool      // it was running when we killed it, or at least not reaped
	addr   string    // socket that the handshake named
	state  string    // how it ended; set before done is closed
}

func newProcess(cfg Config, dir string, forker *Forker) *process {
	stdout, writer := io.Pipe()
	return &process{
		cfg:    cfg,
		dir:    dir,
		log:    cfg.Log,
		forker: forker,
		stdout: stdout,
		filter: &stdoutFilter{log: cfg.Log, handshake: writer},
		stderr: newStderrLog(cfg.Log),
		done:   make(chan struct{}),
		killed: make(chan struct{}),
	}
}

// prepare takes over the environment that go-plugin made for the handshake.
func (p *process) prepare(handshakeEnv []string) (*exec.Cmd, error) {
	cmd := exec.Command(p.cfg.Command, p.cfg.Args...)
	if cmd.Err != nil {
		return nil, cmd.Err
	}
	tmp := filepath.Join(p.dir, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return nil, fmt.Errorf("make directory for temporary files: %w", err)
	}
	cmd.Dir = p.cfg.Dir
	cmd.Env = child.Environment(os.Environ(), tmp, p.cfg.Env)
	// Last, so that neither the host nor the configuration overrides them. The
	// socket goes into our directory rather than one that go-plugin nests in it:
	// the path of a socket holds about a hundred bytes.
	cmd.Env = append(cmd.Env, handshakeEnv...)
	cmd.Env = append(cmd.Env, "PLUGIN_UNIX_SOCKET_DIR="+p.dir)
	cmd.SysProcAttr = childAttributes()
	return cmd, nil
}

// launch starts the command and the goroutines that serve it. It closes the
// child's ends of the pipes in every case.
func (p *process) launch(ctx context.Context, cmd *exec.Cmd) error {
	pipes, err := child.NewPipes()
	if err != nil {
		return fmt.Errorf("make pipes: %w", err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = pipes.Stdin.Child, pipes.Stdout.Child, pipes.Stderr.Child
	err = p.forker.start(ctx, p.killed, cmd)
	pipes.CloseChild()
	if err != nil {
		pipes.CloseHost()
		return err
	}
	p.mu.Lock()
	p.cmd, p.stdin = cmd, pipes.Stdin.Host
	p.mu.Unlock()
	go p.attend(cmd, pipes)
	select {
	case <-p.killed: // while it was forked
		p.signal(sigKill)
	default:
	}
	return nil
}

// attend reads what the process says until it is gone, then closes done. It
// ends by itself, since a process that was killed ends.
func (p *process) attend(cmd *exec.Cmd, pipes *child.Pipes) {
	var readers sync.WaitGroup
	readers.Go(func() { p.filter.read(pipes.Stdout.Host) })
	readers.Go(func() { p.stderr.read(pipes.Stderr.Host) })

	state := p.reap(cmd)
	pipes.Expire(lingering)
	readers.Wait()
	pipes.CloseHost()

	p.mu.Lock()
	p.state = state
	p.mu.Unlock()
	close(p.done)
}

// reap waits for the process, then ends what is left of its group: a plugin's
// children do not outlive it.
func (p *process) reap(cmd *exec.Cmd) string {
	awaitExit(cmd.Process.Pid)
	err := p.collect(cmd)
	if err != nil && cmd.ProcessState == nil {
		return err.Error()
	}
	return cmd.ProcessState.String()
}

// signal sends sig to the whole group, unless the process is reaped.
func (p *process) signal(sig signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.reaped {
		return
	}
	p.forced = p.forced || sig == sigKill
	if err := signalGroup(p.cmd.Process, sig); err != nil {
		p.log.Debug("signal plugin", "signal", sig, "err", err)
	}
}

// kill ends the group at once, or as soon as it is there.
func (p *process) kill() {
	p.once.Do(func() { close(p.killed) })
	p.signal(sigKill)
}

// ended describes the end of the process; call it after done.
func (p *process) ended() *exitError {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &exitError{state: p.state, lastLine: p.stderr.lastWords()}
}

// started reports whether there ever was a process.
func (p *process) started() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd != nil
}

// exited reports whether the process ended by itself, allowing for the moment
// between the end of its output and its own. go-plugin kills what fails to
// start, so that it is over by now says nothing.
func (p *process) exited() bool {
	timer := time.NewTimer(lingering)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.forced || p.state != killedState
}

// dial connects to the socket of the handshake and makes sure that the one who
// answers is of the plugin's own group.
func (p *process) dial(ctx context.Context, _ string) (net.Conn, error) {
	p.mu.Lock()
	addr, cmd := p.addr, p.cmd
	p.mu.Unlock()
	if addr == "" || cmd == nil {
		return nil, errors.New("plugin has no address")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", addr)
	if err != nil {
		return nil, err
	}
	if err := checkPeer(conn, cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// A goRunner shows a process to go-plugin.
type goRunner struct {
	*process
	command *exec.Cmd
}

// Start starts the process; ctx bounds the wait for the fork.
func (r *goRunner) Start(ctx context.Context) error { return r.launch(ctx, r.command) }

// Diagnose has nothing to add: Start of this package words its own errors.
func (r *goRunner) Diagnose(context.Context) string { return "" }

// Stdout holds the handshake line and nothing else.
func (r *goRunner) Stdout() io.ReadCloser { return r.stdout }

// Stderr is empty until the process ends. go-plugin would parse it, and panics
// on lines that are not quite hclog's.
func (r *goRunner) Stderr() io.ReadCloser { return endOf(r.done) }

// Name returns the plugin's identity.
func (r *goRunner) Name() string { return r.cfg.Name }

// Wait waits for the end of the process.
func (r *goRunner) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Kill ends the process with its group; the reaper waits for it.
func (r *goRunner) Kill(context.Context) error {
	r.kill()
	return nil
}

// ID is the process id, empty before there is one.
func (r *goRunner) ID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil {
		return ""
	}
	return strconv.Itoa(r.cmd.Process.Pid)
}

// PluginToHost accepts a socket in the plugin's own directory only. Anything
// else could be somebody else's.
func (r *goRunner) PluginToHost(network, addr string) (string, string, error) {
	if network != "unix" {
		return "", "", permanentf("plugin listens on %s: make it serve a unix socket in $PLUGIN_UNIX_SOCKET_DIR", network)
	}
	rel, err := filepath.Rel(r.dir, addr)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", "", permanentf("plugin listens outside of $PLUGIN_UNIX_SOCKET_DIR, at %s", clean(addr))
	}
	info, err := os.Lstat(addr)
	if err != nil {
		return "", "", fmt.Errorf("socket of the plugin: %w", err)
	}
	if info.Mode()&os.ModeSocket == 0 {
		return "", "", permanentf("plugin names an address that is no socket: %s", clean(addr))
	}
	r.mu.Lock()
	r.addr = addr
	r.mu.Unlock()
	return network, addr, nil
}

// HostToPlugin returns the address as it is: both see the same files.
func (r *goRunner) HostToPlugin(network, addr string) (string, string, error) {
	return network, addr, nil
}

// endOf is an empty reader that ends when the channel is closed.
type endOf <-chan struct{}

func (e endOf) Read([]byte) (int, error) {
	<-e
	return 0, io.EOF
}

func (e endOf) Close() error { return nil }
