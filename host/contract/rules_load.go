// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"bytes"
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
	list, _, none := s.probes(ctx)
	if none != nil {
		return *none
	}
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	one := p.call(ctx, list[0].tool.GetName(), list[0].args, callLimit)
	if one.err != nil {
		return skip("not even one call ends")
	}
	failed := 0
	var how string
	for _, r := range inParallel(ctx, p, list[0], atOnce, callLimit) {
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
	list, replies, none := s.tryAll(ctx)
	if none != nil {
		return *none
	}
	slow := slowProbe(list, replies)
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	probe, args := list[0], list[0].args
	if slow >= 0 {
		probe, args = list[slow], slowArguments(list[slow])
	}
	calling, cancel := context.WithCancel(ctx)
	stream, err := p.tools.CallTool(calling, &pluginv1.CallToolRequest{Context: callContext(), Name: probe.tool.GetName(), ArgumentsJson: args})
	if err == nil && slow >= 0 {
		_, err = stream.Recv()
	}
	cancel()
	if err != nil && status.Code(err) != codes.Canceled {
		return skip("the call ended before it was cancelled")
	}
	begun := time.Now()
	_ = p.shutdown(ctx) // the exit tells
	if !p.wait(grace + time.Second - time.Since(begun)) {
		return fail("a cancelled call of %s %s goes on: the plugin does not stop within %s of being asked; end the work when the stream is cancelled",
			probe.tool.GetName(), cut(string(args)), grace)
	}
	if time.Since(begun) > grace-200*time.Millisecond && slow >= 0 {
		return fail("a cancelled call of %s %s goes on: stopping takes %s, the whole grace of a call in flight",
			probe.tool.GetName(), cut(string(args)), time.Since(begun).Round(10*time.Millisecond))
	}
	if slow < 0 {
		return pass("only seen with a fast call: no read-only tool reports progress and takes numbers to make it slow")
	}
	return pass("")
}

// slowProbe is the index of a tool that reports progress, as slow ones do, and
// that larger numbers make slower; -1 if there is none.
func slowProbe(list []probe, replies []*reply) int {
	// The last one has most arguments, a delay perhaps among them.
	for i := len(replies) - 1; i >= 0; i-- {
		for _, event := range replies[i].events {
			if event.GetProgress() != nil && !bytes.Equal(slowArguments(list[i]), list[i].args) {
				return i
			}
		}
	}
	return -1
}

// slowArguments are the same with large numbers.
func slowArguments(p probe) []byte { return enlarged(p.args) }

func takesLarge(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_TOOLS):
		return skip("it has no tools")
	}
	args := []byte(`{"filler":"` + strings.Repeat("x", largeSize) + `"}`)
	r := p.call(ctx, "no_such_tool_", args, callLimit)
	switch {
	case status.Code(r.err) == codes.ResourceExhausted:
		return fail("a request of %d MiB is refused: set the server's limits for messages to 64 MiB (%s)", largeSize>>20, status.Convert(r.err).Message())
	case r.err != nil:
		return fail("a request of %d MiB ends with %s%s", largeSize>>20, status.Code(r.err), p.lastWords())
	}
	return pass("%d MiB", largeSize>>20)
}

func quietCalls(ctx context.Context, s *suite) outcome {
	if _, _, none := s.tryAll(ctx); none != nil {
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
