// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// CallInfo is what a plugin may know about a call. It is the same for every
// version of MCP. Each call of Caller returns its own copy.
type CallInfo struct {
	RequestID string // names the call in logs; unique in the host's life
	// ConnectionID names the client's connection, for state that is kept per
	// connection. Empty where the client's protocol has none: keep no state then.
	ConnectionID  string
	Client        Client
	Capabilities  Capabilities // what the client can do on this call
	LogLevel      LogLevel     // the least severe that Log passes on; zero: none
	WantsProgress bool         // whether anybody reads what Progress says
	Principal     Principal    // zero: nobody in particular
	// Headers are the client's HTTP headers that the operator allows the plugin
	// to see. Empty on stdio.
	Headers http.Header
	Meta    json.RawMessage // the request's "_meta", a JSON object; none if nil
}

// Client is the client program's own word about itself. For display only.
type Client struct {
	Name    string
	Version string
	Title   string
}

// Capabilities are what can be asked of a client.
type Capabilities struct {
	ElicitationForm bool // ask the user to fill in a form
	ElicitationURL  bool // ask the user to visit a URL
	Sampling        bool // ask the client's model
	SamplingTools   bool // ask the client's model with tools
	Roots           bool // ask for the client's root folders
}

// String names the capabilities that are set, as MCP calls them.
func (c Capabilities) String() string {
	var names []string
	for _, capability := range []struct {
		has  bool
		name string
	}{
		{c.ElicitationForm, "elicitation"},
		{c.ElicitationURL, "elicitation by URL"},
		{c.Sampling && !c.SamplingTools, "sampling"},
		{c.SamplingTools, "sampling with tools"},
		{c.Roots, "roots"},
	} {
		if capability.has {
			names = append(names, capability.name)
		}
	}
	return strings.Join(names, ", ")
}

// Principal is an authenticated caller.
type Principal struct {
	Subject string // unique within the issuer
	Issuer  string // who vouches for the subject; empty: the host itself
	Scopes  []string
}

// Caller tells about the call that ctx belongs to; the zero CallInfo if it
// belongs to none.
func Caller(ctx context.Context) CallInfo {
	c, ok := callOf(ctx)
	if !ok {
		return CallInfo{}
	}
	return CallInfo{
		RequestID:    c.info.GetRequestId(),
		ConnectionID: c.info.GetConnectionId(),
		Client: Client{
			Name:    c.info.GetClient().GetName(),
			Version: c.info.GetClient().GetVersion(),
			Title:   c.info.GetClient().GetTitle(),
		},
		Capabilities:  readCapabilities(c.info.GetCapabilities()),
		LogLevel:      LogLevel(c.info.GetLogLevel()),
		WantsProgress: c.info.GetWantsProgress(),
		Principal:     readPrincipal(c.info.GetPrincipal()),
		Headers:       readHeaders(c.info.GetHeaders()),
		Meta:          append(json.RawMessage(nil), c.info.GetMetaJson()...),
	}
}

func readCapabilities(c *pluginv1.ClientCapabilities) Capabilities {
	return Capabilities{
		ElicitationForm: c.GetElicitationForm(),
		ElicitationURL:  c.GetElicitationUrl(),
		Sampling:        c.GetSampling(),
		SamplingTools:   c.GetSamplingTools(),
		Roots:           c.GetRoots(),
	}
}

func readPrincipal(p *pluginv1.Principal) Principal {
	return Principal{
		Subject: p.GetSubject(),
		Issuer:  p.GetIssuer(),
		Scopes:  append([]string(nil), p.GetScopes()...),
	}
}

func readHeaders(headers []*pluginv1.Header) http.Header {
	h := make(http.Header, len(headers))
	for _, header := range headers {
		h.Add(header.GetName(), header.GetValue())
	}
	return h
}

func (c Capabilities) wire() *pluginv1.ClientCapabilities {
	if c == (Capabilities{}) {
		return nil
	}
	return &pluginv1.ClientCapabilities{
		ElicitationForm: c.ElicitationForm,
		ElicitationUrl:  c.ElicitationURL,
		Sampling:        c.Sampling,
		SamplingTools:   c.SamplingTools,
		Roots:           c.Roots,
	}
}
