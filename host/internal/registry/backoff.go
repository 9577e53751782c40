// SPDX-License-Identifier: Apache-2.0

package registry

import "time"

// Backoff says when a plugin that failed is started again: after a random part
// of a delay that doubles from Min to Max with every failure in a row. A plugin
// that fails Failures times within Window is only probed, every Probe, until it
// has run for StableAfter.
type Backoff struct {
	Min         time.Duration // 250ms if zero
	Max         time.Duration // 30s if zero
	Failures    int           // 5 if zero
	Window      time.Duration // 2m if zero
	Probe       time.Duration // 60s if zero
	StableAfter time.Duration // 60s if zero; failures before that long a run are forgotten
}

func (b Backoff) withDefaults() Backoff {
	b.Min = or(b.Min, 250*time.Millisecond)
	b.Max = max(b.Min, or(b.Max, 30*time.Second))
	b.Failures = or(b.Failures, 5)
	b.Window = or(b.Window, 2*time.Minute)
	b.Probe = or(b.Probe, time.Minute)
	b.StableAfter = or(b.StableAfter, time.Minute)
	return b
}

// ceiling returns the longest delay after so many failures in a row.
func (b Backoff) ceiling(streak int) time.Duration {
	d := b.Min
	for range streak - 1 {
		if d >= b.Max/2 {
			return b.Max
		}
		d *= 2
	}
	return d
}

// failures is the record of one thing that keeps failing. It has one owner.
type failures struct {
	policy Backoff
	rand   func() float64

	streak int         // since the last reset
	recent []time.Time // within the window, at most policy.Failures
	open   bool        // the circuit: probe only
}

// add records a failure and returns how long to wait after it.
func (f *failures) add(now time.Time) time.Duration {
	f.streak++
	f.recent = append(f.recent, now)
	for now.Sub(f.recent[0]) > f.policy.Window || len(f.recent) > f.policy.Failures {
		f.recent = f.recent[1:]
	}
	f.open = f.open || len(f.recent) == f.policy.Failures
	if f.open {
		return f.policy.Probe
	}
	// Full jitter: plugins that failed together do not come back together.
	return time.Duration(f.rand() * float64(f.policy.ceiling(f.streak)))
}

// reset forgets every failure.
func (f *failures) reset() {
	f.streak, f.recent, f.open = 0, nil, false
}
