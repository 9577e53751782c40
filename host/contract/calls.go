// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A reply is all that one call of a tool has said.
type reply struct {
	events []*pluginv1.CallToolResponse
	err    error // how the stream ended; nil if in order
	took   time.Duration
}

// outcomes are the events that end a call.
func (r *reply) outcomes() []*pluginv1.CallToolResponse {
	var list []*pluginv1.CallToolResponse
	for _, event := range r.events {
		switch event.GetEvent().(type) {
		case *pluginv1.CallToolResponse_Result, *pluginv1.CallToolResponse_InputRequired, *pluginv1.CallToolResponse_Error:
			list = append(list, event)
		}
	}
	return list
}

// result is that of a call with just one outcome, nil if it is none.
func (r *reply) result() *pluginv1.CallToolResult {
	if list := r.outcomes(); len(list) == 1 {
		return list[0].GetResult()
	}
	return nil
}

// call calls a tool and hears it out.
func (p *process) call(ctx context.Context, tool string, args []byte) *reply {
	f := p.takeOff(ctx, tool, args)
	<-f.done
	f.cancel()
	p.heard(ctx, f.err)
	return &f.reply
}

// A flight is a call while it goes on.
type flight struct {
	cancel  context.CancelFunc
	started chan struct{} // closed when it has reported progress
	done    chan struct{} // closed when it has ended; the reply is complete then
	reply
	ended time.Time
}

// takeOff starts a call. Somebody must wait until it is done, or land it.
func (p *process) takeOff(ctx context.Context, tool string, args []byte) *flight {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	f := &flight{cancel: cancel, started: make(chan struct{}), done: make(chan struct{})}
	req := &pluginv1.CallToolRequest{Context: callContext(), Name: tool, ArgumentsJson: args}
	begun := time.Now()
	go func() {
		defer close(f.done)
		f.err = f.hear(p.tools.CallTool(ctx, req))
		f.ended = time.Now()
		f.took = f.ended.Sub(begun)
	}()
	return f
}

// hear reads all events and returns what is wrong with the end.
func (f *flight) hear(stream grpc.ServerStreamingClient[pluginv1.CallToolResponse], err error) error {
	progress := sync.OnceFunc(func() { close(f.started) })
	for err == nil {
		var event *pluginv1.CallToolResponse
		if event, err = stream.Recv(); err == nil {
			f.events = append(f.events, event)
		}
		if event.GetProgress() != nil {
			progress()
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// land cancels the call and waits for its end.
func (f *flight) land() {
	f.cancel()
	<-f.done
}

// inFlight waits until the call has reported progress, and a moment more. It
// returns why the call is not in flight then; empty if it is.
func (f *flight) inFlight(ctx context.Context, moment time.Duration) string {
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	select {
	case <-f.started:
	case <-f.done:
	case <-ctx.Done():
		return "reports no progress in time"
	}
	timer := time.NewTimer(moment)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
	}
	select {
	case <-f.done:
		if f.hangs() {
			return "reports no progress in time"
		}
		return "ends with " + said(&f.reply) + " before anything can be done to it"
	default:
		return ""
	}
}

// callContext is that of a client that can answer nothing but hears everything.
func callContext() *pluginv1.CallContext {
	return &pluginv1.CallContext{
		RequestId: "test", WantsProgress: true, LogLevel: pluginv1.LogLevel_LOG_LEVEL_DEBUG,
		Client: &pluginv1.ClientInfo{Name: "mcphost plugin test"}, Capabilities: &pluginv1.ClientCapabilities{},
	}
}
