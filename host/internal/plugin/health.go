// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// A plugin that is stopped or deadlocked keeps its process and its connection,
// so only a question shows it. The question is asked when there is a reason:
// nothing ticks while a plugin is idle or answers.
const (
	healthTimeout  = 2 * time.Second  // for one answer
	healthFailures = 2                // in a row, and the plugin is declared dead
	healthIdle     = 60 * time.Second // without an answer: then it is asked before it is used
)

// errSilent is the end of a plugin that was killed because it was frozen.
var errSilent = errors.New("does not answer health checks")

// A health says when the plugin answered last, and owns the check that is under
// way, if any.
type health struct {
	service grpc_health_v1.HealthClient
	begun   time.Time
	heard   atomic.Int64 // nanoseconds from begun to the last answer

	life context.Context    // ends with the checks
	end  context.CancelFunc // ends life
	work sync.WaitGroup     // the check; added to under mu, never after the end

	mu    sync.Mutex
	over  chan struct{} // closed when the check under way is over; nil if there is none
	ended bool
}

func newHealth(conn grpc.ClientConnInterface) *health {
	life, end := context.WithCancel(context.Background())
	return &health{service: grpc_health_v1.NewHealthClient(conn), begun: time.Now(), life: life, end: end}
}

// answered notes that the plugin has just answered something.
func (h *health) answered() {
	if h != nil {
		h.heard.Store(int64(time.Since(h.begun)))
	}
}

// quiet reports whether the plugin has not answered anything for long.
func (h *health) quiet() bool {
	return h != nil && time.Since(h.begun)-time.Duration(h.heard.Load()) > healthIdle
}

// check asks the plugin whether it is there, unless somebody does already, and
// returns what is closed when the answer is known. If it gives none, dead is
// called.
func (h *health) check(dead func()) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended:
		return h.life.Done()
	case h.over != nil:
		return h.over
	}
	over := make(chan struct{})
	h.over = over
	h.work.Go(func() {
		h.examine(dead)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.over = nil
		close(over)
	})
	return over
}

func (h *health) examine(dead func()) {
	for range healthFailures {
		if h.answers() {
			h.answered()
			return
		}
	}
	if h.life.Err() == nil {
		dead()
	}
}

// answers asks once. Whatever comes back shows that somebody is there, also
// that the plugin has no health service; a connection that was just lost is
// given the time to be made again.
func (h *health) answers() bool {
	ctx, cancel := context.WithTimeout(h.life, healthTimeout)
	defer cancel()
	req := &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName}
	_, err := h.service.Check(ctx, req, grpc.WaitForReady(true))
	return ctx.Err() == nil && status.Code(err) != codes.Unavailable
}

// stop ends the check under way and allows no more. It does not wait.
func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.end()
}

// doubt has the plugin examined after a call that the host gave up because of
// the time. That a client gave up says nothing about the plugin.
func (p *Plugin) doubt(ctx context.Context) {
	if p.health != nil && timedOut(ctx) {
		p.health.check(p.declareDead)
	}
}

// timedOut reports whether ctx ended because of the time: by its deadline, or
// by a timer that says so in the way of the standard library.
func timedOut(ctx context.Context) bool {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return true
	}
	var late interface{ Timeout() bool }
	return errors.As(context.Cause(ctx), &late) && late.Timeout()
}

// checkBeforeUse has a plugin examined that was idle for long, so that a call
// finds out in 2 s rather than at the end of its time. It waits no longer than
// that.
func (p *Plugin) checkBeforeUse(ctx context.Context) {
	if !p.gate.empty() || !p.health.quiet() {
		return
	}
	timer := time.NewTimer(healthTimeout)
	defer timer.Stop()
	select {
	case <-p.health.check(p.declareDead):
	case <-timer.C:
	case <-ctx.Done():
	case <-p.done:
	}
}

// declareDead ends a plugin that does not answer. It runs in the check.
func (p *Plugin) declareDead() {
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return // the stop has its own patience
	}
	p.silent = true
	p.mu.Unlock()
	p.log.Warn("plugin " + errSilent.Error() + ": killing it")
	p.proc.kill()
	if !p.gone(context.Background(), killWait) {
		p.lose()
	}
}
