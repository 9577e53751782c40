// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A Plugin is what one process offers. Make it with New, add to it, then hand
// the process over with Main. All methods may be called by many goroutines at
// once; those that say so only before Main or ServeListener.
type Plugin struct {
	name    string // immutable
	version string
	log     hclog.Logger

	changes     *wakeup // raised when a list has changed, or a resource
	tools       *catalogue[*pluginv1.Tool, toolHandler]
	prompts     *catalogue[*pluginv1.Prompt, promptHandler]
	resources   *catalogue[*pluginv1.Resource, *resource]
	templates   *catalogue[*pluginv1.ResourceTemplate, *resourceFamily]
	completions *completions
	updates     *updates

	configuring chan struct{} // holds one while a host configures the plugin

	mu       sync.Mutex
	serving  bool
	details  Details
	settings *settings
	onEnd    func(connectionID string)
	onStop   func(context.Context)
	onSubs   func(uris []string) (accepted []string)
	mistakes []error

	announced []pluginv1.Ability // since a host was told; it does not ask again

	configured bool   // a host has called Configure, and its settings were taken
	identity   string // what the last one said that called it
	dataDir    string
}

// Details say more about a plugin than its name. The zero value says nothing.
type Details struct {
	Title       string   // human-readable name; default: the name
	Description string   // one or two sentences for people
	WebsiteURL  string   // an https address to read more at
	Extensions  []string // MCP extensions that the definitions rely on, such as "io.modelcontextprotocol/ui"
	Limits      Limits
	// Abilities are those that the plugin may gain after Main was called, by
	// what OnConfigure adds for example. What is there before need not be named.
	Abilities []Ability
}

// An Ability is a kind of thing that a plugin provides.
type Ability int

// The abilities.
const (
	AbilityTools         = Ability(pluginv1.Ability_ABILITY_TOOLS)
	AbilityResources     = Ability(pluginv1.Ability_ABILITY_RESOURCES)
	AbilityPrompts       = Ability(pluginv1.Ability_ABILITY_PROMPTS)
	AbilityCompletions   = Ability(pluginv1.Ability_ABILITY_COMPLETIONS)
	AbilitySubscriptions = Ability(pluginv1.Ability_ABILITY_SUBSCRIPTIONS)
)

// String is the ability's name, in the plural.
func (a Ability) String() string {
	switch a {
	case AbilityTools:
		return "tools"
	case AbilityResources:
		return "resources"
	case AbilityPrompts:
		return "prompts"
	case AbilityCompletions:
		return "completions"
	case AbilitySubscriptions:
		return "subscriptions"
	}
	return fmt.Sprintf("ability %d", int(a))
}

// Limits say how much a plugin can take at once.
type Limits struct {
	// MaxConcurrentCalls is how many calls may be in flight; the host queues
	// what is above it. The host's default, 64, if zero. A call that was cancelled
	// counts no longer, though its handler may not have returned yet.
	MaxConcurrentCalls uint32
}

// New returns a plugin that offers nothing yet. Both strings are for display:
// the host knows a plugin by its file, folder or configuration name.
func New(name, version string) *Plugin {
	changes := newWakeup()
	p := &Plugin{
		name:    name,
		version: version,
		log: hclog.New(&hclog.LoggerOptions{
			Name:       name,
			Level:      hclog.Trace, // the host decides what it keeps
			Output:     os.Stderr,
			JSONFormat: true, // the form that the host reads level and fields from
		}),
		changes:     changes,
		tools:       newCatalogue[*pluginv1.Tool, toolHandler](changes, (*pluginv1.Tool).GetName),
		prompts:     newCatalogue[*pluginv1.Prompt, promptHandler](changes, (*pluginv1.Prompt).GetName),
		resources:   newCatalogue[*pluginv1.Resource, *resource](changes, (*pluginv1.Resource).GetUri),
		templates:   newCatalogue[*pluginv1.ResourceTemplate, *resourceFamily](changes, (*pluginv1.ResourceTemplate).GetUriTemplate),
		completions: newCompletions(),
		updates:     newUpdates(changes),
		configuring: make(chan struct{}, 1),
	}
	if name == "" {
		p.fail(errors.New("the plugin has no name: give New one"))
	}
	return p
}

// SetDetails replaces the details. Call it before Main: the host reads them once.
func (p *Plugin) SetDetails(d Details) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.details = d
}

// OnShutdown sets what runs before the process ends: after the calls in flight
// have ended or been cancelled. It has half a second: then ctx ends, and what
// still runs is abandoned with the process. It does not run when the process is
// killed.
func (p *Plugin) OnShutdown(fn func(ctx context.Context)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onStop = fn
}

