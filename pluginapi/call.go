// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A LogLevel orders log messages for the client by severity (RFC 5424).
type LogLevel int

// The log levels, least severe first.
const (
	LevelDebug     = LogLevel(pluginv1.LogLevel_LOG_LEVEL_DEBUG)
	LevelInfo      = LogLevel(pluginv1.LogLevel_LOG_LEVEL_INFO)
	LevelNotice    = LogLevel(pluginv1.LogLevel_LOG_LEVEL_NOTICE)
	LevelWarning   = LogLevel(pluginv1.LogLevel_LOG_LEVEL_WARNING)
	LevelError     = LogLevel(pluginv1.LogLevel_LOG_LEVEL_ERROR)
	LevelCritical  = LogLevel(pluginv1.LogLevel_LOG_LEVEL_CRITICAL)
	LevelAlert     = LogLevel(pluginv1.LogLevel_LOG_LEVEL_ALERT)
	LevelEmergency = LogLevel(pluginv1.LogLevel_LOG_LEVEL_EMERGENCY)
)

// Progress tells the client how far the call is: done so far of total, in any
// unit, and what is being done, for people. done must grow from call to call. A
// total of zero is unknown. It does nothing when nobody reads it, after the
// handler has returned, and outside a call.
func Progress(ctx context.Context, done, total float64, message string) {
	c, ok := callOf(ctx)
	if !ok || !c.info.GetWantsProgress() {
		return
	}
	p := &pluginv1.Progress{Progress: done, Message: validText(message)}
	if total != 0 {
		p.Total = &total
	}
	c.emit(ctx, func(e events) error { return e.progress(p) })
}

// Log sends a log message to the client, never secrets. args are keys and
// values in turn. What concerns the operator goes to Logger instead. It does
// nothing for levels that the client does not want, after the handler has
// returned, and outside a call.
func Log(ctx context.Context, level LogLevel, message string, args ...any) {
	c, ok := callOf(ctx)
	if !ok || c.info.GetLogLevel() == 0 || level < LogLevel(c.info.GetLogLevel()) {
		return
	}
	l := &pluginv1.Log{Level: pluginv1.LogLevel(level), DataJson: logData(message, args)}
	c.emit(ctx, func(e events) error { return e.log(l) })
}

// ReleaseStream asks the host to end the client's response stream and let the
// client resume it after retryAfter, so that a long call holds no connection.
// The host decides when if that is zero. It does nothing where the client's
// protocol cannot resume, and outside a call.
func ReleaseStream(ctx context.Context, retryAfter time.Duration) {
	c, ok := callOf(ctx)
	if !ok {
		return
	}
	r := &pluginv1.ReleaseStream{RetryAfterMs: uint32(max(0, retryAfter.Milliseconds()))}
	c.emit(ctx, func(e events) error { return e.release(r) })
}

// Logger returns the operator's log, which names the call in every line. Outside
// a call it drops everything; use Plugin.Logger there.
func Logger(ctx context.Context) hclog.Logger {
	c, ok := callOf(ctx)
	if !ok {
		return hclog.NewNullLogger()
	}
	return c.operator.With(c.kind, c.name, "request_id", c.info.GetRequestId())
}

// events carries what a call says before its outcome. One goroutine at a time
// uses it.
type events interface {
	progress(*pluginv1.Progress) error
	log(*pluginv1.Log) error
	release(*pluginv1.ReleaseStream) error
}

// A call is one call in flight.
type call struct {
	kind     string // tool, resource, prompt or completion; immutable
	name     string // of what is called, or its URI
	info     *pluginv1.CallContext
	operator hclog.Logger
	exchange *exchange // the questions; nil where none may be asked

	// turn holds one token: who takes it may use events and over, and puts it
	// back. Unlike a mutex it is waited for no longer than the call lasts.
	turn   chan struct{}
	events events // nil where nobody listens
	over   bool
}

type callKey struct{}

func newCall(kind, name string, info *pluginv1.CallContext, e events, operator hclog.Logger) *call {
	c := &call{
		kind:     kind,
		name:     name,
		info:     info,
		operator: operator,
		turn:     make(chan struct{}, 1),
		events:   e,
	}
	c.turn <- struct{}{}
	return c
}

func callOf(ctx context.Context) (*call, bool) {
	c, ok := ctx.Value(callKey{}).(*call)
	return c, ok
}

// emit sends one event. A failed send is left to the outcome to report: the
// stream is gone and the handler's context with it.
func (c *call) emit(ctx context.Context, send func(events) error) {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return
	}
	if !c.over && c.events != nil {
		_ = send(c.events)
	}
	c.turn <- struct{}{}
}

// end waits for the event that is being sent and drops all later ones: the
// goroutines of a handler may outlive it, the stream does not.
func (c *call) end() {
	<-c.turn
	c.over = true
	c.turn <- struct{}{}
}

// logData is the message alone, or an object of message and args.
func logData(message string, args []any) []byte {
	if len(args) == 0 {
		return jsonOrText(message)
	}
	data := map[string]json.RawMessage{"message": jsonOrText(message)}
	for i := 0; i < len(args); i += 2 {
		key := fmt.Sprint(args[i])
		if i+1 == len(args) {
			data["extra"] = jsonOrText(args[i])
			break
		}
		data[key] = jsonOrText(args[i+1])
	}
	return jsonOrText(data)
}

// jsonOrText is v as JSON, or its text if it has no JSON form.
func jsonOrText(v any) json.RawMessage {
	if err, ok := v.(error); ok {
		v = err.Error()
	}
	raw, err := json.Marshal(v)
	if err != nil {
		raw, _ = json.Marshal(fmt.Sprint(v)) // a string always has a JSON form
	}
	return raw
}
