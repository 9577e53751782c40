// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A state is where a source is in its life:
//
//	idle -> starting -> ready -> (crash) restarting -> ready
//	           |  ^                  | too many crashes
//	           v  |                  v
//	         backoff <---------------+        disabled (permanent; Reload only)
type state uint8

const (
	idle       state = iota // nothing was asked of it yet
	starting                // its first attempt, or one after a failed attempt, is under way
	ready                   // runs
	restarting              // ran before; starts when a call needs it, or is starting
	backoff                 // failed; starts again at retryAt by itself
	disabled                // failed for good
)

var stateNames = [...]string{"idle", "starting", "ready", "restarting", "backoff", "disabled"}

func (s state) String() string { return stateNames[s] }

// A source is a configured source and how it is doing.
type source struct {
	Source  // immutable
	index   int
	needed  chan struct{}     // holds one token when a call waits for the plugin to run
	reloads chan chan<- error // taken by the supervisor, which answers each once

	status // guarded by Registry.mu; written by the supervisor once there is one
}

// A status is the part of a source that snapshots copy.
type status struct {
	name     string
	provides mcp.Kinds
	state    state
	plugin   Plugin        // when ready
	offers   *contribution // the last good one; nil before that, and when disabled
	retryAt  time.Time     // no attempt begins before; zero if one may at once
	err      error         // why it does not run; nil when it does
	trouble  string        // the same, for clients
	failed   uint64        // how many attempts have failed
	listed   int           // of its names, in the list
	hidden   int           // of its names, taken by others
}

func newSource(s Source, index int) *source {
	if s.Provides == 0 {
		s.Provides = mcp.AllKinds
	}
	return &source{
		Source:  s,
		index:   index,
		needed:  make(chan struct{}, 1),
		reloads: make(chan chan<- error),
		status:  status{name: s.Name, provides: s.Provides},
	}
}

// need tells the supervisor that a call waits for the plugin. It never blocks.
func (s *source) need() {
	select {
	case s.needed <- struct{}{}:
	default:
	}
}

// bears reports whether the name begins with the source's prefix.
func (s *source) bears(name string) bool {
	return s.Prefix != "" && strings.HasPrefix(name, namespace(s.Prefix))
}

// pending reports whether the source may soon contribute something that it does
// not contribute yet. One that failed before is not worth waiting for.
func (st *status) pending() bool {
	return st.offers == nil && (st.state == idle || st.state == starting && st.err == nil)
}

// failing reports whether the source contributes nothing because it failed.
func (st *status) failing() bool { return st.offers == nil && st.err != nil }

// absent reports whether the source may yet contribute, but does not.
func (st *status) absent() bool { return st.offers == nil && st.state != disabled }

// running reports whether the plugin can be called. A plugin can be gone for a
// moment before its supervisor has said so.
func (st *status) running() bool {
	if st.plugin == nil {
		return false
	}
	select {
	case <-st.plugin.Done():
		return false
	default:
		return true
	}
}

// public returns the status for clients and people.
func (st *status) public() mcp.SourceState {
	reasons := make([]string, 0, 2)
	if st.trouble != "" {
		reasons = append(reasons, st.trouble)
	}
	if st.hidden > 0 {
		reasons = append(reasons, fmt.Sprintf("%d of its names are taken by others earlier in the configuration", st.hidden))
	}
	return mcp.SourceState{
		Name:   st.name,
		State:  st.state.String(),
		Reason: strings.Join(reasons, "; "),
		Tools:  st.listed,
	}
}

// unavailable returns the tool error for a call that the source cannot serve.
func (st *status) unavailable(now time.Time) *mcp.PluginError {
	text := "is not available now; try again"
	switch wait := st.retryAt.Sub(now); {
	case st.state == disabled:
		text = "cannot be started as it is installed or configured"
	case wait > 0:
		seconds := (wait + time.Second - 1) / time.Second
		text = fmt.Sprintf("is not available now; try again in %d s", seconds)
	}
	return &mcp.PluginError{Plugin: st.name, Text: text, Err: st.err}
}

// trouble says for clients why a plugin does not run. The cause itself may
// hold paths and output of the plugin; only the log sees it.
func trouble(what string, err error) string {
	if e, ok := errors.AsType[*mcp.PluginError](err); ok {
		return what + ": " + e.Text
	}
	return what
}

// permanent reports whether trying again is pointless.
func permanent(err error) bool {
	p, ok := errors.AsType[permanentError](err)
	return ok && p.Permanent()
}

type permanentError interface {
	error
	Permanent() bool
}
