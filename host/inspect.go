// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mcphost/mcphost/host/internal/discover"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/plugin"
)

// PluginStatus is one thing that is, or could have been, a plugin.
type PluginStatus struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`       // of the configuration, or of its plugin.yaml
	Description string   `json:"description,omitempty"` // likewise
	Path        string   `json:"path,omitempty"`        // the executable or folder
	Command     []string `json:"command,omitempty"`     // with its arguments
	Provides    []string `json:"provides,omitempty"`
	// Prefix stands before "__" in the names of what it offers. If empty, names
	// are offered as they are.
	Prefix string `json:"prefix,omitempty"`
	// State is "ok", "skipped", or "misconfigured" for what cannot start with
	// this environment.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"` // why it is not ok, or what it is attached to
	// Configured is set for what is skipped although the configuration names
	// it, and does not disable it: somebody misses it.
	Configured bool `json:"configured,omitempty"`
}

// Plugins reads the plugin directories and reports what is there. It starts no
// plugin. What the error says about one directory does not hide the others.
func (s *Server) Plugins(context.Context) ([]PluginStatus, error) {
	found, skipped, err := s.scan()
	list := make([]PluginStatus, 0, len(found)+len(skipped))
	for _, c := range found {
		prefix := c.Name
		if c.Prefix != nil {
			prefix = *c.Prefix
		}
		status := PluginStatus{
			Name: c.Name, Title: c.Title, Description: c.Description,
			Path: c.Source, Command: append([]string{c.Command}, c.Args...),
			Provides: c.Provides, Prefix: prefix, State: "ok",
		}
		if running := s.running(c.Name); running != nil {
			status.Path, status.Command, status.Reason = "", nil, "attached to "+running.String()
		}
		if _, _, err := s.resolve(c); err != nil {
			status.State, status.Reason = "misconfigured", err.Error()
		}
		list = append(list, status)
	}
	for _, skip := range skipped {
		list = append(list, PluginStatus{
			Name: skip.Name, Path: skip.Path, State: "skipped", Reason: skip.Reason, Configured: skip.Configured,
		})
	}
	return list, err
}

// PluginState says how a plugin is doing that can be started.
type PluginState struct {
	Name   string `json:"name"`
	State  string `json:"state"`            // idle, starting, ready, restarting, backoff or disabled
	Reason string `json:"reason,omitempty"` // what is the matter, as clients may read it; the log has the cause
}

// Failed reports whether the plugin should run, and does not.
func (p *PluginState) Failed() bool {
	return p.State != "ready" && p.State != "idle"
}

// States says how each plugin is doing, in the order of the configuration. It
// starts nothing; before the first request that needs one none is known.
func (s *Server) States() []PluginState {
	states := s.registry.States()
	list := make([]PluginState, 0, len(states))
	for _, state := range states {
		list = append(list, PluginState{Name: state.Name, State: state.State, Reason: state.Reason})
	}
	return list
}

// PluginDetail is what a plugin says about itself. Its title and description are
// those of the configuration or of its plugin.yaml, if they have any.
type PluginDetail struct {
	Name        string            `json:"name"`
	Path        string            `json:"path,omitempty"`
	Command     []string          `json:"command"`
	Title       string            `json:"title,omitempty"`
	Version     string            `json:"version,omitempty"`
	Description string            `json:"description,omitempty"`
	WebsiteURL  string            `json:"websiteUrl,omitempty"`
	Abilities   []string          `json:"abilities"`
	StartTime   time.Duration     `json:"startTimeNs"`
	Tools       []json.RawMessage `json:"tools"` // under the plugin's own names
}

// ErrNoPlugin is returned for a plugin that is not there.
type ErrNoPlugin struct {
	Name   string
	Reason string // why something of that name is no plugin; empty if there is nothing
}

func (e *ErrNoPlugin) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("plugin %s: left alone: %s", e.Name, e.Reason)
	}
	return fmt.Sprintf("plugin %s: not found in the plugin directories or the configuration; mcphost plugins list shows what is", e.Name)
}

// Inspect starts one plugin, asks what it is and offers, and stops it.
func (s *Server) Inspect(ctx context.Context, name string) (*PluginDetail, error) {
	candidate, err := s.candidate(name)
	if err != nil {
		return nil, err
	}
	cfg, err := s.pluginConfig(candidate)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	p, err := plugin.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer p.Close(context.WithoutCancel(ctx))
	detail := describe(candidate, p.Description())
	detail.StartTime = time.Since(begun)
	if cfg.Attach != nil {
		detail.Path, detail.Command = "", []string{}
	}
	if err := addTools(ctx, detail, p); err != nil {
		return nil, err
	}
	return detail, nil
}

func (s *Server) candidate(name string) (discover.Candidate, error) {
	found, skipped, err := s.scan()
	for _, c := range found {
		if c.Name == name {
			return c, nil
		}
	}
	for _, skip := range skipped {
		if skip.Name == name {
			return discover.Candidate{}, &ErrNoPlugin{Name: name, Reason: skip.Reason}
		}
	}
	if err != nil {
		return discover.Candidate{}, err
	}
	return discover.Candidate{}, &ErrNoPlugin{Name: name}
}

func describe(c discover.Candidate, d plugin.Description) *PluginDetail {
	return &PluginDetail{
		Name: c.Name, Path: c.Source, Command: append([]string{c.Command}, c.Args...),
		Title: orDefault(c.Title, d.Title), Description: orDefault(c.Description, d.Description),
		Version: d.Version, WebsiteURL: d.WebsiteURL,
		Abilities: abilityNames(d.Provides),
	}
}

func abilityNames(kinds mcp.Kinds) []string {
	names := []string{}
	for i, name := range discover.Abilities() {
		if kinds.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

func addTools(ctx context.Context, detail *PluginDetail, p *plugin.Plugin) error {
	detail.Tools = []json.RawMessage{}
	if !strings.Contains(strings.Join(detail.Abilities, " "), "tools") {
		return nil
	}
	tools, err := p.ListTools(ctx)
	if err != nil {
		return err
	}
	for i := range tools {
		detail.Tools = append(detail.Tools, tools[i].AppendJSON(nil, mcp.LatestStateless))
	}
	return nil
}
