// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// promptService answers for the plugin's prompts.
type promptService struct {
	pluginv1.UnimplementedPromptServiceServer
	plugin *Plugin
	calls  *gate
}

func (s *promptService) ListPrompts(_ context.Context, req *pluginv1.ListPromptsRequest) (*pluginv1.ListPromptsResponse, error) {
	snapshot := s.plugin.prompts.snapshot()
	prompts, next, revision := snapshot.page(req.GetPageToken(), snapshot.revision)
	return &pluginv1.ListPromptsResponse{Prompts: prompts, NextPageToken: next, Revision: revision}, nil
}

func (s *promptService) GetPrompt(req *pluginv1.GetPromptRequest, stream grpc.ServerStreamingServer[pluginv1.GetPromptResponse]) error {
	if !s.calls.enter() {
		return status.Error(codes.Unavailable, errStopping.Error())
	}
	defer s.calls.leave()

	_, handle, ok := s.plugin.prompts.get(req.GetName())
	if !ok {
		return stream.Send(promptOutcome(ending[*pluginv1.GetPromptResult]{err: NotFound("there is no prompt %q", req.GetName())}))
	}
	c := newCall("prompt", req.GetName(), req.GetContext(), promptEvents{stream}, s.plugin.log)
	return stream.Send(promptOutcome(run(stream.Context(), s.plugin, c, req.GetResumption(),
		func(ctx context.Context) (*pluginv1.GetPromptResult, error) { return handle(ctx, req.GetArguments()) })))
}

// promptOutcome is the last event of a call.
func promptOutcome(e ending[*pluginv1.GetPromptResult]) *pluginv1.GetPromptResponse {
	if e.asked != nil {
		return &pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_InputRequired{InputRequired: e.asked}}
	}
	if e.err != nil {
		return &pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Error{Error: protocolError(e.err)}}
	}
	response := &pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Result{Result: e.result}}
	if err := checkSize(response); err != nil {
		return promptOutcome(ending[*pluginv1.GetPromptResult]{err: err})
	}
	return response
}

// promptEvents sends the events of a call of a prompt.
type promptEvents struct {
	stream grpc.ServerStreamingServer[pluginv1.GetPromptResponse]
}

func (e promptEvents) progress(p *pluginv1.Progress) error {
	return e.stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Progress{Progress: p}})
}

func (e promptEvents) log(l *pluginv1.Log) error {
	return e.stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Log{Log: l}})
}

func (e promptEvents) release(r *pluginv1.ReleaseStream) error {
	return e.stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_ReleaseStream{ReleaseStream: r}})
}
