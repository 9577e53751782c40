// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// toolService answers for the plugin's tools.
type toolService struct {
	pluginv1.UnimplementedToolServiceServer
	plugin *Plugin
	calls  *gate
}

func (s *toolService) ListTools(_ context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	return s.plugin.tools.snapshot().page(req.GetPageToken()), nil
}

func (s *toolService) CallTool(req *pluginv1.CallToolRequest, stream grpc.ServerStreamingServer[pluginv1.CallToolResponse]) error {
	if !s.calls.enter() {
		return status.Error(codes.Unavailable, "the plugin is stopping")
	}
	defer s.calls.leave()

	t, ok := s.plugin.tools.get(req.GetName())
	if !ok {
		return stream.Send(outcome(nil, NotFound("there is no tool %q", req.GetName())))
	}
	c := newCall(req, toolEvents{stream}, s.plugin.log)
	ctx := context.WithValue(stream.Context(), callKey{}, c)

	var result *pluginv1.CallToolResult
	var err error
	fault := s.plugin.safely("tool "+req.GetName(), func() { result, err = t.call(ctx, req.GetArgumentsJson()) })
	c.end()
	return stream.Send(outcome(result, errors.Join(fault, err)))
}

// outcome is the last event of a call.
func outcome(result *pluginv1.CallToolResult, err error) *pluginv1.CallToolResponse {
	if wire := wireError(err); wire != nil {
		return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Error{Error: wire}}
	}
	if err != nil {
		result = errorResult(err.Error())
	}
	response := &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Result{Result: result}}
	if size := proto.Size(response); size > MaxMessageSize {
		// Sending it would end the stream with a status that explains nothing.
		text := fmt.Sprintf("the result is %d bytes; the most that fits is %d", size, MaxMessageSize)
		return outcome(errorResult(text), nil)
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
