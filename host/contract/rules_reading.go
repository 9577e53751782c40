// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

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
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	stream, err := p.resources.ReadResource(ctx, &pluginv1.ReadResourceRequest{Context: callContext(), Uri: uri})
	for err == nil {
		var event *pluginv1.ReadResourceResponse
		if event, err = stream.Recv(); err == nil && event.GetProgress() == nil && event.GetLog() == nil {
			return event, nil
		}
	}
	p.heard(ctx, err)
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
	ctx, cancel := context.WithTimeout(ctx, p.limit)
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
	p.heard(ctx, err)
	return fmt.Sprintf("the stream ends with %v instead of an outcome", err)
}

// A blank is something that a user fills in, and that suggestions are for.
type blank struct{ prompt, template, name string }

func (b blank) String() string { return b.name + " of " + b.prompt + b.template }

func (b blank) request() *pluginv1.CompleteRequest {
	req := &pluginv1.CompleteRequest{Context: callContext(), ArgumentName: b.name}
	if b.prompt != "" {
		req.Reference = &pluginv1.CompleteRequest_PromptName{PromptName: b.prompt}
	} else {
		req.Reference = &pluginv1.CompleteRequest_ResourceUriTemplate{ResourceUriTemplate: b.template}
	}
	return req
}

// blanks are the arguments of all prompts and the variables of all templates.
func (f *facts) blanks() []blank {
	var list []blank
	for _, prompt := range f.prompts {
		for _, arg := range prompt.GetArguments() {
			list = append(list, blank{prompt: prompt.GetName(), name: arg.GetName()})
		}
	}
	for _, t := range f.templates {
		for _, name := range variables(t.GetUriTemplate()) {
			list = append(list, blank{template: t.GetUriTemplate(), name: name})
		}
	}
	return list
}

var expression = regexp.MustCompile(`\{[+#./;?&]?([^{}]*)\}`)

// variables are those of a URI template (RFC 6570, 2.3).
func variables(template string) []string {
	var list []string
	for _, found := range expression.FindAllStringSubmatch(template, -1) {
		for _, spec := range strings.Split(found[1], ",") {
			name, _, _ := strings.Cut(strings.TrimSuffix(spec, "*"), ":")
			if name != "" && !slices.Contains(list, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

func completes(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_COMPLETIONS):
		return skip("it completes nothing")
	}
	completed := 0
	for _, b := range f.blanks() {
		var got *pluginv1.CompleteResponse
		err := p.within(ctx, func(ctx context.Context) (err error) {
			got, err = p.complete.Complete(ctx, b.request())
			return err
		})
		if err != nil {
			return fail("completing %s ends with %v", b, err)
		}
		n := len(got.GetCompletion().GetValues())
		if n > 100 && !got.GetCompletion().GetHasMore() && int(got.GetCompletion().GetTotal()) < n {
			return warn("%s has %d suggestions; clients see 100, so say has_more or total", b, n)
		}
		if n > 0 {
			completed++
		}
	}
	if completed == 0 {
		return skip("of %s none has suggestions before anything is typed", counted(len(f.blanks()), "argument"))
	}
	return pass("%s", counted(completed, "argument"))
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
