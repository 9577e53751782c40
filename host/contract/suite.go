// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/discover"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A suite is one run over one plugin. The rules come one after the other.
type suite struct {
	opts     Options
	plugin   discover.Candidate
	env      []string
	settings []byte
	costs    Costs

	shared *process // for all that ends no process; started when it is first needed
	broken string   // why there can be none
	unset  error    // wraps ErrSettings; nothing can be judged then
	facts  *facts   // what it says of itself
	tried  []*reply // what the probes said
}

// facts are what a plugin says of itself.
type facts struct {
	about     *pluginv1.DescribeResponse
	tools     []*pluginv1.Tool
	resources []*pluginv1.Resource
	templates []*pluginv1.ResourceTemplate
	prompts   []*pluginv1.Prompt
	trouble   []string // of the lists
}

func (s *suite) close() {
	if s.shared != nil {
		s.shared.kill()
	}
}

// start starts a plugin that answers and is configured.
func (s *suite) start(ctx context.Context) (*process, error) {
	p, err := s.launch(true)
	if err != nil {
		return nil, err
	}
	if p.line == "" {
		err = fmt.Errorf("there was no handshake within %s%s", s.opts.StartTimeout, p.lastWords())
	}
	if err == nil {
		err = p.connect()
	}
	if err == nil {
		_, err = p.describe(ctx)
	}
	if err == nil {
		err = p.configure(ctx, s.settings)
	}
	if err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// configure hands over the settings. A plugin without Configure takes none.
func (p *process) configure(ctx context.Context, settings []byte) error {
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	_, err := p.plugin.Configure(ctx, &pluginv1.ConfigureRequest{SettingsJson: settings, PluginName: "test", DataDir: p.dir})
	if status.Code(err) == codes.Unimplemented && string(settings) == "{}" {
		return nil
	}
	switch code := status.Code(err); {
	case code == codes.InvalidArgument:
		return fmt.Errorf("%w: %s", ErrSettings, status.Convert(err).Message())
	case err != nil:
		return fmt.Errorf("configure: %s", status.Convert(err).Message())
	}
	return nil
}

// breaks notes why no process can be used.
func (s *suite) breaks(err error) {
	s.broken = err.Error()
	if errors.Is(err, ErrSettings) {
		s.unset = err
	}
}

// use returns the shared process, or why there is none. One that has died is
// started again.
func (s *suite) use(ctx context.Context) (*process, *outcome) {
	if s.broken != "" {
		out := skip("the plugin does not start: %s", s.broken)
		return nil, &out
	}
	if s.shared != nil && s.shared.alive() {
		return s.shared, nil
	}
	if s.shared != nil {
		s.shared.kill()
		s.shared = nil
	}
	p, err := s.start(ctx)
	if err != nil {
		s.breaks(err)
		out := skip("the plugin does not start: %s", s.broken)
		return nil, &out
	}
	s.shared = p
	return p, nil
}

// ask returns the shared process and what it says of itself.
func (s *suite) ask(ctx context.Context) (*process, *facts, *outcome) {
	p, none := s.use(ctx)
	if none != nil {
		return nil, nil, none
	}
	if s.facts == nil {
		s.facts = p.facts(ctx)
	}
	return p, s.facts, nil
}

// facts reads all lists.
func (p *process) facts(ctx context.Context) *facts {
	f := &facts{}
	var err error
	if f.about, err = p.describe(ctx); err != nil {
		f.trouble = append(f.trouble, "Describe: "+err.Error())
		f.about = &pluginv1.DescribeResponse{}
	}
	note := func(what string, err error) {
		if err != nil {
			f.trouble = append(f.trouble, what+": "+err.Error())
		}
	}
	note("ListTools", pages(ctx, func(ctx context.Context, token string) (string, error) {
		page, err := p.tools.ListTools(ctx, &pluginv1.ListToolsRequest{PageToken: token})
		f.tools = append(f.tools, page.GetTools()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_TOOLS)
	}))
	note("ListResources", pages(ctx, func(ctx context.Context, token string) (string, error) {
		page, err := p.resources.ListResources(ctx, &pluginv1.ListResourcesRequest{PageToken: token})
		f.resources = append(f.resources, page.GetResources()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_RESOURCES)
	}))
	note("ListResourceTemplates", pages(ctx, func(ctx context.Context, token string) (string, error) {
		page, err := p.resources.ListResourceTemplates(ctx, &pluginv1.ListResourceTemplatesRequest{PageToken: token})
		f.templates = append(f.templates, page.GetResourceTemplates()...)
		if status.Code(err) == codes.Unimplemented {
			err = nil // there are none
		}
		return page.GetNextPageToken(), err
	}))
	note("ListPrompts", pages(ctx, func(ctx context.Context, token string) (string, error) {
		page, err := p.prompts.ListPrompts(ctx, &pluginv1.ListPromptsRequest{PageToken: token})
		f.prompts = append(f.prompts, page.GetPrompts()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_PROMPTS)
	}))
	return f
}

// provides reports whether the plugin says that it has an ability. None at all
// means tools.
func (f *facts) provides(ability pluginv1.Ability) bool {
	if len(f.about.GetAbilities()) == 0 {
		return ability == pluginv1.Ability_ABILITY_TOOLS
	}
	return slices.Contains(f.about.GetAbilities(), ability)
}

// unlessAbsent forgives that what the plugin does not promise is not there.
func unlessAbsent(err error, f *facts, ability pluginv1.Ability) error {
	if status.Code(err) == codes.Unimplemented && !f.provides(ability) {
		return nil
	}
	return err
}

// maxPages bounds a list that has no end.
const maxPages = 1000

// pages reads a list to its end.
func pages(ctx context.Context, read func(ctx context.Context, token string) (next string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, 2*shortWait)
	defer cancel()
	seen := map[string]bool{}
	token := ""
	for range maxPages {
		next, err := read(ctx, token)
		if err != nil || next == "" {
			return err
		}
		if seen[next] {
			return fmt.Errorf("the page token %q comes again: the list has no end", next)
		}
		seen[next], token = true, next
	}
	return fmt.Errorf("there are more than %d pages", maxPages)
}

// A reply is all that one call of a tool has said.
type reply struct {
	events []*pluginv1.CallToolResponse
	err    error // how the stream ended; nil if in order
	took   time.Duration
}

// outcomes are the events that end a call.
func (r *reply) outcomes() []*pluginv1.CallToolResponse {
	var list []*pluginv1.CallToolResponse
	for _, event := range r.events {
		switch event.GetEvent().(type) {
		case *pluginv1.CallToolResponse_Result, *pluginv1.CallToolResponse_InputRequired, *pluginv1.CallToolResponse_Error:
			list = append(list, event)
		}
	}
	return list
}

// result is that of a call with just one outcome, nil if it is none.
func (r *reply) result() *pluginv1.CallToolResult {
	if list := r.outcomes(); len(list) == 1 {
		return list[0].GetResult()
	}
	return nil
}

// call calls a tool and hears it out.
func (p *process) call(ctx context.Context, tool string, args []byte, limit time.Duration) *reply {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	begun := time.Now()
	r := &reply{}
	stream, err := p.tools.CallTool(ctx, &pluginv1.CallToolRequest{Context: callContext(), Name: tool, ArgumentsJson: args})
	for err == nil {
		var event *pluginv1.CallToolResponse
		if event, err = stream.Recv(); err == nil {
			r.events = append(r.events, event)
		}
	}
	if !errors.Is(err, io.EOF) {
		r.err = err
	}
	r.took = time.Since(begun)
	return r
}

// callContext is that of a client that can answer nothing but hears everything.
func callContext() *pluginv1.CallContext {
	return &pluginv1.CallContext{
		RequestId: "test", WantsProgress: true, LogLevel: pluginv1.LogLevel_LOG_LEVEL_DEBUG,
		Client: &pluginv1.ClientInfo{Name: "mcphost plugin test"}, Capabilities: &pluginv1.ClientCapabilities{},
	}
}
