// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// toolService answers for the plugin's tools.
type toolService struct {
	pluginv1.UnimplementedToolServiceServer
	plugin *Plugin
	calls  *gate
}

func (s *toolService) ListTools(_ context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	snapshot := s.plugin.tools.snapshot()
	tools, next, revision := snapshot.page(req.GetPageToken(), snapshot.revision)
	return &pluginv1.ListToolsResponse{Tools: tools, NextPageToken: next, Revision: revision}, nil
}

func (s *toolService) CallTool(req *pluginv1.CallToolRequest, stream grpc.ServerStreamingServer[pluginv1.CallToolResponse]) error {
	if !s.calls.enter() {
		return status.Error(codes.Unavailable, errStopping.Error())
	}
	defer s.calls.leave()

	_, handle, ok := s.plugin.tools.get(req.GetName())
	if !ok {
		return stream.Send(toolOutcome(ending[*pluginv1.CallToolResult]{err: NotFound("there is no tool %q", req.GetName())}))
	}
	c := newCall("tool", req.GetName(), req.GetContext(), toolEvents{stream}, s.plugin.log)
	return stream.Send(toolOutcome(run(stream.Context(), s.plugin, c, req.GetResumption(),
		func(ctx context.Context) (*pluginv1.CallToolResult, error) {
			return handle(ctx, req.GetArgumentsJson())
		})))
}

// toolOutcome is the last event of a call.
func toolOutcome(e ending[*pluginv1.CallToolResult]) *pluginv1.CallToolResponse {
	if e.asked != nil {
		return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_InputRequired{InputRequired: e.asked}}
	}
	if wire := wireError(e.err); wire != nil {
		return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Error{Error: wire}}
	}
	if e.err != nil {
		e.result = errorResult(e.err.Error())
	}
	response := &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Result{Result: e.result}}
	if err := checkSize(response); err != nil {
		return toolOutcome(ending[*pluginv1.CallToolResult]{result: errorResult(err.Error())})
	}
	return response
}

// toolEvents sends the events of a call of a tool.
type toolEvents struct {
	stream grpc.ServerStreamingServer[pluginv1.CallToolResponse]
}

func (e toolEvents) progress(p *pluginv1.Progress) error {
	return e.stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: p}})
}

func (e toolEvents) log(l *pluginv1.Log) error {
	return e.stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Log{Log: l}})
}

func (e toolEvents) release(r *pluginv1.ReleaseStream) error {
	return e.stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_ReleaseStream{ReleaseStream: r}})
}
