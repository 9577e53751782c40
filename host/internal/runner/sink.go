// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// The rate at which a call's notifications reach its client: a burst, then so
// many a second. What is above is dropped; it was progress of a moment ago.
const (
	noticeBurst       = 100
	noticesEachSecond = 50
)

// A sink passes what a call reports on to the client that asked for it. It is
// used by one goroutine.
type sink struct {
	ctx   context.Context
	req   *Request
	timer *callTimer
	level mcp.LogLevel

	reported bool
	last     float64 // progress, if reported
	tokens   float64 // of the rate, once refilled is set
	refilled time.Time
}

var _ mcp.Sink = (*sink)(nil)

// Progress gives the call more time, and tells the client if it wants to know
// and the value grows, as it must (progress, "Behavior Requirements").
func (s *sink) Progress(p mcp.Progress) {
	s.timer.extend()
	if s.req.Meta.ProgressToken == nil || (s.reported && p.Progress <= s.last) {
		return
	}
	final := p.Total != nil && p.Progress >= *p.Total
	if !s.allowed() && !final {
		return
	}
	s.reported, s.last = true, p.Progress
	s.notify(mcp.NoticeProgress, mcp.AppendProgressParams(nil, s.req.Meta.ProgressToken, p, s.req.Version))
}

// Log tells the client what is severe enough for it.
func (s *sink) Log(m mcp.LogMessage) {
	if s.level == mcp.LogNone || m.Level < s.level || !s.allowed() {
		return
	}
	s.notify(mcp.NoticeMessage, mcp.AppendLogParams(nil, m))
}

// Bound gives the call the time limits of its plugin; zero keeps the host's.
func (s *sink) Bound(quiet, total time.Duration) { s.timer.bound(quiet, total) }

// ReleaseStream lets go of the client's response stream where it can be resumed.
func (s *sink) ReleaseStream(retryAfterMillis uint32) {
	if ch, ok := s.req.Channel.(interface{ Release(time.Duration) }); ok {
		ch.Release(time.Duration(retryAfterMillis) * time.Millisecond)
	}
}

func (s *sink) notify(method string, params []byte) {
	// A client that is gone, or has cancelled, misses it; that is all.
	_ = s.req.Channel.Notify(s.ctx, method, params)
}

func (s *sink) allowed() bool {
	now := time.Now()
	if s.refilled.IsZero() {
		s.tokens = noticeBurst
	} else {
		s.tokens = min(noticeBurst, s.tokens+now.Sub(s.refilled).Seconds()*noticesEachSecond)
	}
	s.refilled = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}
