// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"context"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// ListTools returns the definitions of all tools, by name.
func (c *Client) ListTools(ctx context.Context) ([]pluginapi.Tool, error) {
	client := pluginv1.NewToolServiceClient(c.conn)
	return list(func(token string) ([]*pluginv1.Tool, string, error) {
		r, err := client.ListTools(ctx, &pluginv1.ListToolsRequest{PageToken: token})
		return r.GetTools(), r.GetNextPageToken(), err
	}, tool)
}

// ListPrompts returns the definitions of all prompts, by name.
func (c *Client) ListPrompts(ctx context.Context) ([]pluginapi.Prompt, error) {
	client := pluginv1.NewPromptServiceClient(c.conn)
	return list(func(token string) ([]*pluginv1.Prompt, string, error) {
		r, err := client.ListPrompts(ctx, &pluginv1.ListPromptsRequest{PageToken: token})
		return r.GetPrompts(), r.GetNextPageToken(), err
	}, prompt)
}

// ListResources returns the definitions of all resources, by URI. Subscribable
// is not part of them.
func (c *Client) ListResources(ctx context.Context) ([]pluginapi.Resource, error) {
	client := pluginv1.NewResourceServiceClient(c.conn)
	return list(func(token string) ([]*pluginv1.Resource, string, error) {
		r, err := client.ListResources(ctx, &pluginv1.ListResourcesRequest{PageToken: token})
		return r.GetResources(), r.GetNextPageToken(), err
	}, resource)
}

// ListResourceTemplates returns the definitions of all resource templates, by
// template. Subscribable is not part of them.
func (c *Client) ListResourceTemplates(ctx context.Context) ([]pluginapi.ResourceTemplate, error) {
	client := pluginv1.NewResourceServiceClient(c.conn)
	return list(func(token string) ([]*pluginv1.ResourceTemplate, string, error) {
		r, err := client.ListResourceTemplates(ctx, &pluginv1.ListResourceTemplatesRequest{PageToken: token})
		return r.GetResourceTemplates(), r.GetNextPageToken(), err
	}, template)
}

// list reads all pages.
func list[Wire, T any](page func(token string) ([]Wire, string, error), convert func(Wire) T) ([]T, error) {
	all := []T{}
	for token := ""; ; {
		items, next, err := page(token)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			all = append(all, convert(item))
		}
		if next == "" {
			return all, nil
		}
		token = next
	}
}

func tool(t *pluginv1.Tool) pluginapi.Tool {
	return pluginapi.Tool{
		Name:         t.GetName(),
		Title:        t.GetTitle(),
		Description:  t.GetDescription(),
		InputSchema:  t.GetInputSchemaJson(),
		OutputSchema: t.GetOutputSchemaJson(),
		Hints:        hints(t.GetAnnotations()),
		Icons:        icons(t.GetIcons()),
		Meta:         t.GetMetaJson(),
		Requires:     capabilities(t.GetRequires()),
	}
}

func hints(a *pluginv1.ToolAnnotations) pluginapi.Hints {
	if a == nil {
		return pluginapi.Hints{}
	}
	return pluginapi.Hints{
		ReadOnly:    a.GetReadOnly(),
		Destructive: a.Destructive,
		Idempotent:  a.GetIdempotent(),
		OpenWorld:   a.OpenWorld,
	}
}

func prompt(p *pluginv1.Prompt) pluginapi.Prompt {
	converted := pluginapi.Prompt{
		Name:        p.GetName(),
		Title:       p.GetTitle(),
		Description: p.GetDescription(),
		Icons:       icons(p.GetIcons()),
		Meta:        p.GetMetaJson(),
		Requires:    capabilities(p.GetRequires()),
	}
	for _, a := range p.GetArguments() {
		converted.Arguments = append(converted.Arguments, pluginapi.PromptArgument{
			Name:        a.GetName(),
			Title:       a.GetTitle(),
			Description: a.GetDescription(),
			Required:    a.GetRequired(),
		})
	}
	return converted
}

func resource(r *pluginv1.Resource) pluginapi.Resource {
	return pluginapi.Resource{
		URI:         r.GetUri(),
		Name:        r.GetName(),
		Title:       r.GetTitle(),
		Description: r.GetDescription(),
		MIMEType:    r.GetMimeType(),
		Size:        r.Size,
		Annotations: annotations(r.GetAnnotations()),
		Icons:       icons(r.GetIcons()),
		Meta:        r.GetMetaJson(),
	}
}

func template(t *pluginv1.ResourceTemplate) pluginapi.ResourceTemplate {
	return pluginapi.ResourceTemplate{
		URITemplate: t.GetUriTemplate(),
		Name:        t.GetName(),
		Title:       t.GetTitle(),
		Description: t.GetDescription(),
		MIMEType:    t.GetMimeType(),
		Annotations: annotations(t.GetAnnotations()),
		Icons:       icons(t.GetIcons()),
		Meta:        t.GetMetaJson(),
	}
}

