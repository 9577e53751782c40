// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// maxPooled is how large a buffer may be to be kept for later, in bytes.
const maxPooled = 1 << 20

// buffers is a cache of response buffers, and nothing else: One, which makes
// most use of it, belongs to no connection that it could hang from.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// wire is the carrier whose peer reads bytes.
type wire struct {
	reply  jsonrpc.Reply
	calls  *calls // nil where the peer must not be asked
	nullID func() bool
	log    hclog.Logger
}

// newWireExchange returns the exchange of one request, with its carrier in the
// same allocation.
func newWireExchange(frame *jsonrpc.Frame, msg jsonrpc.Message, w wire) *exchange {
	both := &struct {
		exchange
		wire wire
	}{wire: w}
	x := &both.exchange
	x.carrier = &both.wire
	x.req = jsonrpc.Request{ID: msg.ID, Method: msg.Method, Params: msg.Params, Header: frame.Header, Channel: x}
	return x
}

func (w *wire) notify(ctx context.Context, method string, params []byte) error {
	buf := buffers.Get().(*[]byte)
	defer release(buf)
	*buf = oneLine(jsonrpc.AppendNotification((*buf)[:0], method, params))
	return w.reply.Send(ctx, *buf)
}

func (w *wire) call(ctx context.Context, method string, params []byte) ([]byte, error) {
	if w.calls == nil {
		return nil, errors.New("the client cannot be asked on a connection without a way back")
	}
	return w.calls.do(ctx, method, params, w.reply.Send)
}

func (w *wire) Release(after time.Duration) {
	if r, ok := w.reply.(releaser); ok {
		r.Release(after)
	}
}

func (w *wire) answer(ctx context.Context, id jsonrpc.ID, result jsonrpc.Result, failure *jsonrpc.Error) error {
	buf := buffers.Get().(*[]byte)
	defer release(buf)
	if failure == nil {
		data, err := encode(func() ([]byte, error) { return jsonrpc.AppendResponse((*buf)[:0], id, result) })
		if err != nil {
			w.log.Error("result cannot be encoded", "id", id.String(), "err", err)
			failure = internalError()
		} else {
			*buf = data
		}
	}
	if failure != nil {
		nullID := w.nullID != nil && w.nullID()
		*buf = jsonrpc.AppendError((*buf)[:0], id, nullID, failure)
	}
	*buf = oneLine(*buf)
	return w.reply.Answer(ctx, *buf, failure)
}

func (w *wire) close(wait bool) {
	w.reply.Close()
	if part, ok := w.reply.(*batchPart); ok && wait {
		<-part.batch.written
	}
}

// encode makes a panic of a result an error.
func encode(appendResult func() ([]byte, error)) (out []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, panicError(v)
		}
	}()
	return appendResult()
}

// oneLine returns the message without line breaks, since some transports end a
// message with one. They come only from foreign JSON, as whitespace.
func oneLine(data []byte) []byte {
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	return rawjson.AppendCompact(make([]byte, 0, len(data)), data)
}

func release(buf *[]byte) {
	if cap(*buf) <= maxPooled {
		buffers.Put(buf)
	}
}
