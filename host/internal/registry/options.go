// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/hashicorp/go-hclog"
)

// A Wait is how long a list waits for plugins that are starting.
type Wait string

// The waits.
const (
	WaitBudget Wait = "budget" // for ListWait, then it is answered with what there is
	WaitAll    Wait = "all"    // until every plugin has answered or failed
	WaitNone   Wait = "none"   // not at all
)

// Options configure a [Registry]. The zero value works and has no plugins.
type Options struct {
	// Discover returns the sources in configuration order. It runs at the
	// first read, once for all who wait, and again, with backoff, if it fails.
	Discover func(ctx context.Context) ([]Source, error)

	Wait          Wait          // WaitBudget if empty
	ListWait      time.Duration // 3s if zero
	ListWaitEmpty time.Duration // 4.5s if zero; ListWait while there is nothing at all to list
	Strict        bool          // a list is an error unless every plugin is in it

	StartTimeout  time.Duration // 30s if zero; a start that takes longer has failed
	ListTimeout   time.Duration // 5s if zero; for each list that is asked of a plugin, and each set of subscriptions
	CallStartWait time.Duration // 30s if zero; how long a call waits for its plugin
	StartLimit    int           // plugins that start at the same time; twice the CPUs if zero

	Backoff  Backoff
	Coalesce time.Duration // 150ms if zero; changes within it are announced as one

	Log  hclog.Logger   // discards if nil
	Rand func() float64 // in [0,1), for jitter; math/rand if nil; safe for concurrent use
}

// withDefaults returns the options with every zero field filled in.
func (o Options) withDefaults() Options {
	o.ListWait = or(o.ListWait, 3*time.Second)
	o.ListWaitEmpty = max(o.ListWait, or(o.ListWaitEmpty, 4500*time.Millisecond))
	o.StartTimeout = or(o.StartTimeout, 30*time.Second)
	o.ListTimeout = or(o.ListTimeout, 5*time.Second)
	o.CallStartWait = or(o.CallStartWait, 30*time.Second)
	o.StartLimit = or(o.StartLimit, 2*runtime.NumCPU())
	o.Coalesce = or(o.Coalesce, 150*time.Millisecond)
	o.Backoff = o.Backoff.withDefaults()
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return o
}

// or returns v, or fallback if v is not positive.
func or[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}
