// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

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

// eachReply collects what is wrong with the replies of the tools that leave the
// process as it was.
func (s *suite) eachReply(ctx context.Context, wrong func(t trial) string) outcome {
	trials, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	return judgeEach(trials, wrong)
}

func judgeEach(trials []trial, wrong func(t trial) string) outcome {
	var faults []string
	for _, t := range trials {
		if fault := wrong(t); fault != "" {
			faults = append(faults, fmt.Sprintf("%s: %s", t.probe, fault))
		}
	}
	if len(faults) > 0 {
		return fail("%s", strings.Join(faults, "; "))
	}
	return pass("%s", counted(len(trials), "call"))
}

// oneOutcome is also where it is said, once, which tools end the process or hang.
func oneOutcome(ctx context.Context, s *suite) outcome {
	trials, none := s.tryAll(ctx)
	if none != nil {
		return *none
	}
	return judgeEach(trials, func(t trial) string {
		n := len(t.outcomes())
		switch {
		case t.fault != "":
			return t.fault
		case t.err != nil:
			return fmt.Sprintf("the stream ends with the status %s (%s) instead of an outcome", status.Code(t.err), cut(status.Convert(t.err).Message()))
		case n != 1:
			return fmt.Sprintf("there are %d outcomes", n)
		}
		return ""
	})
}

func validContent(ctx context.Context, s *suite) outcome {
	return s.eachReply(ctx, func(t trial) string {
		for i, block := range t.result().GetContent() {
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
	out := s.eachReply(ctx, func(t trial) string {
		raw := t.tool.GetOutputSchemaJson()
		result := t.result()
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
	out := s.eachReply(ctx, func(t trial) string {
		last, ended := -1.0, false
		for _, event := range t.events {
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
	trials, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	var faults []string
	tried := 0
	done := map[string]bool{}
	for _, t := range trials {
		name := t.tool.GetName()
		if done[name] {
			continue
		}
		done[name] = true
		for what, args := range badArguments(t.tool) {
			p, none := s.use(ctx)
			if none != nil {
				return *none
			}
			tried++
			r := p.call(ctx, name, []byte(args))
			if fault := p.faultOf(ctx, r, s.opts.settled); fault != "" {
				faults = append(faults, fmt.Sprintf("%s %s: %s", name, what, fault))
				break
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
	case list[0].GetResult().GetIsError():
		return "a tool error"
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
	r := p.call(ctx, "no_such_tool_", []byte("{}"))
	if list := r.outcomes(); len(list) == 1 && list[0].GetError().GetCode() == pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		return pass("")
	}
	return fail("the tool no_such_tool_ is answered with %s, not with a ProtocolError of NOT_FOUND", said(r))
}

// inParallel makes calls at once and returns what they said.
func inParallel(ctx context.Context, p *process, one probe, n int) []*reply {
	replies := make([]*reply, n)
	var working sync.WaitGroup
	for i := range n {
		working.Go(func() { replies[i] = p.call(ctx, one.tool.GetName(), one.args) })
	}
	working.Wait()
	return replies
}
