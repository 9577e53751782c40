// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A callTimer ends a call's context when the call has shown no progress for a
// while, or has taken too long in all. Progress only notes the time: the one
// timer looks when it fires.
type callTimer struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	start  time.Time

	mu       sync.Mutex
	quiet    time.Duration
	latest   time.Time // the end whatever the progress
	timer    *time.Timer
	deadline time.Time
}

// errTooLong is the cause of an expired call.
type errTooLong struct{ why string }

func (e *errTooLong) Error() string { return e.why }

// Timeout tells the plugin room, as context.DeadlineExceeded would, that it was
// not the client who gave up.
func (e *errTooLong) Timeout() bool { return true }

func startCallTimer(parent context.Context, quiet, total time.Duration) *callTimer {
	ctx, cancel := context.WithCancelCause(parent)
	now := time.Now()
	t := &callTimer{ctx: ctx, cancel: cancel, start: now, quiet: quiet, latest: now.Add(total)}
	t.deadline = t.next(now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(t.deadline.Sub(now), t.fire)
	return t
}

func (t *callTimer) next(now time.Time) time.Time {
	if d := now.Add(t.quiet); d.Before(t.latest) {
		return d
	}
	return t.latest
}

// extend gives the call its quiet time anew.
func (t *callTimer) extend() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deadline = t.next(time.Now())
}

// bound replaces the limits that are not zero.
func (t *callTimer) bound(quiet, total time.Duration) {
	if quiet == 0 && total == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if quiet != 0 {
		t.quiet = quiet
	}
	if total != 0 {
		t.latest = t.start.Add(total)
	}
	t.deadline = t.next(time.Now())
	t.timer.Reset(time.Until(t.deadline))
}

func (t *callTimer) fire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if left := t.deadline.Sub(now); left > 0 {
		t.timer.Reset(left)
		return
	}
	why := fmt.Sprintf("no progress for %s", t.quiet)
	if !now.Before(t.latest) {
		why = "the longest time that a call may take is over"
	}
	t.cancel(&errTooLong{why})
}

func (t *callTimer) stop() {
	t.timer.Stop()
	t.cancel(nil)
}

func (t *callTimer) expired() bool {
	var e *errTooLong
	return errors.As(context.Cause(t.ctx), &e)
}

func (t *callTimer) cause() error { return context.Cause(t.ctx) }
