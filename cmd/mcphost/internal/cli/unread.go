// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"syscall"
)

// errUnread is why a command ends whose output nobody reads any more, as in
// "mcphost plugin test . | head -2".
var errUnread = errors.New("nobody reads the output any more")

// An outlet is a stream that tells when its reader has gone.
type outlet struct {
	io.Writer
	gone func()
}

func (o outlet) Write(data []byte) (int, error) {
	n, err := o.Writer.Write(data)
	if errors.Is(err, syscall.EPIPE) {
		o.gone()
	}
	return n, err
}

// inherited is the stream itself, for a command that is to write to it without
// our help: to the terminal, if it is one.
func inherited(w io.Writer) io.Writer {
	if o, ok := w.(outlet); ok {
		return o.Writer
	}
	return w
}

// endedBy is the process with streams that call end when their reader has gone.
// Once the protocol has standard output, only its client decides what ends the
// command: a log that nobody reads does not.
func (e Env) endedBy(end context.CancelCauseFunc) Env {
	var serving atomic.Bool
	take := e.TakeWire
	e.TakeWire = func() (io.Reader, io.Writer, error) {
		serving.Store(true)
		return take()
	}
	e.Out = outlet{e.Out, func() { end(errUnread) }}
	e.Err = outlet{e.Err, func() {
		if !serving.Load() {
			end(errUnread)
		}
	}}
	return e
}
