// SPDX-License-Identifier: Apache-2.0

package host

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mcphost/mcphost/host/internal/discover"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/plugin"
	"github.com/mcphost/mcphost/host/internal/registry"
)

// provides is what the configured plugins may contribute: a function of the
// configuration alone, so that a handshake reads no directory and starts
// nothing. What a directory will hold is anybody's guess, so it may be anything.
func (s *Server) provides() mcp.Kinds {
	kinds := mcp.Kinds(s.own.Load())
	if len(s.cfg.PluginDirs) > 0 {
		kinds |= mcp.AllKinds
	}
	for i := range s.cfg.Plugins {
		p := &s.cfg.Plugins[i]
		if p.Enabled == nil || *p.Enabled || s.running(p.Name) != nil {
			kinds |= kindsOf(p.Provides)
		}
	}
	for name := range s.cfg.Reattach {
		if !slices.ContainsFunc(s.cfg.Plugins, func(p PluginConfig) bool { return p.Name == name }) {
			kinds |= mcp.AllKinds
		}
	}
	for i := range s.opts.Sources {
		kinds |= cmp.Or(s.opts.Sources[i].Provides, mcp.AllKinds)
	}
	return kinds
}

// kindsOf translates "provides"; none named means all.
func kindsOf(provides []string) mcp.Kinds {
	if len(provides) == 0 {
		return mcp.AllKinds
	}
	var kinds mcp.Kinds
	for _, name := range provides {
		switch name {
		case "tools":
			kinds |= mcp.KindTools
		case "prompts":
			kinds |= mcp.KindPrompts
		case "resources":
			kinds |= mcp.KindResources
		case "completions":
			kinds |= mcp.KindCompletions
		case "subscribe":
			kinds |= mcp.KindResources | mcp.KindSubscriptions
		}
	}
	return kinds
}

// discover finds the plugins that the configuration names. The registry calls
// it at the first read.
func (s *Server) discover(context.Context) ([]registry.Source, error) {
	plugin.SweepRunDirs(s.log)
	found, skipped, err := s.scan()
	if err != nil && len(found) == 0 {
		return nil, err
	}
	if err != nil {
		s.log.Error("some plugin directories cannot be used", "err", err)
	}
	for _, skip := range skipped {
		switch {
		case skip.Configured:
			s.log.Warn("configured plugin cannot be used", "plugin", skip.Name, "path", skip.Path, "why", skip.Reason)
		case skip.Meant:
			s.log.Warn("plugin was left alone", "path", skip.Path, "why", skip.Reason)
		default:
			s.log.Debug("left alone", "path", skip.Path, "why", skip.Reason)
		}
	}
	sources := append([]registry.Source(nil), s.opts.Sources...)
	for _, candidate := range found {
		sources = append(sources, s.source(candidate))
	}
	return sources, nil
}

func (s *Server) source(c discover.Candidate) registry.Source {
	prefix := c.Name
	if c.Prefix != nil {
		prefix = *c.Prefix
	}
	return registry.Source{
		Name: c.Name, Prefix: prefix, Provides: kindsOf(c.Provides),
		Start: func(ctx context.Context) (registry.Plugin, error) {
			if fault := c.Exposed(); fault != "" && s.running(c.Name) == nil {
				return nil, fmt.Errorf("plugin %s: %s", c.Name, fault)
			}
			cfg, err := s.pluginConfig(c)
			if err != nil {
				return nil, err
			}
			p, err := plugin.Start(ctx, cfg)
			if err != nil {
				return nil, err
			}
			return &bounded{p, c.Limits.CallTimeout, c.Limits.CallMax}, nil
		},
	}
}

