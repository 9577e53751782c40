// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// resourceService answers for the plugin's resources.
type resourceService struct {
	pluginv1.UnimplementedResourceServiceServer
	plugin *Plugin
	calls  *gate
}

func (s *resourceService) ListResources(_ context.Context, req *pluginv1.ListResourcesRequest) (*pluginv1.ListResourcesResponse, error) {
	snapshot := s.plugin.resources.snapshot()
	list, next, revision := snapshot.page(req.GetPageToken(),
		resourceRevision(snapshot, s.plugin.templates.snapshot()))
	return &pluginv1.ListResourcesResponse{Resources: list, NextPageToken: next, Revision: revision}, nil
}

func (s *resourceService) ListResourceTemplates(_ context.Context, req *pluginv1.ListResourceTemplatesRequest) (*pluginv1.ListResourceTemplatesResponse, error) {
	snapshot := s.plugin.templates.snapshot()
	list, next, revision := snapshot.page(req.GetPageToken(),
		resourceRevision(s.plugin.resources.snapshot(), snapshot))
	return &pluginv1.ListResourceTemplatesResponse{ResourceTemplates: list, NextPageToken: next, Revision: revision}, nil
}

// resourceRevision is the one revision of both lists.
func resourceRevision(resources *snapshot[*pluginv1.Resource], templates *snapshot[*pluginv1.ResourceTemplate]) string {
	sum := sha256.Sum256([]byte(resources.revision + templates.revision))
	return hex.EncodeToString(sum[:8])
}

func (s *resourceService) ReadResource(req *pluginv1.ReadResourceRequest, stream grpc.ServerStreamingServer[pluginv1.ReadResourceResponse]) error {
	if !s.calls.enter() {
		return status.Error(codes.Unavailable, errStopping.Error())
	}
	defer s.calls.leave()

	r, ok := s.plugin.resource(req.GetUri())
	if !ok {
		return stream.Send(readOutcome(ending[*pluginv1.ReadResourceResult]{err: NotFound("there is no resource %q", req.GetUri())}))
	}
	c := newCall("resource", req.GetUri(), req.GetContext(), readEvents{stream}, s.plugin.log)
	return stream.Send(readOutcome(run(stream.Context(), s.plugin, c, req.GetResumption(),
		func(ctx context.Context) (*pluginv1.ReadResourceResult, error) { return r.read(ctx, req.GetUri()) })))
}

// SetSubscriptions keeps the order of the sets, and the author from two at once.
func (s *resourceService) SetSubscriptions(ctx context.Context, req *pluginv1.SetSubscriptionsRequest) (*pluginv1.SetSubscriptionsResponse, error) {
	u := s.plugin.updates
	select {
	case <-u.setting:
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	defer func() { u.setting <- struct{}{} }()

	u.watch(req.GetUris()) // so that a change while the author looks is not lost
	accepted, err := s.plugin.accept(req.GetUris())
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	u.watch(accepted)
	return &pluginv1.SetSubscriptionsResponse{AcceptedUris: accepted}, nil
}

// readOutcome is the last event of a call.
func readOutcome(e ending[*pluginv1.ReadResourceResult]) *pluginv1.ReadResourceResponse {
	if e.asked != nil {
		return &pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_InputRequired{InputRequired: e.asked}}
	}
	if e.err != nil {
		return &pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Error{Error: protocolError(e.err)}}
	}
	response := &pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Result{Result: e.result}}
	if err := checkSize(response); err != nil {
		return readOutcome(ending[*pluginv1.ReadResourceResult]{err: err})
	}
	return response
}

// readEvents sends the events of reading a resource.
type readEvents struct {
	stream grpc.ServerStreamingServer[pluginv1.ReadResourceResponse]
}

func (e readEvents) progress(p *pluginv1.Progress) error {
	return e.stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Progress{Progress: p}})
}

func (e readEvents) log(l *pluginv1.Log) error {
	return e.stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Log{Log: l}})
}

func (e readEvents) release(r *pluginv1.ReleaseStream) error {
	return e.stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_ReleaseStream{ReleaseStream: r}})
}
