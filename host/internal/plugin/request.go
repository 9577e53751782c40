// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// visibleHeaders returns those of the names that a plugin may see, in canonical
// form. Credentials are the host's: a plugin gets the principal instead.
func visibleHeaders(allowed []string) map[string]bool {
	secret := []string{"Authorization", "Proxy-Authorization", "Cookie", "Mcp-Session-Id"}
	visible := map[string]bool{}
	for _, name := range allowed {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if !slices.Contains(secret, name) {
			visible[name] = true
		}
	}
	return visible
}

// toolRequest writes a call for the plugin.
func (p *Plugin) toolRequest(call *mcp.ToolCall) *pluginv1.CallToolRequest {
	return &pluginv1.CallToolRequest{
		Context:       p.callContext(&call.Context),
		Name:          call.Name,
		ArgumentsJson: call.Arguments,
		Resumption:    resumption(call.Resumption),
	}
}

func (p *Plugin) readRequest(call *mcp.ReadCall) *pluginv1.ReadResourceRequest {
	return &pluginv1.ReadResourceRequest{
		Context:    p.callContext(&call.Context),
		Uri:        call.URI,
		Resumption: resumption(call.Resumption),
	}
}

func (p *Plugin) promptRequest(call *mcp.PromptCall) *pluginv1.GetPromptRequest {
	return &pluginv1.GetPromptRequest{
		Context:    p.callContext(&call.Context),
		Name:       call.Name,
		Arguments:  call.Arguments,
		Resumption: resumption(call.Resumption),
	}
}

func (p *Plugin) completeRequest(call *mcp.CompleteCall) *pluginv1.CompleteRequest {
	req := &pluginv1.CompleteRequest{
		Context:           p.callContext(&call.Context),
		ArgumentName:      call.Argument,
		ArgumentValue:     call.Value,
		ResolvedArguments: call.Resolved,
	}
	if call.Template != "" {
		req.Reference = &pluginv1.CompleteRequest_ResourceUriTemplate{ResourceUriTemplate: call.Template}
	} else {
		req.Reference = &pluginv1.CompleteRequest_PromptName{PromptName: call.Prompt}
	}
	return req
}

func (p *Plugin) callContext(c *mcp.CallContext) *pluginv1.CallContext {
	out := &pluginv1.CallContext{
		RequestId:     c.RequestID,
		ConnectionId:  c.ConnectionID,
		LogLevel:      pluginv1.LogLevel(c.LogLevel), // both count from debug, 1, to emergency, 8
		WantsProgress: c.WantsProgress,
		Headers:       p.headersOf(c),
		MetaJson:      c.Meta,
	}
	if c.Capabilities != (mcp.ClientCapabilities{}) {
		out.Capabilities = &pluginv1.ClientCapabilities{
			ElicitationForm: c.Capabilities.ElicitationForm,
			ElicitationUrl:  c.Capabilities.ElicitationURL,
			Sampling:        c.Capabilities.Sampling,
			SamplingTools:   c.Capabilities.SamplingTools,
			Roots:           c.Capabilities.Roots,
		}
	}
	if c.Client != (mcp.Implementation{}) {
		out.Client = &pluginv1.ClientInfo{
			Name:    utf8(c.Client.Name),
			Version: utf8(c.Client.Version),
			Title:   utf8(c.Client.Title),
		}
	}
	if c.Principal != nil {
		out.Principal = &pluginv1.Principal{
			Subject: c.Principal.Subject,
			Issuer:  c.Principal.Issuer,
			Scopes:  c.Principal.Scopes,
		}
	}
	return out
}

// headersOf returns the request's headers that the plugin may see, by name.
func (p *Plugin) headersOf(c *mcp.CallContext) []*pluginv1.Header {
	if len(p.headers) == 0 || len(c.Headers) == 0 {
		return nil
	}
	var out []*pluginv1.Header
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if !p.headers[canonical] {
			continue
		}
		for _, value := range c.Headers[name] {
			out = append(out, &pluginv1.Header{Name: canonical, Value: utf8(strings.TrimSpace(value))})
		}
	}
	return out
}

func resumption(r *mcp.Resumption) *pluginv1.Resumption {
	if r == nil {
		return nil
	}
	out := &pluginv1.Resumption{State: r.State}
	for _, answer := range r.Responses {
		response := &pluginv1.InputResponse{Key: answer.Key}
		if answer.Failure != "" {
			response.Outcome = &pluginv1.InputResponse_Failure{
				Failure: &pluginv1.InputFailure{Message: utf8(answer.Failure)},
			}
		} else {
			response.Outcome = &pluginv1.InputResponse_ResultJson{ResultJson: answer.Result}
		}
		out.Responses = append(out.Responses, response)
	}
	return out
}

// utf8 makes text of a client fit for protobuf, which refuses to send any else:
// a header may hold any byte.
func utf8(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
