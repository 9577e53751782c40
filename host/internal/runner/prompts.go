// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

type promptCall struct {
	name      string
	arguments map[string]string
	resume    resume
}

func decodePromptCall(params []byte) (promptCall, error) {
	name, ok := stringParam(params, "name")
	if !ok {
		return promptCall{}, errors.New("name must be a string")
	}
	arguments, err := stringMap(params, "arguments")
	if err != nil {
		return promptCall{}, err
	}
	resume, err := decodeResume(params)
	return promptCall{name, arguments, resume}, err
}

// stringMap reads a member that holds strings by name, nil if it is absent.
func stringMap(params []byte, key string) (map[string]string, error) {
	value, ok := rawjson.Get(params, key)
	if !ok || rawjson.KindOf(value) == rawjson.KindNull {
		return nil, nil
	}
	if rawjson.KindOf(value) != rawjson.KindObject {
		return nil, fmt.Errorf("%s must be an object", key)
	}
	values := make(map[string]string)
	var err error
	rawjson.Members(value, func(name, value []byte) bool {
		s, ok := rawjson.String(value)
		if !ok {
			err = fmt.Errorf("%s.%s must be a string", key, name)
		}
		values[string(name)] = s
		return err == nil
	})
	return values, err
}

// getPrompt answers prompts/get.
func (r *Runner) getPrompt(ctx context.Context, q *Request, p promptCall) (*answer, error) {
	return r.converse(ctx, q, p.resume, func(ctx context.Context, again *mcp.Resumption, sink mcp.Sink) (mcp.Outcome, error) {
		return r.opts.Prompts.GetPrompt(ctx, &mcp.PromptCall{
			Name: p.name, Arguments: p.arguments, Context: r.callContext(q), Resumption: again,
		}, sink)
	})
}

func decodeComplete(params []byte) (*mcp.CompleteCall, error) {
	ref, _ := rawjson.Get(params, "ref")
	call := &mcp.CompleteCall{}
	kind, _ := stringParam(ref, "type")
	var named bool
	switch kind {
	case "ref/prompt":
		call.Prompt, named = stringParam(ref, "name")
	case "ref/resource":
		call.Template, named = stringParam(ref, "uri")
	default:
		return nil, errors.New(`ref.type must be "ref/prompt" or "ref/resource"`)
	}
	argument, _ := rawjson.Get(params, "argument")
	var hasName, hasValue bool
	call.Argument, hasName = stringParam(argument, "name")
	call.Value, hasValue = stringParam(argument, "value")
	if !named || !hasName || !hasValue {
		return nil, errors.New("ref must name a prompt or a uri, and argument have name and value, all strings")
	}
	context, ok := rawjson.Get(params, "context")
	if !ok || rawjson.KindOf(context) != rawjson.KindObject {
		return call, nil
	}
	var err error
	call.Resolved, err = stringMap(context, "arguments")
	return call, err
}

// complete answers completion/complete.
func (r *Runner) complete(ctx context.Context, q *Request, call *mcp.CompleteCall) (*mcp.Completion, error) {
	timer := startCallTimer(ctx, r.opts.CallTimeout, r.opts.CallMax)
	defer timer.stop()
	call.Context = r.callContext(q)
	return r.opts.Completions.Complete(timer.ctx, call)
}

func (r *Runner) encodeCompletion(dst []byte, q *Request, c *mcp.Completion) ([]byte, error) {
	return c.AppendJSON(dst, r.stamp(q)), nil
}
