// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"sync"
)

// A gate counts the calls in flight and can be closed to new ones.
type gate struct {
	closed chan struct{} // closed when no more calls are let in
	idle   chan struct{} // closed when in addition none is left

	mu     sync.Mutex
	inside int
	shut   bool
}

func newGate() *gate {
	return &gate{closed: make(chan struct{}), idle: make(chan struct{})}
}

// enter lets one call in, who has to leave. It reports false when the gate is
// closed.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.shut && g.inside == 0 {
		close(g.idle)
	}
}

// drain closes the gate and waits until the last call has left, or ctx ends. It
// reports whether all have left.
func (g *gate) drain(ctx context.Context) bool {
	g.mu.Lock()
	if !g.shut {
		g.shut = true
		close(g.closed)
		if g.inside == 0 {
			close(g.idle)
		}
	}
	empty := g.inside == 0
	g.mu.Unlock()
	if empty {
		return true
	}

	select {
	case <-g.idle:
		return true
	case <-ctx.Done():
		return false
	}
}
