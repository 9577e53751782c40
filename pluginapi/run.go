// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// An ending is how a round of a call ends: with questions, with an error, or
// with the result.
type ending[Result any] struct {
	result Result
	asked  *pluginv1.InputRequired
	err    error
}

// run has an author's code answer one round of c. What the code says after it
// has returned is dropped.
func run[Result any](ctx context.Context, p *Plugin, c *call, resumption *pluginv1.Resumption,
	handle func(context.Context) (Result, error),
) (e ending[Result]) {
	if c.exchange, e.err = newExchange(c.info, resumption); e.err != nil {
		return e
	}
	ctx = context.WithValue(ctx, callKey{}, c)
	fault := p.safely(c.kind+" "+c.name, func() { e.result, e.err = handle(ctx) })
	c.end()
	if fault != nil {
		e.err = fault
		return e
	}
	e.asked, e.err = c.exchange.finish(ctx, e.err)
	return e
}

// protocolError is err as the outcome of what knows no other failure.
func protocolError(err error) *pluginv1.ProtocolError {
	if wire := wireError(err); wire != nil {
		return wire
	}
	return &pluginv1.ProtocolError{
		Code:    pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INTERNAL,
		Message: validText(err.Error()),
	}
}

// checkSize refuses an outcome that would end the stream with a status that
// explains nothing.
func checkSize(response proto.Message) error {
	if size := proto.Size(response); size > MaxMessageSize {
		return fmt.Errorf("the result is %d bytes; the most that fits is %d", size, MaxMessageSize)
	}
	return nil
}

// errStopping answers calls that come too late.
var errStopping = errors.New("the plugin is stopping")
