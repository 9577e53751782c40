// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"google.golang.org/grpc"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// lastWait is how long a plugin may take to end a stream after its outcome.
const lastWait = 100 * time.Millisecond

// CallTool runs one tool under the plugin's own name for it. What the plugin
// reports goes to sink, in order, from the calling goroutine; nothing follows
// the return. When ctx ends the call is cancelled in the plugin too.
//
// The error is a *mcp.ProtocolError if the plugin says that the call cannot be
// served as asked, a *mcp.PluginError if the plugin fails, is busy or is gone,
// and wraps ctx's cause if the caller gave up.
func (p *Plugin) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	if err := p.gate.enter(ctx, p.done); err != nil {
		return mcp.Outcome{}, p.gateError(ctx, err)
	}
	defer p.gate.leave()
	if err := p.Err(); err != nil {
		return mcp.Outcome{}, p.failure(textGone, err)
	}

	ctx, cancel := context.WithTimeout(withTrace(ctx, call.Context.Trace), p.cfg.MaxCallTime)
	defer cancel()
	stream, err := p.tools.CallTool(ctx, p.toolRequest(call))
	if err != nil {
		return mcp.Outcome{}, p.callError(ctx, err)
	}
	event, err := p.outcome(ctx, stream, &reporter{call: &call.Context, sink: sink, log: p.log})
	if err != nil {
		return mcp.Outcome{}, err
	}
	settle(stream, cancel)
	return p.toolOutcome(event)
}

// outcome passes on what the plugin reports until the event that ends the call.
func (p *Plugin) outcome(ctx context.Context, stream grpc.ServerStreamingClient[pluginv1.CallToolResponse], report *reporter) (*pluginv1.CallToolResponse, error) {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, p.failure(textNoOutcome, err)
		}
		if err != nil {
			return nil, p.callError(ctx, err)
		}
		switch e := event.GetEvent().(type) {
		case *pluginv1.CallToolResponse_Progress:
			report.progress(e.Progress)
		case *pluginv1.CallToolResponse_Log:
			report.message(e.Log)
		case *pluginv1.CallToolResponse_ReleaseStream:
			report.sink.ReleaseStream(e.ReleaseStream.GetRetryAfterMs())
		case *pluginv1.CallToolResponse_Result, *pluginv1.CallToolResponse_InputRequired, *pluginv1.CallToolResponse_Error:
			return event, nil
		}
	}
}

// settle lets the stream end by itself, as it does at once after its outcome.
// To cancel it would cost a reset, and some servers drop the connection after
// about a thousand of those.
func settle(stream grpc.ServerStreamingClient[pluginv1.CallToolResponse], cancel context.CancelFunc) {
	timer := time.AfterFunc(lastWait, cancel)
	defer timer.Stop()
	for {
		if _, err := stream.Recv(); err != nil {
			return
		}
	}
}

// toolOutcome reads the event that ended a call.
func (p *Plugin) toolOutcome(event *pluginv1.CallToolResponse) (mcp.Outcome, error) {
	switch e := event.GetEvent().(type) {
	case *pluginv1.CallToolResponse_Result:
		result, err := toolResult(e.Result)
		if err != nil {
			return mcp.Outcome{}, p.failure(err.Error(), err)
		}
		return mcp.Outcome{Tool: result}, nil
	case *pluginv1.CallToolResponse_InputRequired:
		input, err := inputRequired(e.InputRequired)
		if err != nil {
			return mcp.Outcome{}, p.failure(err.Error(), err)
		}
		return mcp.Outcome{InputRequired: input}, nil
	default:
		return mcp.Outcome{}, protocolError(event.GetError())
	}
}

// gateError words the failure to get a place.
func (p *Plugin) gateError(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errFull):
		return p.failure(fmt.Sprintf(textBusy, p.desc.MaxConcurrent, p.cfg.QueueLimit), err)
	case errors.Is(err, errGone):
		return p.failure(textGone, p.Err())
	}
	return p.callError(ctx, err)
}

// A reporter passes a call's events on, those that somebody wants.
type reporter struct {
	call *mcp.CallContext
	sink mcp.Sink
	log  interface{ Debug(string, ...any) }

	moved bool
	last  float64 // progress passed on
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
