// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func lifeRules() []rule {
	return []rule{
		{"life/shutdown", "stops when it is asked to", lifecycle + "Ended", stopsWhenAsked},
		{"life/exit-status", "exits with status 0 when it is asked to stop", checklist + "8", exitsCleanly},
		{"life/call-first", "lets a call in flight end before it stops", checklist + "8", endsCallFirst},
		{"life/sigterm", "lets a call in flight end at SIGTERM", checklist + "3", survivesTerm},
		{"life/host-gone", "ends when the host is gone", checklist + "10", endsWithHost},
		{"life/interrupt", "ignores SIGINT, which is meant for the host", checklist + "3", ignoresInterrupt},
		{"life/children", "leaves no process behind", lifecycle + "Ended", leavesNoChild},
		{"life/files", "leaves nothing in the host's directory", checklist + "4", leavesNoFile},
		{"life/restart", "starts again after it was killed", lifecycle + "Dead", startsAgain},
	}
}

func stopsWhenAsked(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	begun := time.Now()
	if err := p.shutdown(ctx); status.Code(err) == codes.Unimplemented {
		return skip("it has no plugin.GRPCController")
	}
	if !p.wait(ctx, grace+time.Second) {
		return fail("it still runs %s after GRPCController.Shutdown was called: the host kills it then", grace+time.Second)
	}
	return pass("after %s", time.Since(begun).Round(time.Millisecond))
}

func exitsCleanly(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	if err := p.shutdown(ctx); status.Code(err) == codes.Unimplemented {
		return skip("it has no plugin.GRPCController")
	}
	if !p.wait(ctx, grace+time.Second) {
		return skip("it does not stop")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fail("it exits with %s after it was asked to stop%s", p.cmd.ProcessState, p.lastWords())
	}
	return pass("")
}

// tooSoon is how long a call must go on after something was begun that it should
// survive.
const tooSoon = 20 * time.Millisecond

// during starts a call that takes about half a second, does something to the
// plugin, and returns how the call ends. There is an outcome if nothing could be
// done while the call went on.
func (s *suite) during(ctx context.Context, do func(p *process)) (*process, *reply, *outcome) {
	list, none := s.goodTrials(ctx)
	if none != nil {
		return nil, nil, none
	}
	one, slow := slowed(list, lasting)
	if !slow {
		out := skip("there is no call that lasts: no read-only tool reports progress and takes numbers that make it slow")
		return nil, nil, &out
	}
	p, none := s.fresh(ctx)
	if none != nil {
		return nil, nil, none
	}
	calling := p.takeOff(ctx, one.tool.GetName(), one.args)
	defer calling.cancel()
	if why := calling.inFlight(ctx, 0); why != "" {
		calling.land()
		p.kill()
		out := skip("a call of %s %s", one, why)
		return nil, nil, &out
	}
	begun := time.Now()
	do(p)
	<-calling.done
	r := &calling.reply
	if r.inOrder() && calling.ended.Sub(begun) < tooSoon {
		p.kill()
		out := skip("a call of %s is over too soon to tell", one)
		return nil, nil, &out
	}
	return p, r, nil
}

// inOrder reports whether the call has one outcome and a good end.
func (r *reply) inOrder() bool { return len(r.outcomes()) == 1 && r.err == nil }

func endsCallFirst(ctx context.Context, s *suite) outcome {
	p, r, none := s.during(ctx, func(p *process) { _ = p.shutdown(ctx) }) // the call tells
	if none != nil {
		return *none
	}
	defer p.kill()
	if !r.inOrder() {
		return fail("a call in flight ends with %s when the plugin is asked to stop: it has 2 s to end", said(r))
	}
	return pass("")
}

func survivesTerm(ctx context.Context, s *suite) outcome {
	p, r, none := s.during(ctx, func(p *process) { terminate(p.cmd) })
	if none != nil {
		return *none
	}
	defer p.kill()
	if !r.inOrder() {
		return fail("a call in flight is lost (%s) at SIGTERM%s: stop as at Shutdown", said(r), p.lastWords())
	}
	if !p.wait(ctx, grace+time.Second) {
		return fail("it goes on after SIGTERM")
	}
	return pass("")
}

func endsWithHost(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	begun := time.Now()
	_ = p.stdin.Close() // a host that is killed lets go of both
	_ = p.conn.Close()
	if !p.wait(ctx, grace+time.Second) {
		return fail("it lives on %s after its standard input has ended: it outlives a host that is killed", grace+time.Second)
	}
	return pass("after %s", time.Since(begun).Round(time.Millisecond))
}

func ignoresInterrupt(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	if !interrupt(p.cmd) {
		return skip("there is no such signal here")
	}
	if p.wait(ctx, 300*time.Millisecond) {
		return fail("SIGINT ends it: Ctrl-C in the host's terminal would kill it before its calls have ended")
	}
	if _, err := p.describe(ctx); err != nil {
		return fail("after SIGINT it does not answer: %v", err)
	}
	return pass("")
}

func leavesNoChild(ctx context.Context, s *suite) outcome {
	list, none := s.goodTrials(ctx)
	if none != nil {
		list = nil // what it starts without being called is looked for, too
	}
	p, broken := s.fresh(ctx)
	if broken != nil {
		return *broken
	}
	defer p.kill()
	for _, probe := range list {
		p.call(ctx, probe.tool.GetName(), probe.args)
	}
	family, known := descendants(p.cmd.Process.Pid)
	if !known {
		return skip("this system does not tell which processes belong together")
	}
	_ = p.shutdown(ctx) // the exit tells
	if !p.wait(ctx, grace+time.Second) {
		return skip("it does not stop")
	}
	if left := stillAlive(family); len(left) > 0 {
		return fail("%s started by it outlives it: end what you start", counted(len(left), "process"))
	}
	return pass("")
}

func leavesNoFile(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	_ = p.shutdown(ctx) // the exit tells
	if !p.wait(ctx, grace+time.Second) {
		return skip("it does not stop")
	}
	left, err := filepath.Glob(filepath.Join(p.dir, "*"))
	if err != nil {
		return skip("%v", err)
	}
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil {
			return warn("%s is left after it has stopped", info.Name())
		}
	}
	return pass("")
}

func startsAgain(ctx context.Context, s *suite) outcome {
	p, none := s.fresh(ctx)
	if none == nil {
		p.kill()
		p, none = s.fresh(ctx)
	}
	switch {
	case none != nil && none.blocked:
		return *none
	case none != nil:
		return fail("it starts once, but not again: %s", none.detail)
	}
	p.kill()
	return pass("")
}
