// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// What a patient offers beside its tools.

func (p *patient) ListResources(context.Context, *pluginv1.ListResourcesRequest) (*pluginv1.ListResourcesResponse, error) {
	one := &pluginv1.Resource{Uri: "patient://one", Name: "one"}
	if p.has("lists a nameless resource") {
		one.Name = ""
	}
	return &pluginv1.ListResourcesResponse{Resources: []*pluginv1.Resource{one}, Revision: "1"}, nil
}

func (p *patient) ListResourceTemplates(context.Context, *pluginv1.ListResourceTemplatesRequest) (*pluginv1.ListResourceTemplatesResponse, error) {
	return &pluginv1.ListResourceTemplatesResponse{
		ResourceTemplates: []*pluginv1.ResourceTemplate{{UriTemplate: "patient://{kind}{?page}", Name: "some"}}, Revision: "1",
	}, nil
}

func (p *patient) ReadResource(req *pluginv1.ReadResourceRequest, stream grpc.ServerStreamingServer[pluginv1.ReadResourceResponse]) error {
	if req.GetUri() != "patient://one" && !p.has("invents resources") {
		return stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Error{Error: notFound()}})
	}
	contents := []*pluginv1.ResourceContents{{Uri: req.GetUri(), Contents: &pluginv1.ResourceContents_Text{Text: "one"}}}
	if p.has("reads nothing") {
		contents = nil
	}
	return stream.Send(&pluginv1.ReadResourceResponse{Event: &pluginv1.ReadResourceResponse_Result{
		Result: &pluginv1.ReadResourceResult{Contents: contents},
	}})
}

func notFound() *pluginv1.ProtocolError {
	return &pluginv1.ProtocolError{Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND, Message: "there is no such thing"}
}

func (p *patient) ListPrompts(context.Context, *pluginv1.ListPromptsRequest) (*pluginv1.ListPromptsResponse, error) {
	one := &pluginv1.Prompt{Name: "greet", Arguments: []*pluginv1.PromptArgument{{Name: "whom"}}}
	list := &pluginv1.ListPromptsResponse{Prompts: []*pluginv1.Prompt{one}, Revision: "1"}
	if p.has("lists a prompt twice") {
		list.Prompts = append(list.Prompts, one)
	}
	return list, nil
}

func (p *patient) GetPrompt(req *pluginv1.GetPromptRequest, stream grpc.ServerStreamingServer[pluginv1.GetPromptResponse]) error {
	if p.has("fills in no prompt") {
		return nil
	}
	text := &pluginv1.TextContent{Text: "hello " + req.GetArguments()["whom"]}
	return stream.Send(&pluginv1.GetPromptResponse{Event: &pluginv1.GetPromptResponse_Result{Result: &pluginv1.GetPromptResult{
		Messages: []*pluginv1.PromptMessage{{Content: &pluginv1.ContentBlock{Kind: &pluginv1.ContentBlock_Text{Text: text}}}},
	}}})
}

func (p *patient) Complete(_ context.Context, req *pluginv1.CompleteRequest) (*pluginv1.CompleteResponse, error) {
	n := 2
	switch {
	case p.has("suggests nothing"):
		n = 0
	case p.has("suggests too much") && req.GetResourceUriTemplate() != "" && req.GetArgumentName() == "page":
		n = 101
	}
	var values []string
	for i := range n {
		values = append(values, fmt.Sprint(i))
	}
	return &pluginv1.CompleteResponse{Outcome: &pluginv1.CompleteResponse_Completion{Completion: &pluginv1.Completion{Values: values}}}, nil
}

func (p *patient) Watch(_ *pluginv1.WatchRequest, stream grpc.ServerStreamingServer[pluginv1.WatchResponse]) error {
	first := &pluginv1.WatchResponse{Event: &pluginv1.WatchResponse_Revisions{Revisions: &pluginv1.Revisions{Tools: "1", Resources: "1", Prompts: "1"}}}
	if p.has("watches without revisions") {
		first.Event = &pluginv1.WatchResponse_ResourceUpdated{ResourceUpdated: &pluginv1.ResourceUpdated{Uri: "patient://one"}}
	}
	if err := stream.Send(first); err != nil {
		return err
	}
	select {
	case <-stream.Context().Done():
	case <-p.stop:
	}
	return nil
}
