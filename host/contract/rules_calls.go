// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// callLimit is how long one call may take that the suite has made up.
const callLimit = 10 * time.Second

func callRules() []rule {
	return []rule{
		{"calls/outcome", "ends every call with just one outcome", protocol + "ToolService.CallTool", oneOutcome},
		{"calls/content", "returns valid content", protocol + "ContentBlock", validContent},
		{"calls/structured", "returns what its output schemas promise", protocol + "CallToolResult", keepsPromise},
		{"calls/progress", "reports growing progress, and none after the outcome", protocol + "Progress", growingProgress},
		{"calls/bad-arguments", "answers bad arguments with a tool error", protocol + "ToolService.CallTool", refusesArguments},
		{"calls/unknown-tool", "answers an unknown tool with NOT_FOUND", protocol + "ToolService.CallTool", unknownTool},
	}
}

// A probe is a tool that can be called without harm, and arguments for it.
type probe struct {
	tool *pluginv1.Tool
	args []byte
}

// probes are the read-only tools for which arguments can be made up, with the
// required ones alone and with all.
func (s *suite) probes(ctx context.Context) ([]probe, []string, *outcome) {
	_, f, none := s.ask(ctx)
	if none != nil {
		return nil, nil, none
	}
	var list []probe
	var left []string
	for _, tool := range f.tools {
		if !tool.GetAnnotations().GetReadOnly() {
			left = append(left, tool.GetName()+" (not declared read-only)")
			continue
		}
		raw := tool.GetInputSchemaJson()
		if len(raw) == 0 {
			list = append(list, probe{tool, []byte("{}")})
			continue
		}
		for _, all := range []bool{false, true} {
			args, err := generated(raw, all)
			if err == nil {
				if compiled, cerr := compile(raw); cerr == nil && compiled != nil {
					err = compiled.Validate(args)
				}
			}
			if err != nil {
				left = append(left, fmt.Sprintf("%s (%v)", tool.GetName(), err))
				break
			}
			list = append(list, probe{tool, args})
		}
	}
	if len(list) == 0 {
		out := skip("there is no tool to try: those that change nothing say so with the annotation read_only; left out: %s", orNone(left))
		return nil, left, &out
	}
	return list, left, nil
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// tryAll calls all probes, once, and keeps what they said.
func (s *suite) tryAll(ctx context.Context) ([]probe, []*reply, *outcome) {
	list, _, none := s.probes(ctx)
	if none != nil {
		return nil, nil, none
	}
	if s.tried == nil {
		for _, probe := range list {
			p, none := s.use(ctx)
			if none != nil {
				return nil, nil, none
			}
			s.tried = append(s.tried, p.call(ctx, probe.tool.GetName(), probe.args, callLimit))
		}
	}
	return list, s.tried, nil
}

// eachReply collects what is wrong with the replies.
func (s *suite) eachReply(ctx context.Context, wrong func(p probe, r *reply) string) outcome {
	list, replies, none := s.tryAll(ctx)
	if none != nil {
		return *none
	}
	var faults []string
	for i, r := range replies {
		if fault := wrong(list[i], r); fault != "" {
			faults = append(faults, fmt.Sprintf("%s %s: %s", list[i].tool.GetName(), cut(string(list[i].args)), fault))
		}
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("%s", counted(len(replies), "call"))
}

func oneOutcome(ctx context.Context, s *suite) outcome {
	return s.eachReply(ctx, func(_ probe, r *reply) string {
		n := len(r.outcomes())
		switch {
		case status.Code(r.err) == codes.DeadlineExceeded:
			return fmt.Sprintf("there is no end after %s", callLimit)
		case r.err != nil:
			return fmt.Sprintf("the stream ends with the status %s (%s) instead of an outcome", status.Code(r.err), cut(status.Convert(r.err).Message()))
		case n != 1:
			return fmt.Sprintf("there are %d outcomes", n)
		}
		return ""
	})
}

func validContent(ctx context.Context, s *suite) outcome {
	return s.eachReply(ctx, func(_ probe, r *reply) string {
		for i, block := range r.result().GetContent() {
			if fault := contentFault(block); fault != "" {
				return fmt.Sprintf("block %d %s", i, fault)
			}
		}
		return ""
	})
}

func contentFault(block *pluginv1.ContentBlock) string {
	media := func(m *pluginv1.MediaContent) string {
		if m.GetMimeType() == "" {
			return "has no MIME type"
		}
		return ""
	}
	switch kind := block.GetKind().(type) {
	case nil:
		return "has no kind"
	case *pluginv1.ContentBlock_Image:
		return media(kind.Image)
	case *pluginv1.ContentBlock_Audio:
		return media(kind.Audio)
	case *pluginv1.ContentBlock_ResourceLink:
		if kind.ResourceLink.GetUri() == "" || kind.ResourceLink.GetName() == "" {
			return "is a link without URI or name"
		}
	case *pluginv1.ContentBlock_Resource:
		if kind.Resource.GetUri() == "" {
			return "is a resource without URI"
		}
	case *pluginv1.ContentBlock_Raw:
		if !json.Valid(kind.Raw.GetBlockJson()) || kind.Raw.GetFallbackText() == "" {
			return "is a raw block without JSON or fallback"
		}
	}
	return ""
}

func keepsPromise(ctx context.Context, s *suite) outcome {
	promised := false
	out := s.eachReply(ctx, func(p probe, r *reply) string {
		raw := p.tool.GetOutputSchemaJson()
		result := r.result()
		if len(raw) == 0 || result == nil || result.GetIsError() {
			return ""
		}
		promised = true
		compiled, err := compile(raw)
		switch {
		case err != nil:
			return "" // its schema is another rule's
		case len(result.GetStructuredContentJson()) == 0:
			return "there is an output schema, but no structured content"
		case !json.Valid(result.GetStructuredContentJson()):
			return "the structured content is no JSON"
		case compiled != nil:
			if err := compiled.Validate(result.GetStructuredContentJson()); err != nil {
				return "the structured content does not conform: " + err.Error()
			}
		}
		return ""
	})
	if out.verdict == Pass && !promised {
		return skip("no tool that was tried has an output schema")
	}
	return out
}

func growingProgress(ctx context.Context, s *suite) outcome {
	reported := false
	out := s.eachReply(ctx, func(_ probe, r *reply) string {
		last, ended := -1.0, false
		for _, event := range r.events {
			progress := event.GetProgress()
			switch {
			case progress == nil && event.GetLog() == nil && event.GetReleaseStream() == nil:
				ended = true
			case progress == nil:
			case ended:
				return "there is progress after the outcome"
			case progress.GetProgress() <= last:
				return fmt.Sprintf("progress goes from %v to %v: it must grow", last, progress.GetProgress())
			default:
				reported, last = true, progress.GetProgress()
			}
		}
		return ""
	})
	if out.verdict == Pass && !reported {
		return skip("no tool that was tried reports progress")
	}
	return out
}

// badArguments are those that no tool takes which has a required argument.
func badArguments(tool *pluginv1.Tool) map[string]string {
	var s struct {
		Properties           map[string]struct{ Type any }
		Required             []string
		AdditionalProperties any
	}
	if err := json.Unmarshal(tool.GetInputSchemaJson(), &s); err != nil {
		return nil
	}
	bad := map[string]string{}
	if len(s.Required) > 0 {
		bad["without "+s.Required[0]] = `{}`
		if s.Properties[s.Required[0]].Type != nil && s.Properties[s.Required[0]].Type != "object" {
			bad[s.Required[0]+" of a wrong type"] = fmt.Sprintf(`{%q:{"wrong":"type"}}`, s.Required[0])
		}
	}
	return bad
}

func refusesArguments(ctx context.Context, s *suite) outcome {
	list, _, none := s.probes(ctx)
	if none != nil {
		return *none
	}
	var faults []string
	tried := 0
	done := map[string]bool{}
	for _, probe := range list {
		name := probe.tool.GetName()
		if done[name] {
			continue
		}
		done[name] = true
		for what, args := range badArguments(probe.tool) {
			p, none := s.use(ctx)
			if none != nil {
				return *none
			}
			tried++
			r := p.call(ctx, name, []byte(args), callLimit)
			if p.wait(50*time.Millisecond) || status.Code(r.err) == codes.Unavailable {
				faults = append(faults, fmt.Sprintf("%s %s: the process dies%s", name, what, p.lastWords()))
				continue
			}
			if result := r.result(); result == nil || !result.GetIsError() {
				faults = append(faults, fmt.Sprintf("%s %s: %s instead of a result with is_error, which a model can learn from", name, what, said(r)))
			}
		}
	}
	switch {
	case len(faults) > 0:
		return fail("%s", strings.Join(faults, "; "))
	case tried == 0:
		return skip("no tool that was tried requires an argument")
	}
	return pass("%s", counted(tried, "call"))
}

// said names how a call has ended.
func said(r *reply) string {
	list := r.outcomes()
	switch {
	case r.err != nil:
		return "status " + status.Code(r.err).String()
	case len(list) != 1:
		return fmt.Sprintf("%d outcomes", len(list))
	case list[0].GetError() != nil:
		return "a protocol error"
	case list[0].GetInputRequired() != nil:
		return "a question"
	}
	return "a good result"
}

func unknownTool(ctx context.Context, s *suite) outcome {
	p, f, none := s.ask(ctx)
	switch {
	case none != nil:
		return *none
	case !f.provides(pluginv1.Ability_ABILITY_TOOLS):
		return skip("it has no tools")
	}
	r := p.call(ctx, "no_such_tool_", []byte("{}"), callLimit)
	if list := r.outcomes(); len(list) == 1 && list[0].GetError().GetCode() == pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		return pass("")
	}
	return fail("the tool no_such_tool_ is answered with %s, not with a ProtocolError of NOT_FOUND", said(r))
}

// inParallel makes calls at once and returns what they said.
func inParallel(ctx context.Context, p *process, probe probe, n int, limit time.Duration) []*reply {
	replies := make([]*reply, n)
	var working sync.WaitGroup
	for i := range n {
		working.Go(func() { replies[i] = p.call(ctx, probe.tool.GetName(), probe.args, limit) })
	}
	working.Wait()
	return replies
}
