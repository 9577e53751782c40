// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

const (
	atOnce    = 16       // calls in flight when concurrency is tried
	largeSize = 16 << 20 // bytes of a request that gRPC's own limit refuses
	grace     = 2 * time.Second
)

func loadRules() []rule {
	return []rule{
		{"calls/concurrency", "serves many calls at once", lifecycle + "Called", servesMany},
		{"calls/cancellation", "stops working when a call is cancelled", checklist + "In a call", stopsWhenCancelled},
		{"calls/large-message", "takes messages of more than 4 MiB", checklist + "5", takesLarge},
		{"calls/stdout", "prints nothing to standard output during calls", checklist + "2", quietCalls},
	}
}

func servesMany(ctx context.Context, s *suite) outcome {
	list, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	one := p.call(ctx, list[0].tool.GetName(), list[0].args)
	if one.err != nil {
		return skip("not even one call ends")
	}
	failed := 0
	var how string
	for _, r := range inParallel(ctx, p, list[0].probe, atOnce) {
		if len(r.outcomes()) != 1 {
			failed++
			how = said(r)
		}
	}
	if failed > 0 {
		return fail("of %d calls of %s at once %d do not end in order (%s), though one alone does: is something locked?%s",
			atOnce, list[0].tool.GetName(), failed, how, p.lastWords())
	}
	return pass("%d at once", atOnce)
}

// stopsWhenCancelled looks for the call in what it can see: a plugin that goes on
// with a cancelled call does not stop when it is asked to, or burns time.
func stopsWhenCancelled(ctx context.Context, s *suite) outcome {
	list, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	one, slow := slowed(list, endless)
	if !slow {
		one = list[0].probe
	}
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	calling := p.takeOff(ctx, one.tool.GetName(), one.args)
	defer calling.land()
	if slow {
		if why := calling.inFlight(ctx, 100*time.Millisecond); why != "" {
			return skip("a call of %s %s", one, why)
		}
	}
	calling.land()
	begun := time.Now()
	_ = p.shutdown(ctx) // the exit tells
	if !p.wait(ctx, grace+time.Second) {
		return fail("a cancelled call of %s goes on: the plugin does not stop within %s of being asked; end the work when the stream is cancelled", one, grace)
	}
	took := time.Since(begun)
	switch {
	case !slow:
		return skip("only a fast call was cancelled: no read-only tool reports progress and takes numbers that make it slow")
	case took > grace-200*time.Millisecond:
		return fail("a cancelled call of %s goes on: stopping takes %s, the whole grace of a call in flight", one, took.Round(10*time.Millisecond))
	}
	return pass("%s", one)
}

func takesLarge(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_TOOLS):
		return skip("it has no tools")
	}
	args := []byte(`{"filler":"` + strings.Repeat("x", largeSize) + `"}`)
	r := p.call(ctx, "no_such_tool_", args)
	switch {
	case status.Code(r.err) == codes.ResourceExhausted:
		return fail("a request of %d MiB is refused: set the server's limits for messages to 64 MiB (%s)", largeSize>>20, status.Convert(r.err).Message())
	case r.err != nil:
		return fail("a request of %d MiB ends with %s%s", largeSize>>20, status.Code(r.err), p.lastWords())
	}
	return pass("%d MiB", largeSize>>20)
}

func quietCalls(ctx context.Context, s *suite) outcome {
	if _, none := s.tryAll(ctx); none != nil {
		return *none
	}
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	_, after, _ := strings.Cut(p.stdout.String(), p.line+"\n")
	if after != "" {
		return warn("it prints %q to standard output: the host logs it, but other hosts may not", cut(after))
	}
	return pass("")
}
