// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// lastWait is how long a plugin may take to end a stream after its outcome.
const lastWait = 100 * time.Millisecond

// A receiver is the client's end of a stream of events.
type receiver[E any] interface{ Recv() (E, error) }

// An event is a message of any stream that ends with a result of type R. The
// generated messages differ in nothing else.
type event[R any] interface {
	report
	outcome[R]
}

// A report is what a call says before its outcome.
type report interface {
	GetProgress() *pluginv1.Progress
	GetLog() *pluginv1.Log
	GetReleaseStream() *pluginv1.ReleaseStream
}

// An outcome is what ends a call.
type outcome[R any] interface {
	GetResult() R
	GetInputRequired() *pluginv1.InputRequired
	GetError() *pluginv1.ProtocolError
}

// A round is one call of one method that streams.
type round[E event[R], R comparable] struct {
	service string // for error texts
	report  reporter
	open    func(context.Context) (receiver[E], error)
	result  func(R) (mcp.Outcome, error) // its error completes "plugin <name> ..."
}

// perform runs a call from its place in the queue to its outcome.
func perform[E event[R], R comparable](ctx context.Context, p *Plugin, r *round[E, R]) (mcp.Outcome, error) {
	if err := p.enter(ctx, r.service); err != nil {
		return mcp.Outcome{}, err
	}
	defer p.gate.leave()
	ctx, cancel := p.callTime(withTrace(ctx, r.report.call.Trace), r.report.sink)
	defer cancel()
	stream, err := r.open(ctx)
	if err != nil {
		return mcp.Outcome{}, p.callError(ctx, r.service, err)
	}
	last, err := r.follow(stream)
	if errors.Is(err, io.EOF) {
		return mcp.Outcome{}, p.failure(textNoOutcome, err)
	}
	if err != nil {
		return mcp.Outcome{}, p.callError(ctx, r.service, err)
	}
	p.health.answered()
	settle(stream, cancel)
	return conclude(p, r, last)
}

// enter takes a place among the calls in flight, to be given back by leave.
func (p *Plugin) enter(ctx context.Context, service string) error {
	p.checkBeforeUse(ctx)
	err := p.gate.enter(ctx, p.done)
	switch {
	case errors.Is(err, errFull):
		return p.failure(fmt.Sprintf(textBusy, p.desc.Load().MaxConcurrent, p.cfg.QueueLimit), err)
	case errors.Is(err, errGone):
		return p.failure(textGone, p.Err())
	case err != nil:
		return p.callError(ctx, service, err)
	}
	if err := p.Err(); err != nil {
		p.gate.leave()
		return p.failure(textGone, err)
	}
	return nil
}

// follow passes on what the plugin reports until the event that ends the call.
func (r *round[E, R]) follow(stream receiver[E]) (E, error) {
	for {
		event, err := stream.Recv()
		if err != nil || r.ends(event) {
			return event, err
		}
		r.report.pass(event)
	}
}

func (r *round[E, R]) ends(event E) bool {
	var none R
	return event.GetResult() != none || event.GetInputRequired() != nil || event.GetError() != nil
}

// settle lets the stream end by itself, as it does at once after its outcome.
// To cancel it would cost a reset, and some servers drop the connection after
// about a thousand of those.
func settle[E any](stream receiver[E], cancel context.CancelFunc) {
	timer := time.AfterFunc(lastWait, cancel)
	defer timer.Stop()
	for {
		if _, err := stream.Recv(); err != nil {
			return
		}
	}
}

// conclude reads the event that ended a call.
func conclude[E event[R], R comparable](p *Plugin, r *round[E, R], last E) (mcp.Outcome, error) {
	if refused := last.GetError(); refused != nil {
		return mcp.Outcome{}, protocolError(refused)
	}
	var out mcp.Outcome
	var err error
	if asked := last.GetInputRequired(); asked != nil {
		out.InputRequired, err = inputRequired(asked)
	} else {
		out, err = r.result(last.GetResult())
	}
	if err != nil {
		return mcp.Outcome{}, p.failure(err.Error(), err)
	}
	return out, nil
}
