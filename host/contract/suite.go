// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"errors"
	"fmt"

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
	began  bool     // it has started once
	told   bool     // a rule has failed for that
	unset  error    // wraps ErrSettings; nothing can be judged then
	facts  *facts   // what it says of itself
	tried  []trial  // what the probes said
}

func (s *suite) close() {
	if s.shared != nil {
		s.shared.kill()
	}
}

// start starts a plugin that answers and is configured.
func (s *suite) start(ctx context.Context) (*process, error) {
	p, err := s.introduced(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.configure(ctx, s.settings); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// introduced starts a plugin that has said who it is.
func (s *suite) introduced(ctx context.Context) (*process, error) {
	p, err := s.launch(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := p.meet(ctx); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// meet connects to a plugin and asks who it is.
func (p *process) meet(ctx context.Context) error {
	if p.line == "" {
		return fmt.Errorf("there was no handshake line%s", p.lastWords())
	}
	if err := p.connect(); err != nil {
		return err
	}
	if _, err := p.describe(ctx); err != nil {
		return fmt.Errorf("describe: %s", status.Convert(err).Message())
	}
	return nil
}

// configure hands over the settings. A plugin without Configure takes none.
func (p *process) configure(ctx context.Context, settings []byte) error {
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	_, err := p.plugin.Configure(ctx, &pluginv1.ConfigureRequest{SettingsJson: settings, PluginName: "test", DataDir: p.data})
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Unimplemented:
		if string(settings) == "{}" {
			return nil
		}
		return fmt.Errorf("%w: it takes none", ErrSettings)
	case codes.InvalidArgument:
		return fmt.Errorf("%w: %s", ErrSettings, status.Convert(err).Message())
	}
	return fmt.Errorf("configure: %s", status.Convert(err).Message())
}

// breaks notes why no process can be used.
func (s *suite) breaks(err error) {
	s.broken = err.Error()
	if errors.Is(err, ErrSettings) {
		s.unset = err
	}
}

// blocked is the outcome of a rule for which there is no process: a failure for
// the first one, unless another has said so.
func (s *suite) blocked() *outcome {
	out := skip("the plugin does not start: %s", s.broken)
	if !s.told {
		s.told, out.verdict = true, Fail
	}
	out.blocked = true
	return &out
}

// first returns the shared process as it was when it had started, which the rules
// of the handshake look at.
func (s *suite) first(ctx context.Context) (*process, *outcome) {
	if s.shared != nil {
		return s.shared, nil
	}
	if s.broken != "" {
		return nil, s.blocked()
	}
	p, err := s.launch(ctx, true)
	if err != nil {
		s.breaks(err)
		return nil, s.blocked()
	}
	s.shared = p
	return p, nil
}

// use returns the shared process, connected and configured, or why there is none.
// One that has died or hangs makes room for another.
func (s *suite) use(ctx context.Context) (*process, *outcome) {
	if s.shared != nil && s.shared.conn != nil && !s.shared.usable() {
		s.shared.kill()
		s.shared = nil
	}
	p, none := s.first(ctx)
	if none != nil {
		return nil, none
	}
	if s.broken == "" && p.conn == nil {
		if err := s.makeUsable(ctx, p); err != nil {
			return nil, s.blocked()
		}
	}
	if s.broken != "" {
		return nil, s.blocked()
	}
	s.began = true
	return p, nil
}

// makeUsable connects the first process and configures it.
func (s *suite) makeUsable(ctx context.Context, p *process) error {
	err := p.meet(ctx)
	if err == nil {
		err = p.configure(ctx, s.settings)
	}
	if err != nil {
		s.breaks(err)
	}
	return err
}

// fresh starts a plugin for a rule that ends it.
func (s *suite) fresh(ctx context.Context) (*process, *outcome) { return s.another(ctx, s.start) }

// another starts a plugin beside the shared one.
func (s *suite) another(ctx context.Context, start func(ctx context.Context) (*process, error)) (*process, *outcome) {
	if s.broken != "" {
		return nil, s.blocked()
	}
	p, err := start(ctx)
	if err == nil {
		s.began = true
		return p, nil
	}
	if !s.began || errors.Is(err, ErrSettings) {
		s.breaks(err)
		return nil, s.blocked()
	}
	out := skip("the plugin does not start again: %v", err)
	return nil, &out
}

// ask returns the shared process and what it says of itself.
func (s *suite) ask(ctx context.Context) (*process, *facts, *outcome) {
	p, none := s.use(ctx)
	if none != nil {
		return nil, nil, none
	}
	if s.facts == nil {
		s.facts = p.facts(ctx)
		if p, none = s.use(ctx); none != nil { // the lists may have ended it
			return nil, nil, none
		}
	}
	return p, s.facts, nil
}