// OnEndConnection sets what is told that a client's connection is gone, so that
// state kept under its CallInfo.ConnectionID can go. The host promises no more
// than best effort. Call it before Main.
func (p *Plugin) OnEndConnection(fn func(connectionID string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onEnd = fn
}

// Logger writes to the operator's log, through standard error.
func (p *Plugin) Logger() hclog.Logger { return p.log }

// Identity is the name that the host knows the plugin by; empty until the host
// has said it, which it does before the first call.
func (p *Plugin) Identity() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.identity
}

// DataDir is an existing directory in which the plugin may keep data between
// runs; empty if the operator gives it none, and until the host has said it,
// which it does before the first call.
func (p *Plugin) DataDir() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dataDir
}

// fail notes an author's mistake. Before Main mistakes are collected for it to
// report; later there is nobody to report to but the operator's log.
func (p *Plugin) fail(err error) {
	p.mu.Lock()
	serving := p.serving
	if !serving {
		p.mistakes = append(p.mistakes, err)
	}
	p.mu.Unlock()

	if serving {
		p.log.Error("plugin changed wrongly; the change is ignored", "err", err)
	}
}

// begin ends the time in which mistakes are collected and returns them joined.
func (p *Plugin) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.mistakes...); err != nil {
		return fmt.Errorf("plugin %s cannot start:\n%w", p.name, err)
	}
	p.serving = true
	return nil
}

// describe is what the host is told first.
func (p *Plugin) describe() *pluginv1.DescribeResponse {
	abilities := p.abilities()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.announced = abilities
	d := &pluginv1.DescribeResponse{
		Name:        p.name,
		Version:     p.version,
		Title:       p.details.Title,
		Description: p.details.Description,
		WebsiteUrl:  p.details.WebsiteURL,
		Extensions:  p.details.Extensions,
		Abilities:   abilities,
		Limits:      &pluginv1.Limits{MaxConcurrentCalls: p.details.Limits.MaxConcurrentCalls},
	}
	if p.settings != nil {
		d.SettingsSchemaJson = p.settings.schema
	}
	return d
}

// abilities are those that something was added for, and those that the author
// names. None at all would mean tools as well.
func (p *Plugin) abilities() []pluginv1.Ability {
	p.mu.Lock()
	named, onSubs := p.details.Abilities, p.onSubs
	p.mu.Unlock()

	has := map[Ability]bool{
		AbilityTools:         !p.tools.empty(),
		AbilityResources:     !p.resources.empty() || !p.templates.empty(),
		AbilityPrompts:       !p.prompts.empty(),
		AbilityCompletions:   !p.completions.empty(),
		AbilitySubscriptions: onSubs != nil || p.anySubscribable(),
	}
	for _, a := range named {
		has[a] = true
	}
	var list []pluginv1.Ability
	for a := AbilityTools; a <= AbilitySubscriptions; a++ {
		if has[a] {
			list = append(list, pluginv1.Ability(a))
		}
	}
	if len(list) == 0 {
		list = []pluginv1.Ability{pluginv1.Ability_ABILITY_TOOLS}
	}
	return list
}

// late returns an error for an ability that clients were told the plugin does not
// have: they do not look for what is added now.
func (p *Plugin) late(a Ability) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.announced == nil || slices.Contains(p.announced, pluginv1.Ability(a)) {
		return nil
	}
	return fmt.Errorf("clients were told that this plugin provides no %s, and do not look for any: "+
		"name in Details.Abilities what comes while it serves", a)
}

// settings is what OnConfigure leaves behind.
type settings struct {
	schema json.RawMessage
	apply  func(ctx context.Context, raw json.RawMessage) error
}

// OnConfigure sets what receives the operator's settings, once and before the
// first call. The host shows and checks the schema inferred from S, a struct
// that follows the rules of AddTool's In; unknown keys are refused. The error
// of fn is shown to the operator and disables the plugin until the settings
// change. A plugin without OnConfigure takes no settings. Call it before Main.
func OnConfigure[S any](p *Plugin, fn func(ctx context.Context, settings S) error) {
	in, err := inferInput[S](nil)
	if err != nil {
		p.fail(fmt.Errorf("settings: %w", err))
		return
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = &settings{
		schema: in.schema,
		apply: func(ctx context.Context, raw json.RawMessage) error {
			var s S
			if err := in.decode(raw, &s); err != nil {
				return fmt.Errorf("invalid settings: %w", err)
			}
			return fn(ctx, s)
		},
	}
}
