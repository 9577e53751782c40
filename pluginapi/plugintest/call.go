// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// defaultRounds is how often a call is entered where Options do not say.
const defaultRounds = 10

// Options say who calls and how. The zero value is a client that can do
// everything, wants all progress and logs, and has no answer to any question.
type Options struct {
	// Capabilities are what the client can do; everything if nil.
	Capabilities *pluginapi.Capabilities
	// Answer answers a question: method and params are MCP's. Its result becomes
	// JSON, a json.RawMessage as it is. ErrUnanswered leaves the question without
	// an answer; any other error tells the plugin why there is none. A question
	// without Answer fails the call.
	Answer func(key, method string, params json.RawMessage) (result any, err error)
	// MaxRounds is how often the call is entered; 10 if zero.
	MaxRounds int

	ConnectionID string
	Principal    pluginapi.Principal
	Headers      map[string][]string // an http.Header fits
	Meta         json.RawMessage     // "_meta", a JSON object
	LogLevel     pluginapi.LogLevel  // the least severe that is wanted; all if zero
}

// ErrUnanswered is for Options.Answer: the client sends no answer this time.
var ErrUnanswered = errors.New("unanswered")

// A Report is what a call has said and asked besides its result, in all rounds.
type Report struct {
	Progress  []Progress
	Logs      []Log
	Questions []Question // in order; one that is asked again is there again
	Rounds    int        // how often the call was entered
	Releases  int        // how often the plugin released the client's stream
}

// Progress is what pluginapi.Progress said.
type Progress struct {
	Done, Total float64 // a total of zero is unknown
	Message     string
}

// A Log is what pluginapi.Log said.
type Log struct {
	Level pluginapi.LogLevel
	Data  json.RawMessage
}

// A Question is what a plugin asked.
type Question struct {
	Key    string
	Method string          // MCP's, such as "elicitation/create"
	Params json.RawMessage // MCP's, as the plugin wrote them
}

// A ToolResult is what a tool returned.
type ToolResult struct {
	pluginapi.Result
	Report
}

