// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/pluginapi"
)

// unhurried is the limit of a call where there should be none: somebody sits at
// a breakpoint.
const unhurried = 30 * 24 * time.Hour

// ProtocolVersion is the major version of the plugin protocol that the host
// speaks.
const ProtocolVersion = pluginapi.ProtocolVersion

// A Running is a plugin that somebody else has started, as a rule under a
// debugger. The host neither ends it nor judges its health.
type Running struct {
	Network string // "unix" or "tcp"
	Addr    string // what to dial there
	Pid     int    // for the log and for errors only
}

// String says where it is, for people.
func (r *Running) String() string { return fmt.Sprintf("process %d at %s", r.Pid, r.Addr) }

// attach is Start for a plugin that runs already.
func attach(ctx context.Context, cfg Config) (*Plugin, error) {
	p := newPlugin(cfg)
	p.attached = newAttachment(p)
	p.services = newServices(p.attached)

	ctx, cancel := context.WithTimeoutCause(ctx, cfg.StartTimeout, errStartTimeout)
	defer cancel()
	if _, err := p.attached.connect(ctx); err != nil {
		failed := &StartError{Plugin: cfg.Name, Phase: PhaseHandshake, Err: err}
		if away, ok := errors.AsType[*awayError](err); ok {
			failed.Phase, failed.Err = away.phase, p.failure(away.text(), away)
		}
		return nil, failed
	}
	p.gate = newGate(p.desc.Load().MaxConcurrent, cfg.QueueLimit)
	go p.accompany()
	return p, nil
}

// accompany is attend for a process that is not ours: its end is not the
// plugin's, since the next one at the address takes its place.
func (p *Plugin) accompany() {
	endWatch := p.startWatch()
	p.attached.tidy()
	p.mu.Lock()
	p.stopped, p.err = true, ErrStopped
	p.mu.Unlock()
	close(p.done)
	endWatch()
	p.attached.hangUp()
	close(p.finished)
}

// renewed is called when another process has taken the place of the last one:
// whatever it offers may differ.
func (p *Plugin) renewed() {
	p.changes.mu.Lock()
	defer p.changes.mu.Unlock()
	p.changes.announce(mcp.KindTools | mcp.KindPrompts | mcp.KindResources)
}

// callTime gives a call its absolute cap. Where the process is attached to, the
// call has all the time there is, and only who made it can end it.
func (p *Plugin) callTime(ctx context.Context, sink mcp.Sink) (context.Context, context.CancelFunc) {
	if p.attached == nil {
		return context.WithTimeout(ctx, p.cfg.MaxCallTime)
	}
	if timer, ok := sink.(interface {
		Bound(quiet, total time.Duration)
	}); ok {
		timer.Bound(unhurried, unhurried)
	}
	patient, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if !timedOut(ctx) {
			cancel(context.Cause(ctx))
		}
	})
	return patient, func() {
		stop()
		cancel(nil)
	}
}
