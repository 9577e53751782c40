// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallEndsWhenItShowsNoProgressOrHasTakenTooLong(t *testing.T) {
	const quiet, total = time.Minute, 10 * time.Minute
	tests := map[string]struct {
		every time.Duration // between two reports of progress; 0: none
		bound time.Duration // the plugin's own quiet time; 0: the host's
		ends  time.Duration
		why   string
	}{
		"no progress":                   {0, 0, quiet, "no progress for 1m0s"},
		"progress that is seldom":       {2 * quiet, 0, quiet, "no progress for 1m0s"},
		"progress without end":          {quiet / 2, 0, total, "the longest time that a call may take is over"},
		"a plugin with another limit":   {0, 5 * time.Second, 5 * time.Second, "no progress for 5s"},
		"a plugin that may take longer": {0, 3 * time.Minute, 3 * time.Minute, "no progress for 3m0s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				timer := startCallTimer(t.Context(), quiet, total)
				defer timer.stop()
				timer.bound(test.bound, 0)
				for test.every > 0 && timer.ctx.Err() == nil {
					select {
					case <-time.After(test.every):
						timer.extend()
					case <-timer.ctx.Done():
					}
				}
				<-timer.ctx.Done()
				if took := time.Since(begun); took != test.ends || !timer.expired() || timer.cause().Error() != test.why {
					t.Errorf("ended after %v, expired %t: %v; want %v: %s", took, timer.expired(), timer.cause(), test.ends, test.why)
				}
			})
		})
	}
}

func TestCallThatIsCancelledOrOverHasNotExpired(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	timer := startCallTimer(parent, time.Hour, time.Hour)
	cancel()
	<-timer.ctx.Done()
	if timer.expired() {
		t.Error("a cancelled call has expired")
	}
	timer.stop()

	timer = startCallTimer(t.Context(), time.Hour, time.Hour)
	timer.stop()
	if timer.expired() {
		t.Error("a call that is over has expired")
	}
}
