// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"math"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A reporter passes a call's events on, those that somebody wants.
type reporter struct {
	call *mcp.CallContext
	sink mcp.Sink
	log  interface{ Debug(string, ...any) }

	moved bool
	last  float64 // progress passed on
}

// pass drops an event of no kind, or of one that the host does not know.
func (r *reporter) pass(event report) {
	if progress := event.GetProgress(); progress != nil {
		r.progress(progress)
		return
	}
	if message := event.GetLog(); message != nil {
		r.message(message)
		return
	}
	if release := event.GetReleaseStream(); release != nil {
		r.sink.ReleaseStream(release.GetRetryAfterMs())
	}
}

// progress drops what does not grow (MCP, "Progress": "the progress value MUST
// increase with each notification").
func (r *reporter) progress(event *pluginv1.Progress) {
	now := event.GetProgress()
	if !r.call.WantsProgress || !finite(now) || r.moved && now <= r.last {
		return
	}
	r.moved, r.last = true, now
	progress := mcp.Progress{Progress: now, Message: event.GetMessage()}
	if total := event.GetTotal(); event.Total != nil && finite(total) {
		progress.Total = &total
	}
	r.sink.Progress(progress)
}

func (r *reporter) message(event *pluginv1.Log) {
	level := logLevel(event.GetLevel())
	if r.call.LogLevel == mcp.LogNone || level < r.call.LogLevel {
		return
	}
	if err := rawjson.Valid(event.GetDataJson()); err != nil {
		r.log.Debug("log event of a plugin dropped", "err", err)
		return
	}
	r.sink.Log(mcp.LogMessage{Level: level, Logger: event.GetLogger(), Data: oneLine(event.GetDataJson())})
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