func toolResult(r *pluginv1.CallToolResult) pluginapi.Result {
	result := pluginapi.Result{
		Structured: r.GetStructuredContentJson(),
		IsError:    r.GetIsError(),
		Meta:       r.GetMetaJson(),
	}
	for _, b := range r.GetContent() {
		result.Content = append(result.Content, content(b))
	}
	return result
}

func readResult(r *pluginv1.ReadResourceResult) pluginapi.ReadResult {
	result := pluginapi.ReadResult{
		TTL:       time.Duration(r.GetTtlMs()) * time.Millisecond,
		Shareable: r.GetShareable(),
		Meta:      r.GetMetaJson(),
	}
	for _, c := range r.GetContents() {
		result.Contents = append(result.Contents, contents(c))
	}
	return result
}

func promptResult(r *pluginv1.GetPromptResult) pluginapi.PromptResult {
	result := pluginapi.PromptResult{Description: r.GetDescription(), Meta: r.GetMetaJson()}
	for _, m := range r.GetMessages() {
		result.Messages = append(result.Messages, pluginapi.PromptMessage{
			Role:    pluginapi.Role(m.GetRole()),
			Content: content(m.GetContent()),
		})
	}
	return result
}

// content is nil for a block of no kind, which a host would drop.
func content(b *pluginv1.ContentBlock) pluginapi.Content {
	hints, meta := annotations(b.GetAnnotations()), b.GetMetaJson()
	switch kind := b.GetKind().(type) {
	case *pluginv1.ContentBlock_Text:
		return pluginapi.Text{Text: kind.Text.GetText(), Annotations: hints, Meta: meta}
	case *pluginv1.ContentBlock_Image:
		return pluginapi.Image{Data: kind.Image.GetData(), MIMEType: kind.Image.GetMimeType(), Annotations: hints, Meta: meta}
	case *pluginv1.ContentBlock_Audio:
		return pluginapi.Audio{Data: kind.Audio.GetData(), MIMEType: kind.Audio.GetMimeType(), Annotations: hints, Meta: meta}
	case *pluginv1.ContentBlock_Resource:
		return pluginapi.EmbeddedResource{Contents: contents(kind.Resource), Annotations: hints, Meta: meta}
	case *pluginv1.ContentBlock_Raw:
		return pluginapi.Raw{Block: kind.Raw.GetBlockJson(), Fallback: kind.Raw.GetFallbackText(), Annotations: hints, Meta: meta}
	case *pluginv1.ContentBlock_ResourceLink:
		l := kind.ResourceLink
		return pluginapi.ResourceLink{
			URI:         l.GetUri(),
			Name:        l.GetName(),
			Title:       l.GetTitle(),
			Description: l.GetDescription(),
			MIMEType:    l.GetMimeType(),
			Size:        l.Size,
			Icons:       icons(l.GetIcons()),
			Annotations: hints,
			Meta:        meta,
		}
	}
	return nil
}

func contents(c *pluginv1.ResourceContents) pluginapi.ResourceContents {
	converted := pluginapi.ResourceContents{URI: c.GetUri(), MIMEType: c.GetMimeType(), Text: c.GetText(), Meta: c.GetMetaJson()}
	if blob, ok := c.GetContents().(*pluginv1.ResourceContents_Blob); ok {
		converted.Blob = append([]byte{}, blob.Blob...) // not nil, even if empty
	}
	return converted
}

func annotations(a *pluginv1.Annotations) pluginapi.Annotations {
	if a == nil {
		return pluginapi.Annotations{}
	}
	converted := pluginapi.Annotations{Priority: a.Priority}
	for _, role := range a.GetAudience() {
		converted.Audience = append(converted.Audience, pluginapi.Role(role))
	}
	if when, err := time.Parse(time.RFC3339, a.GetLastModified()); err == nil {
		converted.LastModified = when
	}
	return converted
}

func icons(wire []*pluginv1.Icon) []pluginapi.Icon {
	var converted []pluginapi.Icon
	for _, i := range wire {
		converted = append(converted, pluginapi.Icon{Src: i.GetSrc(), MIMEType: i.GetMimeType(), Sizes: i.GetSizes(), Theme: i.GetTheme()})
	}
	return converted
}

func capabilities(c *pluginv1.ClientCapabilities) pluginapi.Capabilities {
	return pluginapi.Capabilities{
		ElicitationForm: c.GetElicitationForm(),
		ElicitationURL:  c.GetElicitationUrl(),
		Sampling:        c.GetSampling(),
		SamplingTools:   c.GetSamplingTools(),
		Roots:           c.GetRoots(),
	}
}

func protocolError(e *pluginv1.ProtocolError) *pluginapi.ProtocolError {
	return &pluginapi.ProtocolError{
		Code:     pluginapi.ErrorCode(e.GetCode()),
		Message:  e.GetMessage(),
		Data:     e.GetDataJson(),
		Required: capabilities(e.GetRequired()),
	}
}
