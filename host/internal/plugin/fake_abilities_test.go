// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// everything is what a fake of mode "all" provides.
var everything = []pluginv1.Ability{
	pluginv1.Ability_ABILITY_TOOLS, pluginv1.Ability_ABILITY_RESOURCES, pluginv1.Ability_ABILITY_PROMPTS,
	pluginv1.Ability_ABILITY_COMPLETIONS, pluginv1.Ability_ABILITY_SUBSCRIPTIONS,
}

// abilities are what a fake serves besides tools.
type abilities struct {
	changed chan string             // URIs of resources
	watched *atomic.Pointer[string] // the set of subscriptions, spaced
}

func (a abilities) register(server *grpc.Server, mode string) {
	if mode == "all" || mode == "notemplates" {
		pluginv1.RegisterResourceServiceServer(server, fakeResources{mode: mode, watched: a.watched})
		pluginv1.RegisterPromptServiceServer(server, fakePrompts{})
		pluginv1.RegisterCompletionServiceServer(server, fakeCompletions{})
	}
}

type fakeResources struct {
	pluginv1.UnimplementedResourceServiceServer
	mode    string
	watched *atomic.Pointer[string]
}

func (fakeResources) ListResources(_ context.Context, req *pluginv1.ListResourcesRequest) (*pluginv1.ListResourcesResponse, error) {
	if req.GetPageToken() == "" {
		return &pluginv1.ListResourcesResponse{
			Resources:     []*pluginv1.Resource{{Uri: "test://text", Name: "text", Size: ptr(uint64(4))}, {Uri: "no scheme", Name: "n"}},
			NextPageToken: "2", Revision: "r1",
		}, nil
	}
	return &pluginv1.ListResourcesResponse{Resources: []*pluginv1.Resource{{Uri: "test://text", Name: "again"}, {Uri: "test://blob", Name: "blob"}}}, nil
}

func (f fakeResources) ListResourceTemplates(context.Context, *pluginv1.ListResourceTemplatesRequest) (*pluginv1.ListResourceTemplatesResponse, error) {
	if f.mode == "notemplates" {
		return nil, status.Error(codes.Unimplemented, "")
	}
	return &pluginv1.ListResourceTemplatesResponse{ResourceTemplates: []*pluginv1.ResourceTemplate{
		{UriTemplate: "test://{+path}", Name: "any"}, {UriTemplate: "test://{", Name: "bad"},
	}, Revision: "r1"}, nil
}

// ReadResource does what the URI says.
func (fakeResources) ReadResource(req *pluginv1.ReadResourceRequest, stream grpc.ServerStreamingServer[pluginv1.ReadResourceResponse]) error {
	send := func(contents ...*pluginv1.ResourceContents) error {
		return stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Result{Result: &pluginv1.ReadResourceResult{
			Contents: contents, TtlMs: 1 << 60, Shareable: true, MetaJson: []byte(`{"m":1}`),
		}}})
	}
	switch strings.TrimPrefix(req.GetUri(), "test://") {
	case "text":
		progress := &pluginv1.ReadResourceResponse_Progress{Progress: &pluginv1.Progress{Progress: 1}}
		if err := stream.Send(&pluginv1.ReadResourceResponse{Event: progress}); err != nil {
			return err
		}
		return send(&pluginv1.ResourceContents{Uri: "test://text/1", MimeType: "text/plain", Contents: &pluginv1.ResourceContents_Text{Text: "text"}})
	case "blob":
		return send(&pluginv1.ResourceContents{Contents: &pluginv1.ResourceContents_Blob{Blob: []byte{0, 255}}})
	case "empty":
		return send()
	case "meta":
		return send(&pluginv1.ResourceContents{MetaJson: []byte("[]")})
	case "ask":
		return stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_InputRequired{InputRequired: questions(req.GetResumption())}})
	case "crash":
		os.Exit(7)
	case "silent":
		return nil
	}
	return stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Error{Error: &pluginv1.ProtocolError{
		Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND, Message: "no such resource",
	}}})
}

