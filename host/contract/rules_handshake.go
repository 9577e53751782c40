// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// The places where what is asked is written, for authors who do not have this
// repository.
const (
	pagesAt   = "https://github.com/mcphost/mcphost/blob/main/docs/"
	checklist = pagesAt + "write-a-plugin/any-language.md, "
	protocol  = pagesAt + "protocol.md, "
	lifecycle = pagesAt + "lifecycle.md, "
	measured  = pagesAt + "performance.md"
)

// slowStart is when people begin to wonder.
const slowStart = 2 * time.Second

func handshakeRules() []rule {
	return []rule{
		{"handshake/cookie", "says what it is when a person starts it", checklist + "1", explainsItself},
		{"handshake/line", "prints the handshake line in time", checklist + "7", printsLine},
		{"handshake/stdout", "prints nothing before the handshake line", checklist + "2", printsNothingBefore},
		{"handshake/version", "speaks version 1 of the protocol over gRPC", checklist + "7", speaksVersion},
		{"handshake/socket", "listens on a private socket in the host's directory", checklist + "4", listensPrivately},
		{"handshake/speed", "is ready within two seconds", lifecycle + "Started", startsFast},
		{"services/health", "serves grpc.health.v1.Health for the service plugin", checklist + "6", servesHealth},
		{"services/controller", "serves plugin.GRPCController", checklist + "6", servesController},
		{"services/stdio", "holds the stream of plugin.GRPCStdio", checklist + "6", holdsStdio},
	}
}

func explainsItself(ctx context.Context, s *suite) outcome {
	p, err := s.launch(ctx, false)
	if err != nil {
		s.breaks(err)
		return *s.blocked()
	}
	defer p.kill()
	if !p.wait(ctx, s.opts.StartTimeout) {
		return fail("without the cookie MCPHOST_PLUGIN it goes on instead of exiting with status 1")
	}
	code := p.cmd.ProcessState.ExitCode()
	switch {
	case code != 1:
		return fail("without the cookie it exits with status %d, not 1%s", code, p.lastWords())
	case p.stdout.String() != "":
		return warn("without the cookie it prints to standard output: %q; look for MCPHOST_PLUGIN first, and print to standard error", cut(p.stdout.String()))
	case !strings.Contains(strings.ToLower(p.stderr.String()), "plugin"):
		return warn("without the cookie it does not say on standard error that it is a plugin: %q", cut(p.stderr.String()))
	}
	return pass("")
}

