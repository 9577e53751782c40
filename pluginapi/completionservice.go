// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"errors"
	"maps"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// completionService answers for the plugin's completions.
type completionService struct {
	pluginv1.UnimplementedCompletionServiceServer
	plugin *Plugin
	calls  *gate
}

// Complete suggests nothing for what it does not know, as the protocol says.
func (s *completionService) Complete(ctx context.Context, req *pluginv1.CompleteRequest) (*pluginv1.CompleteResponse, error) {
	if !s.calls.enter() {
		return nil, status.Error(codes.Unavailable, errStopping.Error())
	}
	defer s.calls.leave()

	key := completionKey{
		prompt:   req.GetPromptName(),
		template: req.GetResourceUriTemplate(),
		argument: req.GetArgumentName(),
	}
	handle, ok := s.plugin.completions.get(key)
	if !ok {
		return completed(&pluginv1.Completion{}), nil
	}
	c := newCall("completion", key.prompt+key.template, req.GetContext(), nil, s.plugin.log)
	ctx = context.WithValue(ctx, callKey{}, c)
	var completion *pluginv1.Completion
	var err error
	fault := s.plugin.safely("completion of "+c.name, func() {
		completion, err = handle(ctx, CompleteRequest{
			Argument:  key.argument,
			Value:     req.GetArgumentValue(),
			Arguments: maps.Clone(req.GetResolvedArguments()),
		})
	})
	if err = errors.Join(fault, err); err != nil {
		return &pluginv1.CompleteResponse{Outcome: &pluginv1.CompleteResponse_Error{Error: protocolError(err)}}, nil
	}
	return completed(completion), nil
}

func completed(c *pluginv1.Completion) *pluginv1.CompleteResponse {
	return &pluginv1.CompleteResponse{Outcome: &pluginv1.CompleteResponse_Completion{Completion: c}}
}