// SetSubscriptions accepts what it serves, and one that nobody asked for.
func (f fakeResources) SetSubscriptions(_ context.Context, req *pluginv1.SetSubscriptionsRequest) (*pluginv1.SetSubscriptionsResponse, error) {
	f.watched.Store(ptr(strings.Join(req.GetUris(), " ")))
	accepted := slices.DeleteFunc(req.GetUris(), func(uri string) bool { return !strings.HasPrefix(uri, "test://") })
	return &pluginv1.SetSubscriptionsResponse{AcceptedUris: append(accepted, "test://other")}, nil
}

type fakePrompts struct {
	pluginv1.UnimplementedPromptServiceServer
}

func (fakePrompts) ListPrompts(context.Context, *pluginv1.ListPromptsRequest) (*pluginv1.ListPromptsResponse, error) {
	return &pluginv1.ListPromptsResponse{Prompts: []*pluginv1.Prompt{
		{Name: "greet", Arguments: []*pluginv1.PromptArgument{{Name: "who", Required: true}}, Requires: &pluginv1.ClientCapabilities{Roots: true}},
		{Name: "bad name"},
	}, Revision: "r1"}, nil
}

// GetPrompt does what the name says.
func (fakePrompts) GetPrompt(req *pluginv1.GetPromptRequest, stream grpc.ServerStreamingServer[pluginv1.GetPromptResponse]) error {
	text := func(text string) *pluginv1.ContentBlock {
		return &pluginv1.ContentBlock{Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: text}}}
	}
	switch req.GetName() {
	case "greet":
		return stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Result{Result: &pluginv1.GetPromptResult{
			Description: "d",
			Messages: []*pluginv1.PromptMessage{
				{Content: text("hello " + req.GetArguments()["who"])}, {},
				{Role: pluginv1.Role_ROLE_ASSISTANT, Content: text("hi")},
			},
		}}})
	case "ask":
		return stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_InputRequired{InputRequired: questions(req.GetResumption())}})
	}
	return stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Error{Error: &pluginv1.ProtocolError{
		Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND, Message: "no such prompt",
	}}})
}

// questions asks once more than it has answers, and keeps those in its state.
func questions(r *pluginv1.Resumption) *pluginv1.InputRequired {
	state := string(r.GetState())
	for _, answer := range r.GetResponses() {
		state += fmt.Sprintf("%s=%s%s;", answer.GetKey(), answer.GetResultJson(), answer.GetFailure().GetMessage())
	}
	return &pluginv1.InputRequired{State: []byte(state), Requests: []*pluginv1.InputRequest{
		{Key: fmt.Sprintf("k%d", len(r.GetResponses())), Method: pluginv1.InputMethod_INPUT_METHOD_LIST_ROOTS},
	}}
}

type fakeCompletions struct {
	pluginv1.UnimplementedCompletionServiceServer
}

func (fakeCompletions) Complete(_ context.Context, req *pluginv1.CompleteRequest) (*pluginv1.CompleteResponse, error) {
	answer := func(c *pluginv1.Completion) (*pluginv1.CompleteResponse, error) {
		return &pluginv1.CompleteResponse{Outcome: &pluginv1.CompleteResponse_Completion{Completion: c}}, nil
	}
	switch req.GetArgumentName() {
	case "echo":
		return answer(&pluginv1.Completion{Values: []string{
			req.GetPromptName(), req.GetResourceUriTemplate(), req.GetArgumentValue(), req.GetResolvedArguments()["other"],
		}, Total: ptr(uint32(9)), HasMore: true})
	case "many":
		return answer(&pluginv1.Completion{Values: slices.Repeat([]string{"v"}, 150)})
	case "none":
		return &pluginv1.CompleteResponse{}, nil
	case "status":
		return nil, status.Error(codes.Internal, "secret detail")
	}
	return &pluginv1.CompleteResponse{Outcome: &pluginv1.CompleteResponse_Error{Error: &pluginv1.ProtocolError{
		Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INVALID_PARAMS, Message: "no such argument",
	}}}, nil
}