func (s *Server) pluginConfig(c discover.Candidate) (plugin.Config, error) {
	running := s.running(c.Name)
	env, settings, err := s.resolve(c)
	if err != nil {
		return plugin.Config{}, &configError{fmt.Errorf("plugin %s: %w", c.Name, err)}
	}
	data, err := s.dataDir(c.Name)
	if err != nil {
		return plugin.Config{}, fmt.Errorf("plugin %s: %w", c.Name, err)
	}
	host := s.cfg.Limits
	return plugin.Config{
		Name: c.Name, Command: c.Command, Args: c.Args, Dir: c.Dir, Env: env, Settings: settings, Attach: running, DataDir: data,
		StartTimeout:   either(c.Limits.StartTimeout, host.StartTimeout),
		StopGrace:      either(c.Limits.StopGrace, host.StopGrace),
		MaxCallTime:    either(c.Limits.CallMax, host.CallMax),
		MaxConcurrent:  either(c.Limits.MaxConcurrent, host.MaxConcurrent),
		QueueLimit:     either(c.Limits.MaxQueued, host.MaxQueued),
		MaxTools:       either(c.Limits.MaxTools, host.MaxTools),
		MaxPrompts:     either(c.Limits.MaxPrompts, host.MaxPrompts),
		MaxResources:   either(c.Limits.MaxResources, host.MaxResources),
		MaxTemplates:   either(c.Limits.MaxTemplates, host.MaxTemplates),
		MaxSchemaBytes: either(c.Limits.MaxSchema, host.MaxSchema),
		MaxDescription: either(c.Limits.MaxDescription, host.MaxDescription),
		AllowHeaders:   c.Headers,
		Forker:         s.forker,
		Unary:          s.opts.Outbound.Unary,
		Stream:         s.opts.Outbound.Stream,
		HostVersion:    s.opts.Version,
		Log:            s.log.Named(c.Name),
	}, nil
}

// resolve returns the environment and the settings that a plugin starts with,
// filled in from the environment of this process.
func (s *Server) resolve(c discover.Candidate) (env []string, settings []byte, err error) {
	env, err = c.Environ(os.LookupEnv)
	if err != nil && s.running(c.Name) == nil { // whose environment is the debugger's
		return nil, nil, err
	}
	settings, err = c.ResolvedSettings(os.LookupEnv)
	return env, settings, err
}

// dataDir makes the directory in which a plugin may keep its data, and returns
// its absolute path, "" if none is configured.
func (s *Server) dataDir(name string) (string, error) {
	if s.cfg.DataDir == "" {
		return "", nil
	}
	dir, err := filepath.Abs(filepath.Join(s.cfg.DataDir, name))
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("its data directory cannot be made (data_dir): %w", err)
	}
	return dir, nil
}

// either is the plugin's own limit, or else the host's; zero leaves the default.
func either[T int | time.Duration](own, host T) T {
	if own != 0 {
		return own
	}
	return host
}

// A configError is a plugin that cannot start until its configuration changes.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

// Permanent tells the registry not to try again.
func (e *configError) Permanent() bool { return true }

// bounded is a plugin whose calls have time limits of their own.
type bounded struct {
	*plugin.Plugin
	quiet, total time.Duration // zero keeps the host's
}

// tell lets the call's timer know the plugin's limits before the call begins.
func (b *bounded) tell(sink mcp.Sink) {
	if timer, ok := sink.(interface {
		Bound(quiet, total time.Duration)
	}); ok {
		timer.Bound(b.quiet, b.total)
	}
}

func (b *bounded) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	b.tell(sink)
	return b.Plugin.CallTool(ctx, call, sink)
}

func (b *bounded) ReadResource(ctx context.Context, call *mcp.ReadCall, sink mcp.Sink) (mcp.Outcome, error) {
	b.tell(sink)
	return b.Plugin.ReadResource(ctx, call, sink)
}

func (b *bounded) GetPrompt(ctx context.Context, call *mcp.PromptCall, sink mcp.Sink) (mcp.Outcome, error) {
	b.tell(sink)
	return b.Plugin.GetPrompt(ctx, call, sink)
}

// Complete can only be shortened: suggestions report no progress.
func (b *bounded) Complete(ctx context.Context, call *mcp.CompleteCall) (*mcp.Completion, error) {
	if b.quiet > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.quiet)
		defer cancel()
	}
	return b.Plugin.Complete(ctx, call)
}