// cut shortens what somebody else has printed.
func cut(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

func printsLine(ctx context.Context, s *suite) outcome {
	p, none := s.first(ctx)
	if none != nil {
		return *none
	}
	if p.line == "" {
		s.breaks(errors.New("there was no handshake line"))
		s.told = true
		return s.missingLine(ctx, p)
	}
	if p.conn == nil {
		if err := s.makeUsable(ctx, p); err != nil && s.unset == nil {
			s.told = true
			return fail("the handshake is there, but then: %v%s", err, p.lastWords())
		}
	}
	return pass("after %s", p.ready.Round(time.Millisecond))
}

// missingLine says what there was instead of the handshake line.
func (s *suite) missingLine(ctx context.Context, p *process) outcome {
	p.wait(ctx, 200*time.Millisecond) // it may be about to end
	switch printed := p.stdout.String(); {
	case strings.HasPrefix(printed, "1|") && !strings.Contains(printed, "\n"):
		return fail("the handshake %q has no newline at its end, or it was not flushed", cut(printed))
	case !p.alive():
		return fail("it ended (%s) before the handshake%s", p.cmd.ProcessState, p.lastWords())
	case printed != "":
		return fail("it prints %q, but no line such as 1|1|unix|PATH|grpc|", cut(printed))
	}
	return fail("it prints nothing within %s; flush after the line, and serve before it%s", s.opts.StartTimeout, p.lastWords())
}

func printsNothingBefore(ctx context.Context, s *suite) outcome {
	p, none := s.first(ctx)
	if none != nil {
		return *none
	}
	if len(p.before) > 0 {
		return fail("it prints %q before the handshake line: redirect standard output to standard error as the first thing", cut(strings.Join(p.before, "\n")))
	}
	if p.line == "" {
		return skip("there was no handshake line")
	}
	return pass("")
}

func speaksVersion(ctx context.Context, s *suite) outcome {
	p, none := s.first(ctx)
	if none != nil {
		return *none
	}
	if p.line == "" {
		return skip("there was no handshake line")
	}
	f := p.fields()
	switch {
	case len(f) < 5:
		return fail("the line %q has %d fields, not at least 5", p.line, len(f))
	case f[0] != "1" || f[1] != "1":
		return fail("the line %q names core version %s and protocol version %s; the host speaks 1 and 1", p.line, f[0], f[1])
	case f[4] != "grpc":
		return fail("the line %q names the protocol %q, not grpc", p.line, f[4])
	}
	return pass("")
}

func listensPrivately(ctx context.Context, s *suite) outcome {
	p, none := s.first(ctx)
	if none != nil {
		return *none
	}
	if f := p.fields(); len(f) < 5 || f[2] != "unix" {
		return skip("there is no unix socket in the handshake")
	}
	info, err := os.Stat(p.socket())
	if err != nil {
		return fail("the socket is not there: %v", err)
	}
	dir, err := filepath.EvalSymlinks(p.dir)
	if err != nil {
		dir = p.dir
	}
	rel, err := filepath.Rel(dir, p.socket())
	switch {
	case err != nil || !filepath.IsLocal(rel):
		return fail("the socket %s is not in PLUGIN_UNIX_SOCKET_DIR, which the host removes: it stays behind", p.socket())
	case info.Mode().Perm()&0o022 != 0: // to connect is to write
		return fail("the socket has mode %04o: others may connect; make it 0600", info.Mode().Perm())
	}
	return pass("")
}

func startsFast(ctx context.Context, s *suite) outcome {
	p, none := s.first(ctx)
	if none != nil {
		return *none
	}
	switch {
	case p.line == "":
		return skip("there was no handshake line")
	case p.ready > slowStart:
		return warn("it takes %s; lists wait 3 s for plugins that start, then do without them", p.ready.Round(10*time.Millisecond))
	}
	return pass("%s", p.ready.Round(time.Millisecond))
}

func servesHealth(ctx context.Context, s *suite) outcome {
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	got, err := p.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	switch {
	case status.Code(err) == codes.Unimplemented:
		return fail("it has no health service: the host cannot tell when it hangs")
	case err != nil:
		return fail("its health service answers %v", err)
	case got.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING:
		return fail("its health service says %s of the service plugin, not SERVING", got.GetStatus())
	}
	return pass("")
}

func servesController(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	if err := p.shutdown(ctx); status.Code(err) == codes.Unimplemented {
		return fail("it has no plugin.GRPCController: the host has to kill it, and calls in flight are lost")
	}
	return pass("")
}

// holdsStdio takes a process of its own: the stream's end is the host's, and a
// plugin may stop then.
func holdsStdio(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	// No deadline, which the plugin would know of and could be first to meet.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer time.AfterFunc(300*time.Millisecond, cancel).Stop()
	switch code := streamEnd(ctx, p); code {
	case codes.Canceled:
		return pass("")
	case codes.Unimplemented:
		return warn("it has no plugin.GRPCStdio: it does not learn by it that the host is gone")
	default:
		return fail("the stream ends by itself (%s): hold it open", code)
	}
}

// streamEnd is how the stream of plugin.GRPCStdio ends.
func streamEnd(ctx context.Context, p *process) codes.Code {
	stream, err := p.conn.NewStream(ctx, stdioStream(), "/plugin.GRPCStdio/StreamStdio", codecOption())
	if err == nil {
		err = stream.SendMsg(empty{})
	}
	if err == nil {
		err = stream.CloseSend()
	}
	for err == nil {
		err = stream.RecvMsg(&empty{})
	}
	if ctx.Err() != nil {
		return codes.Canceled // which sending tells as the end of the stream
	}
	return status.Code(err)
}
