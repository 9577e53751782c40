// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"context"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// One handles a single frame in the caller's goroutine and closes its reply. It
// keeps nothing between frames: there is no connection, so no id can be in use
// twice, no cancel can name a request, and the handler cannot ask the client
// anything. The end of ctx means that the client is gone: nothing more is
// written, unless its cause is ErrStopped. Batches and responses are refused.
func One(ctx context.Context, frame *jsonrpc.Frame, opts Options) {
	w := wire{reply: frame.Reply, nullID: opts.NullID, log: opts.log()}
	msg, err := parseOne(frame)
	switch {
	case err != nil && msg.Kind == jsonrpc.KindNotification:
		w.log.Warn("dropped a malformed notification", "method", msg.Method, "err", err)
	case err != nil:
		refuseOne(ctx, &w, msg.ID, jsonrpc.AsError(err))
	case msg.Kind == jsonrpc.KindRequest:
		x := newWireExchange(frame, msg, w)
		x.ctx, x.closing = ctx, opts.Closing
		x.run(ctx, opts.Handle, w.log)
		return // it has closed the reply
	case opts.Notify != nil && msg.Method != opts.CancelMethod:
		n := &jsonrpc.Notification{Method: msg.Method, Params: msg.Params, Header: frame.Header}
		handleNotice(ctx, opts.Notify, n, w.log)
	}
	frame.Reply.Close()
}

// parseOne returns a request or a notification.
func parseOne(frame *jsonrpc.Frame) (jsonrpc.Message, error) {
	if frame.Fault == nil && jsonrpc.IsBatch(frame.Data) {
		return jsonrpc.Message{}, batchRefused()
	}
	msg, err := frame.Parse()
	if msg.Kind == jsonrpc.KindResponse {
		// Its id is of the peer's making and names nothing here.
		return jsonrpc.Message{}, &jsonrpc.Error{
			Code: jsonrpc.InvalidRequest, Message: "no request of this server waits for a response",
		}
	}
	return msg, err
}

func refuseOne(ctx context.Context, w *wire, id jsonrpc.ID, refusal *jsonrpc.Error) {
	if err := w.answer(ctx, id, nil, refusal); err != nil {
		w.log.Debug("a refusal was not delivered", "id", id.String(), "err", err)
	}
}
