// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// patience is how long something that was told to give up may take to say why.
const patience = time.Second

var (
	errClosed          = errors.New("the server is shutting down")
	errStartTimeout    = errors.New("did not start in time")
	errListTimeout     = errors.New("did not list in time")
	errStopped         = errors.New("stopped")
	errNoPlugin        = errors.New("start returned no plugin")
	errDiscoverTimeout = errors.New("discovery did not end in time")
)

// attempt starts the source's plugin once and asks what it offers. It waits for
// one of the few start slots first. On error nothing is left running.
func (r *Registry) attempt(src *source, last *contribution) (Plugin, *contribution, error) {
	select {
	case r.starting <- struct{}{}:
		defer func() { <-r.starting }()
	case <-r.life.Done():
		return nil, nil, errClosed
	}
	p, err := r.start(src)
	if err != nil {
		return nil, nil, err
	}
	offers, err := r.ask(src, p, last)
	if err != nil {
		r.closePlugin(p)
		return nil, nil, err
	}
	return p, offers, nil
}

// start runs the plugin, for at most StartTimeout. A plugin that comes later
// than that is closed by whoever brings it.
func (r *Registry) start(src *source) (Plugin, error) {
	ctx, cancel := context.WithTimeoutCause(r.life, r.opts.StartTimeout, errStartTimeout)
	defer cancel()
	late := func(p Plugin) {
		if p != nil {
			r.closePlugin(p)
		}
	}
	p, err := detached(ctx, &r.work, r.log, src.Start, late)
	if err == nil && p == nil {
		return nil, errNoPlugin
	}
	return p, err
}

// ask returns what the plugin offers: last itself if nothing has changed.
func (r *Registry) ask(src *source, p Plugin, last *contribution) (*contribution, error) {
	next := &contribution{}
	if tools, ok := p.(ToolPlugin); ok && src.Provides.Has(mcp.KindTools) {
		ctx, cancel := context.WithTimeoutCause(r.life, r.opts.ListTimeout, errListTimeout)
		defer cancel()
		listed, err := detached(ctx, &r.work, r.log, tools.ListTools, func([]mcp.Tool) {})
		if err != nil {
			return nil, fmt.Errorf("list tools: %w", err)
		}
		next.tools = toolItems(src, listed)
	}
	if last == nil {
		return next, nil
	}
	var same bool
	if next.tools, same = keepSame(next.tools, last.tools); same {
		return last, nil
	}
	return next, nil
}

// detached runs f in a goroutine of its own and waits for it, but not for long
// after ctx has ended: f may hang. What f brings after the end of ctx goes to
// late, and a panic in f is an error. Each run hands over on a channel of its
// own, so that the result of an abandoned one cannot pass for a newer one's.
func detached[T any](ctx context.Context, work *sync.WaitGroup, log hclog.Logger, f func(context.Context) (T, error), late func(T)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	outcomes, abandoned := make(chan outcome), make(chan struct{})
	work.Go(func() {
		value, err := safely(ctx, log, f)
		if err == nil && ctx.Err() != nil {
			late(value)
			err = context.Cause(ctx)
		}
		select {
		case outcomes <- outcome{value, err}:
		case <-abandoned:
			if err == nil {
				late(value)
			}
		}
	})

	select {
	case o := <-outcomes:
		return o.value, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-outcomes:
		return o.value, o.err
	case <-time.After(patience):
		close(abandoned)
		var none T
		return none, context.Cause(ctx)
	}
}

// safely calls f and returns its panic as an error.
func safely[T any](ctx context.Context, log hclog.Logger, f func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic", "value", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f(ctx)
}
