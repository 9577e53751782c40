// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/pluginapi"
)

// A Phase is a step of a plugin's start.
type Phase string

// The phases, in order.
const (
	PhaseProcess   Phase = "process"
	PhaseHandshake Phase = "handshake"
	PhaseDescribe  Phase = "describe"
	PhaseConfigure Phase = "configure"
)

// A StartError is a start that failed. Its text says what to do.
type StartError struct {
	Plugin string
	Phase  Phase // where it failed
	Err    error

	permanent bool
}

func (e *StartError) Error() string {
	return fmt.Sprintf("plugin %s: start failed (%s): %v", e.Plugin, e.Phase, e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }

// Permanent reports that the same start would fail in the same way until the
// file or the configuration changes.
func (e *StartError) Permanent() bool { return e.permanent }

// permanentError marks the cause of a permanent StartError on its way up.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

func permanentf(format string, args ...any) error {
	return permanentError{fmt.Errorf(format, args...)}
}

// ErrStopped is the end of a plugin that the host itself asked to stop.
var ErrStopped = errors.New("stopped by the host")

var errStartTimeout = errors.New("start timeout")

// An exitError is the end of a plugin that nobody asked for.
type exitError struct {
	state    string // "exit status 1", "signal: killed"
	lastLine string // of its standard error; may be empty
}

func (e *exitError) Error() string {
	if e.lastLine == "" {
		return "process ended: " + e.state
	}
	return fmt.Sprintf("process ended: %s, last words: %s", e.state, e.lastLine)
}

// Texts of tool errors, each completing "plugin <name> ...".
const (
	textCrashed    = "stopped while it ran this call; whether the call took effect is unknown"
	textSilent     = "did not answer any more and was killed; whether this call took effect is unknown"
	textDetached   = "went away while it ran this call, whose process is not the host's: start it again under the debugger"
	textLost       = "dropped the connection while it ran this call; whether the call took effect is unknown"
	textGone       = "is not running"
	textDeadline   = "did not finish this call in time; whether the call took effect is unknown"
	textNoOutcome  = "ended this call without an outcome"
	textInvalid    = "returned text that is not valid UTF-8"
	textFailed     = "failed to run this call; the host's log has the details"
	textNoService  = "does not serve %s"
	textTooLarge   = "returned more than the %d MiB that one message may hold; ask for less"
	textRequest    = "does not take a request of this size; send less"
	textBusy       = "is busy: %d calls are running and %d are waiting; try again later"
	textBadJSON    = "returned %s that is not valid JSON of the kind it must be"
	textNoContents = "returned a resource without contents"
	textBadRequest = "asked a question that the host cannot pass on: %s"
)

// crashWait is how long a failed call waits to learn whether the process is
// gone; it takes about 2 ms, more on a busy machine.
const crashWait = 500 * time.Millisecond

// failure returns a tool error that names the plugin.
func (p *Plugin) failure(text string, cause error) *mcp.PluginError {
	return &mcp.PluginError{Plugin: p.cfg.Name, Text: text, Err: cause}
}

// callError turns the failure of an RPC into what the caller is told. A status
// never becomes anything else than a tool error: protocol errors are outcomes.
func (p *Plugin) callError(ctx context.Context, service string, err error) error {
	p.doubt(ctx)
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("plugin %s: call given up: %w", p.cfg.Name, context.Cause(ctx))
	}
	if away, ok := errors.AsType[*awayError](err); ok {
		return p.failure(away.text(), away)
	}
	st := status.Convert(err)
	switch st.Code() {
	case codes.Unavailable:
		return p.failure(p.lossText(), because(err, p.Err()))
	case codes.Canceled:
		// Nobody here gave up: the connection was closed after the process ended.
		if gone := p.Err(); gone != nil || p.attached != nil {
			return p.failure(p.lossText(), because(err, gone))
		}
	case codes.DeadlineExceeded:
		return p.failure(textDeadline, err)
	case codes.ResourceExhausted, codes.OutOfRange:
		return p.failure(sizeText(st.Message()), err)
	case codes.Unimplemented:
		return p.failure(fmt.Sprintf(textNoService, service), err)
	case codes.Internal:
		// Neither gRPC nor protobuf has a type for this.
		if strings.Contains(st.Message(), "invalid UTF-8") {
			return p.failure(textInvalid, err)
		}
	}
	return p.failure(textFailed, err)
}

// lossText says why the connection is gone: with the process, or without.
func (p *Plugin) lossText() string {
	if p.attached != nil {
		return textDetached
	}
	timer := time.NewTimer(crashWait)
	defer timer.Stop()
	select {
	case <-p.done:
		if errors.Is(p.Err(), errSilent) {
			return textSilent
		}
		return textCrashed
	case <-timer.C:
		return textLost
	}
}

// sizeText tells which side found a message too large. The text is the only mark:
// Go's ends with the limit of who refused, those of C and of Node say what was
// done with the message, that of Rust in what form it was.
func sizeText(message string) string {
	lower := strings.ToLower(message)
	switch {
	case strings.Contains(lower, "sent message larger than max"),
		strings.Contains(lower, "encoded message length too large"),
		strings.HasPrefix(lower, "grpc: received message larger than max") &&
			strings.Contains(lower, fmt.Sprintf("vs. %d)", pluginapi.MaxMessageSize)):
		return fmt.Sprintf(textTooLarge, pluginapi.MaxMessageSize>>20)
	case strings.Contains(lower, "message larger than max"), strings.Contains(lower, "decoded message length too large"):
		return textRequest
	default:
		return textFailed
	}
}

// because joins an error with what explains it, on one line of a log.
func because(err, why error) error {
	if why == nil {
		return err
	}
	return fmt.Errorf("%w; %w", err, why)
}
