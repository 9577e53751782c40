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
	errClosed           = errors.New("the server is shutting down")
	errStartTimeout     = errors.New("did not start in time")
	errListTimeout      = errors.New("did not list in time")
	errSubscribeTimeout = errors.New("did not take the subscriptions in time")
	errStopped          = errors.New("stopped")
	errNoPlugin         = errors.New("start returned no plugin")
	errDiscoverTimeout  = errors.New("discovery did not end in time")
)

// startSlot is how long a start counts among the few at the same time. What
// takes longer waits rather than works, and must not keep those from starting
// that would not hang.
const startSlot = 2 * time.Second

// attempt starts the source's plugin once and asks what it offers. It waits for
// one of the few start slots first. On error nothing is left running.
func (r *Registry) attempt(src *source, last *contribution) (Plugin, *contribution, error) {
	select {
	case r.starting <- struct{}{}:
		release := sync.OnceFunc(func() { <-r.starting })
		defer release()
		defer time.AfterFunc(startSlot, release).Stop()
	case <-r.life.Done():
		return nil, nil, errClosed
	}
	p, err := r.start(src)
	if err != nil {
		return nil, nil, err
	}
	offers, err := r.ask(src, p, last, mcp.AllKinds)
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
