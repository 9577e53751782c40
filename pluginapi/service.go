// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// pluginService answers for the plugin as a whole.
type pluginService struct {
	pluginv1.UnimplementedPluginServiceServer
	plugin *Plugin
	calls  *gate
}

func (s *pluginService) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return s.plugin.describe(), nil
}

func (s *pluginService) Configure(ctx context.Context, req *pluginv1.ConfigureRequest) (*pluginv1.ConfigureResponse, error) {
	p := s.plugin
	select { // one host at a time: the author's function is not asked twice at once
	case p.configuring <- struct{}{}:
		defer func() { <-p.configuring }()
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	p.mu.Lock()
	again, settings := p.configured, p.settings
	if !again {
		p.identity, p.dataDir = req.GetPluginName(), req.GetDataDir()
	}
	p.mu.Unlock()

	if again {
		return nil, status.Error(codes.FailedPrecondition, "configured already: other settings need a new process")
	}
	if settings == nil {
		return nil, status.Error(codes.Unimplemented, "this plugin has no settings")
	}
	var err error
	fault := p.safely("configure", func() { err = settings.apply(ctx, req.GetSettingsJson()) })
	if fault != nil {
		return nil, status.Error(codes.Internal, fault.Error())
	}
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, validText(err.Error()))
	}
	// Only now: after a refusal, a host that attaches may give better ones.
	p.mu.Lock()
	p.configured = true
	p.mu.Unlock()
	return &pluginv1.ConfigureResponse{}, nil
}

func (s *pluginService) Watch(_ *pluginv1.WatchRequest, stream grpc.ServerStreamingServer[pluginv1.WatchResponse]) error {
	var sent *pluginv1.Revisions
	for {
		changed := s.plugin.changes.wait() // before reading, so that nothing is lost
		if now := s.plugin.revisions(); !proto.Equal(now, sent) {
			if err := stream.Send(&pluginv1.WatchResponse{Event: &pluginv1.WatchResponse_Revisions{Revisions: now}}); err != nil {
				return err
			}
			sent = now
		}
		for _, uri := range s.plugin.updates.take() {
			event := &pluginv1.WatchResponse_ResourceUpdated{ResourceUpdated: &pluginv1.ResourceUpdated{Uri: uri}}
			if err := stream.Send(&pluginv1.WatchResponse{Event: event}); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-s.calls.closed:
			return nil
		case <-stream.Context().Done():
			return nil
		}
	}
}

// revisions are those of all lists right now.
func (p *Plugin) revisions() *pluginv1.Revisions {
	return &pluginv1.Revisions{
		Tools:     p.tools.snapshot().revision,
		Resources: resourceRevision(p.resources.snapshot(), p.templates.snapshot()),
		Prompts:   p.prompts.snapshot().revision,
	}
}

func (s *pluginService) EndConnection(_ context.Context, req *pluginv1.EndConnectionRequest) (*pluginv1.EndConnectionResponse, error) {
	s.plugin.mu.Lock()
	onEnd := s.plugin.onEnd
	s.plugin.mu.Unlock()

	if onEnd == nil {
		return nil, status.Error(codes.Unimplemented, "this plugin keeps nothing by connection")
	}
	if err := s.plugin.safely("end connection", func() { onEnd(req.GetConnectionId()) }); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pluginv1.EndConnectionResponse{}, nil
}

// safely runs an author's code. A panic goes to the operator's log with its
// stack and becomes an error that says nothing of it.
func (p *Plugin) safely(what string, fn func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("panic", "in", what, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = errInternal
		}
	}()
	fn()
	return nil
}