// Text is the text of the result, its blocks joined by newlines.
func (r *ToolResult) Text() string {
	var texts []string
	for _, c := range r.Content {
		if t, ok := c.(pluginapi.Text); ok {
			texts = append(texts, t.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// A ReadResult is what a resource holds.
type ReadResult struct {
	pluginapi.ReadResult
	Report
}

// A PromptResult is a prompt filled in.
type PromptResult struct {
	pluginapi.PromptResult
	Report
}

// CallTool calls a tool with args, which become a JSON object; nil is none. The
// result is never nil and holds the report of a call that fails, too. A refusal
// is a *pluginapi.ProtocolError; a tool that fails is a result with IsError.
func (c *Client) CallTool(ctx context.Context, name string, args any, o Options) (*ToolResult, error) {
	result := &ToolResult{}
	raw, err := jsonObject(args)
	if err != nil {
		return result, err
	}
	client := pluginv1.NewToolServiceClient(c.conn)
	err = o.rounds(&result.Report, func(info *pluginv1.CallContext, r *pluginv1.Resumption) (out outcome, err error) {
		stream, err := client.CallTool(ctx, &pluginv1.CallToolRequest{
			Context: info, Name: name, ArgumentsJson: raw, Resumption: r,
		})
		if err != nil {
			return out, err
		}
		err = receive(stream, func(event *pluginv1.CallToolResponse) {
			result.Report.add(event)
			out.add(event)
			if r := event.GetResult(); r != nil {
				result.Result = toolResult(r)
				out.done = true
			}
		})
		return out, err
	})
	return result, err
}

// ReadResource reads a resource. Results and errors are as in CallTool.
func (c *Client) ReadResource(ctx context.Context, uri string, o Options) (*ReadResult, error) {
	result := &ReadResult{}
	client := pluginv1.NewResourceServiceClient(c.conn)
	err := o.rounds(&result.Report, func(info *pluginv1.CallContext, r *pluginv1.Resumption) (out outcome, err error) {
		stream, err := client.ReadResource(ctx, &pluginv1.ReadResourceRequest{Context: info, Uri: uri, Resumption: r})
		if err != nil {
			return out, err
		}
		err = receive(stream, func(event *pluginv1.ReadResourceResponse) {
			result.Report.add(event)
			out.add(event)
			if r := event.GetResult(); r != nil {
				result.ReadResult = readResult(r)
				out.done = true
			}
		})
		return out, err
	})
	return result, err
}

// GetPrompt fills in a prompt. Results and errors are as in CallTool.
func (c *Client) GetPrompt(ctx context.Context, name string, args map[string]string, o Options) (*PromptResult, error) {
	result := &PromptResult{}
	client := pluginv1.NewPromptServiceClient(c.conn)
	err := o.rounds(&result.Report, func(info *pluginv1.CallContext, r *pluginv1.Resumption) (out outcome, err error) {
		stream, err := client.GetPrompt(ctx, &pluginv1.GetPromptRequest{
			Context: info, Name: name, Arguments: args, Resumption: r,
		})
		if err != nil {
			return out, err
		}
		err = receive(stream, func(event *pluginv1.GetPromptResponse) {
			result.Report.add(event)
			out.add(event)
			if r := event.GetResult(); r != nil {
				result.PromptResult = promptResult(r)
				out.done = true
			}
		})
		return out, err
	})
	return result, err
}

// A Reference names what is completed: one of the two.
type Reference struct {
	Prompt   string
	Template string // a URI template
}

// Complete asks for suggestions; resolved are the other arguments.
func (c *Client) Complete(ctx context.Context, ref Reference, argument, value string, resolved map[string]string) (pluginapi.Completion, error) {
	req := &pluginv1.CompleteRequest{
		Context:           Options{}.context(1),
		ArgumentName:      argument,
		ArgumentValue:     value,
		ResolvedArguments: resolved,
	}
	if ref.Prompt != "" {
		req.Reference = &pluginv1.CompleteRequest_PromptName{PromptName: ref.Prompt}
	} else {
		req.Reference = &pluginv1.CompleteRequest_ResourceUriTemplate{ResourceUriTemplate: ref.Template}
	}
	response, err := pluginv1.NewCompletionServiceClient(c.conn).Complete(ctx, req)
	if err == nil && response.GetError() != nil {
		err = protocolError(response.GetError())
	}
	if err != nil {
		return pluginapi.Completion{}, err
	}
	completion := response.GetCompletion()
	if completion == nil {
		return pluginapi.Completion{}, errors.New("the completion ended without an outcome")
	}
	return pluginapi.Completion{
		Values:  completion.GetValues(),
		Total:   completion.Total,
		HasMore: completion.GetHasMore(),
	}, nil
}

// An outcome is how one round has ended.
type outcome struct {
	done    bool
	asked   *pluginv1.InputRequired
	refused *pluginv1.ProtocolError
}

// event is what the events of all calls have in common.
type event interface {
	GetProgress() *pluginv1.Progress
	GetLog() *pluginv1.Log
	GetReleaseStream() *pluginv1.ReleaseStream
}

// ender is what the outcomes of all calls have in common.
type ender interface {
	GetInputRequired() *pluginv1.InputRequired
	GetError() *pluginv1.ProtocolError
}

func (o *outcome) add(e ender) {
	if asked := e.GetInputRequired(); asked != nil {
		o.asked = asked
	}
	if refused := e.GetError(); refused != nil {
		o.refused = refused
	}
}

func (r *Report) add(e event) {
	if p := e.GetProgress(); p != nil {
		r.Progress = append(r.Progress, Progress{Done: p.GetProgress(), Total: p.GetTotal(), Message: p.GetMessage()})
	}
	if l := e.GetLog(); l != nil {
		r.Logs = append(r.Logs, Log{Level: pluginapi.LogLevel(l.GetLevel()), Data: l.GetDataJson()})
	}
	if e.GetReleaseStream() != nil {
		r.Releases++
	}
}

// rounds enters a call until it has a result, answering its questions.
func (o Options) rounds(report *Report, enter func(*pluginv1.CallContext, *pluginv1.Resumption) (outcome, error)) error {
	limit := o.MaxRounds
	if limit == 0 {
		limit = defaultRounds
	}
	var resumption *pluginv1.Resumption
	for report.Rounds < limit {
		report.Rounds++
		out, err := enter(o.context(report.Rounds), resumption)
		if err != nil {
			return err
		}
		if out.refused != nil {
			return protocolError(out.refused)
		}
		if out.done {
			return nil
		}
		if out.asked == nil {
			return errors.New("the call ended without an outcome")
		}
		if resumption, err = o.answer(report, out.asked, resumption); err != nil {
			return err
		}
	}
	return fmt.Errorf("the call asks on after %d rounds", limit)
}

// answer makes the resumption of the next round: all answers so far, at most one
// for a key.
func (o Options) answer(report *Report, asked *pluginv1.InputRequired, before *pluginv1.Resumption) (*pluginv1.Resumption, error) {
	next := &pluginv1.Resumption{State: asked.GetState(), Responses: slices.Clone(before.GetResponses())}
	for _, request := range asked.GetRequests() {
		q := Question{Key: request.GetKey(), Method: methodName(request.GetMethod()), Params: request.GetParamsJson()}
		report.Questions = append(report.Questions, q)
		if o.Answer == nil {
			return nil, fmt.Errorf("the call asks %q (%s) and the test has no Answer", q.Key, q.Method)
		}
		next.Responses = slices.DeleteFunc(next.Responses, func(r *pluginv1.InputResponse) bool { return r.GetKey() == q.Key })
		response := &pluginv1.InputResponse{Key: q.Key}
		result, err := o.Answer(q.Key, q.Method, q.Params)
		if errors.Is(err, ErrUnanswered) {
			continue
		}
		if err != nil {
			response.Outcome = &pluginv1.InputResponse_Failure{Failure: &pluginv1.InputFailure{Message: err.Error()}}
		} else {
			raw, err := json.Marshal(result)
			if err != nil {
				return nil, fmt.Errorf("the answer to %q: %w", q.Key, err)
			}
			response.Outcome = &pluginv1.InputResponse_ResultJson{ResultJson: raw}
		}
		next.Responses = append(next.Responses, response)
	}
	return next, nil
}

// context is what the plugin is told of the caller.
func (o Options) context(round int) *pluginv1.CallContext {
	able := pluginapi.Capabilities{ElicitationForm: true, ElicitationURL: true, Sampling: true, SamplingTools: true, Roots: true}
	if o.Capabilities != nil {
		able = *o.Capabilities
	}
	level := o.LogLevel
	if level == 0 {
		level = pluginapi.LevelDebug
	}
	info := &pluginv1.CallContext{
		RequestId:    fmt.Sprintf("r%d", round),
		ConnectionId: o.ConnectionID,
		Client:       &pluginv1.ClientInfo{Name: "plugintest"},
		Capabilities: &pluginv1.ClientCapabilities{
			ElicitationForm: able.ElicitationForm,
			ElicitationUrl:  able.ElicitationURL,
			Sampling:        able.Sampling,
			SamplingTools:   able.SamplingTools,
			Roots:           able.Roots,
		},
		LogLevel:      pluginv1.LogLevel(level),
		WantsProgress: true,
		MetaJson:      o.Meta,
	}
	if o.Principal.Subject != "" {
		info.Principal = &pluginv1.Principal{Subject: o.Principal.Subject, Issuer: o.Principal.Issuer, Scopes: o.Principal.Scopes}
	}
	for name, values := range o.Headers {
		for _, value := range values {
			info.Headers = append(info.Headers, &pluginv1.Header{Name: textproto.CanonicalMIMEHeaderKey(name), Value: value})
		}
	}
	return info
}

// jsonObject is args as JSON; none is an empty object.
func jsonObject(args any) (json.RawMessage, error) {
	if args == nil {
		return json.RawMessage("{}"), nil
	}
	if raw, ok := args.(json.RawMessage); ok {
		return raw, nil // as it is
	}
	return json.Marshal(args)
}

func methodName(m pluginv1.InputMethod) string {
	switch m {
	case pluginv1.InputMethod_INPUT_METHOD_ELICIT:
		return "elicitation/create"
	case pluginv1.InputMethod_INPUT_METHOD_SAMPLE:
		return "sampling/createMessage"
	case pluginv1.InputMethod_INPUT_METHOD_LIST_ROOTS:
		return "roots/list"
	}
	return m.String()
}
