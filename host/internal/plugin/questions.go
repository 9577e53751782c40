// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"fmt"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// What a plugin may ask in one round.
const (
	maxState     = 64 << 10 // bytes to be had back with the answers
	maxQuestions = 32
	maxKey       = 128 // bytes
)

// inputRequired reads the questions of a round.
func inputRequired(in *pluginv1.InputRequired) (*mcp.InputRequired, error) {
	if n := len(in.GetState()); n > maxState {
		return nil, fmt.Errorf("wants %d bytes of state back, the limit is %d", n, maxState)
	}
	if n := len(in.GetRequests()); n > maxQuestions {
		return nil, fmt.Errorf("asks %d questions at once, the limit is %d", n, maxQuestions)
	}
	out := &mcp.InputRequired{State: in.GetState()}
	keys := map[string]bool{}
	for _, req := range in.GetRequests() {
		if keys[req.GetKey()] {
			return nil, fmt.Errorf(textBadRequest, "another has its key")
		}
		keys[req.GetKey()] = true
		question, err := inputRequest(req)
		if err != nil {
			return nil, err
		}
		out.Requests = append(out.Requests, question)
	}
	return out, nil
}

func inputRequest(req *pluginv1.InputRequest) (mcp.InputRequest, error) {
	out := mcp.InputRequest{Key: req.GetKey(), Method: inputMethod(req.GetMethod()), Params: []byte("{}")}
	switch {
	case out.Method == "":
		return out, fmt.Errorf(textBadRequest, "it has no kind that the host knows")
	case out.Key == "":
		return out, fmt.Errorf(textBadRequest, "it has no key")
	case len(out.Key) > maxKey:
		return out, fmt.Errorf(textBadRequest, fmt.Sprintf("its key has more than %d bytes", maxKey))
	}
	if params := req.GetParamsJson(); len(params) > 0 {
		if err := validObject(params); err != nil {
			return out, badJSON("a question", err)
		}
		out.Params = oneLine(params)
	}
	return out, nil
}

func inputMethod(m pluginv1.InputMethod) string {
	switch m {
	case pluginv1.InputMethod_INPUT_METHOD_ELICIT:
		return "elicitation/create"
	case pluginv1.InputMethod_INPUT_METHOD_SAMPLE:
		return "sampling/createMessage"
	case pluginv1.InputMethod_INPUT_METHOD_LIST_ROOTS:
		return "roots/list"
	}
	return ""
}
