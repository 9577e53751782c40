// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
)

var (
	errFull = errors.New("too many calls are waiting")
	errGone = errors.New("the process ended")
)

// A gate bounds the calls that are in flight and those that wait for one of
// them to end. Who waits longest enters first. A call that is cancelled, or ended
// by its timer, gives its place back at once, before the plugin is done with it:
// to wait for the plugin's word would let one that ignores cancellation use up
// its places. Such a plugin can have more calls to work on than the gate admits.
type gate struct {
	running chan struct{} // one element for each call in flight
	waiting chan struct{} // one for each that waits
}

func newGate(running, waiting int) gate {
	return gate{running: make(chan struct{}, running), waiting: make(chan struct{}, waiting)}
}

// enter takes a place, waiting for one if need be. Every enter that succeeded
// is followed by leave.
func (g gate) enter(ctx context.Context, done <-chan struct{}) error {
	select {
	case g.running <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.waiting <- struct{}{}:
	default:
		return errFull
	}
	defer func() { <-g.waiting }()
	select {
	case g.running <- struct{}{}:
		if ctx.Err() != nil { // both were ready: the caller has left
			g.leave()
			return context.Cause(ctx)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-done:
		return errGone
	}
}

func (g gate) leave() { <-g.running }

// empty reports whether no call is in flight.
func (g gate) empty() bool { return len(g.running) == 0 }
