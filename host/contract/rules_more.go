// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"bytes"
	"context"
	"fmt"
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

func moreCallRules() []rule {
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

func readRules() []rule {
	return []rule{
		{"resources/read", "reads what it lists", protocol + "ResourceService.ReadResource", readsResources},
		{"resources/unknown", "answers an unknown resource with NOT_FOUND", protocol + "ResourceService.ReadResource", unknownResource},
		{"prompts/get", "fills in its prompts", protocol + "PromptService.GetPrompt", getsPrompts},
		{"completions/bounded", "suggests no more than 100 values, or says there are more", protocol + "Completion", completes},
		{"watch/begin", "opens its watch with the revisions of all lists", protocol + "PluginService.Watch", watchBegins},
	}
}

// maxRead is how many resources are read; the rest will be alike.
const maxRead = 20

// resource reads a resource to its outcome.
func (p *process) resource(ctx context.Context, uri string) (*pluginv1.ReadResourceResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	stream, err := p.resources.ReadResource(ctx, &pluginv1.ReadResourceRequest{Context: callContext(), Uri: uri})
	for err == nil {
		var event *pluginv1.ReadResourceResponse
		if event, err = stream.Recv(); err == nil && event.GetProgress() == nil && event.GetLog() == nil {
			return event, nil
		}
	}
	return nil, err
}

func readsResources(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case len(f.resources) == 0:
		return skip("it lists no resources")
	}
	var faults []string
	for _, r := range f.resources[:min(len(f.resources), maxRead)] {
		event, err := p.resource(ctx, r.GetUri())
		switch {
		case err != nil:
			faults = append(faults, fmt.Sprintf("%s: %v", r.GetUri(), err))
		case event.GetError() != nil:
			faults = append(faults, fmt.Sprintf("%s: %s", r.GetUri(), event.GetError().GetMessage()))
		case event.GetResult() != nil && len(event.GetResult().GetContents()) == 0:
			faults = append(faults, r.GetUri()+" has no contents: there must be one at least")
		}
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("%s", counted(min(len(f.resources), maxRead), "resource"))
}

func unknownResource(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_RESOURCES):
		return skip("it has no resources")
	}
	event, err := p.resource(ctx, "no-such-scheme-://nowhere")
	if event.GetError().GetCode() == pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		return pass("")
	}
	return fail("no-such-scheme-://nowhere is answered with %v %v, not with a ProtocolError of NOT_FOUND", event, err)
}

func getsPrompts(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case len(f.prompts) == 0:
		return skip("it has no prompts")
	}
	var faults []string
	for _, prompt := range f.prompts {
		args := map[string]string{}
		for _, arg := range prompt.GetArguments() {
			args[arg.GetName()] = "a"
		}
		if fault := p.promptFault(ctx, prompt.GetName(), args); fault != "" {
			faults = append(faults, prompt.GetName()+": "+fault)
		}
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("%s", counted(len(f.prompts), "prompt"))
}

// promptFault fills in a prompt. That it does not like the made-up arguments is
// no fault.
func (p *process) promptFault(ctx context.Context, name string, args map[string]string) string {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	stream, err := p.prompts.GetPrompt(ctx, &pluginv1.GetPromptRequest{Context: callContext(), Name: name, Arguments: args})
	for err == nil {
		var event *pluginv1.GetPromptResponse
		if event, err = stream.Recv(); err == nil && event.GetProgress() == nil && event.GetLog() == nil {
			for i, message := range event.GetResult().GetMessages() {
				if fault := contentFault(message.GetContent()); fault != "" {
					return fmt.Sprintf("message %d %s", i, fault)
				}
			}
			return ""
		}
	}
	return fmt.Sprintf("the stream ends with %v instead of an outcome", err)
}

func completes(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_COMPLETIONS):
		return skip("it completes nothing")
	}
	for _, prompt := range f.prompts {
		for _, arg := range prompt.GetArguments() {
			calling, cancel := context.WithTimeout(ctx, shortWait)
			got, err := p.complete.Complete(calling, &pluginv1.CompleteRequest{
				Context:      callContext(),
				Reference:    &pluginv1.CompleteRequest_PromptName{PromptName: prompt.GetName()},
				ArgumentName: arg.GetName(),
			})
			cancel()
			if err != nil {
				return fail("completing %s of %s ends with %v", arg.GetName(), prompt.GetName(), err)
			}
			if n := len(got.GetCompletion().GetValues()); n > 100 && !got.GetCompletion().GetHasMore() && int(got.GetCompletion().GetTotal()) < n {
				return warn("%s of %s has %d suggestions; clients see 100, so say has_more or total", arg.GetName(), prompt.GetName(), n)
			}
		}
	}
	return pass("")
}

func watchBegins(ctx context.Context, s *suite) outcome {
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	stream, err := p.plugin.Watch(ctx, &pluginv1.WatchRequest{})
	var event *pluginv1.WatchResponse
	if err == nil {
		event, err = stream.Recv()
	}
	switch {
	case status.Code(err) == codes.Unimplemented:
		return skip("its lists never change")
	case status.Code(err) == codes.DeadlineExceeded:
		return fail("Watch says nothing within %s: it begins with one Revisions event", shortWait)
	case err != nil:
		return fail("Watch ends with %v", err)
	case event.GetRevisions() == nil:
		return fail("Watch begins with %v, not with the revisions", event)
	}
	return pass("")
}
