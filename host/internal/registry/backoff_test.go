// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"testing"
	"time"
)

func TestBackoffDoublesUpToItsMaximum(t *testing.T) {
	f := failures{policy: Backoff{Max: 3 * time.Second, Failures: 100}.withDefaults(), rand: func() float64 { return 1 }}
	for i, want := range []time.Duration{250, 500, 1000, 2000, 3000, 3000} {
		if got := f.add(time.Time{}); got != want*time.Millisecond {
			t.Errorf("failure %d: %v, want %v ms", i+1, got, want)
		}
	}
	f.reset()
	if got := f.add(time.Time{}); got != 250*time.Millisecond {
		t.Errorf("after a reset: %v", got)
	}
}

func TestBackoffIsJitteredInFull(t *testing.T) {
	for _, r := range []float64{0, 0.25, 0.999} {
		f := failures{policy: Backoff{}.withDefaults(), rand: func() float64 { return r }}
		if got, want := f.add(time.Time{}), time.Duration(r*float64(250*time.Millisecond)); got != want {
			t.Errorf("with %v: %v, want %v", r, got, want)
		}
	}
}

func TestCircuitOpensOnlyForFailuresWithinTheWindow(t *testing.T) {
	f := failures{policy: Backoff{}.withDefaults(), rand: func() float64 { return 0 }}
	now := time.Time{}
	for range 20 {
		now = now.Add(31 * time.Second) // 4 within 2 min
		if f.add(now); f.open {
			t.Fatal("the circuit opened for rare failures")
		}
	}
	for range 3 {
		f.add(now)
	}
	if !f.open {
		t.Error("the circuit did not open")
	}
	if got := f.add(now.Add(time.Hour)); got != time.Minute {
		t.Errorf("an open circuit waits %v, want the probe", got)
	}
	if cap(f.recent) > 16 {
		t.Errorf("%d failures are remembered", cap(f.recent))
	}
}
