// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"strings"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// filterOf names the member of a subscription filter for each kind of list, in
// the order in which they are acknowledged. It is never changed.
var filterOf = [...]struct {
	kind mcp.Kinds
	name string
}{
	{mcp.KindTools, "toolsListChanged"},
	{mcp.KindPrompts, "promptsListChanged"},
	{mcp.KindResources, "resourcesListChanged"},
}

func decodeListen(params []byte) (mcp.Kinds, error) {
	filter, ok := rawjson.Get(params, "notifications")
	if !ok || rawjson.KindOf(filter) != rawjson.KindObject {
		return 0, errors.New("notifications must be an object")
	}
	var kinds mcp.Kinds
	for _, f := range filterOf {
		value, ok := rawjson.Get(filter, f.name)
		if !ok {
			continue
		}
		wanted, ok := rawjson.Bool(value)
		if !ok {
			return 0, errors.New("notifications." + f.name + " must be true or false")
		}
		if wanted {
			kinds |= f.kind
		}
	}
	return kinds, nil
}

// listen answers subscriptions/listen: it acknowledges what it will tell, tells
// it until the client leaves or the server drains, and then answers. What the
// server does not offer is left out of the acknowledgement (2026-07-28,
// subscriptions).
func (r *Runner) listen(ctx context.Context, q *Request, wanted mcp.Kinds) (jsonrpc.Raw, error) {
	honoured := wanted & r.capabilities().Kinds
	l := r.hub.listen(honoured, q.Conn.gate)
	defer r.hub.leave(l)
	end := q.Channel.Standing()

	id := q.ID.AppendJSON(nil)
	ack := mcp.AppendSubscriptionParams(nil, id, `"notifications":`+filterJSON(honoured))
	if err := q.Channel.Notify(ctx, mcp.NoticeAcknowledged, ack); err != nil {
		return nil, err
	}
	tagged := mcp.AppendSubscriptionParams(nil, id, "")
	err := l.run(ctx, end, func(method string) error { return q.Channel.Notify(ctx, method, tagged) })
	if err != nil {
		return nil, err
	}
	r.endListen(q, id)
	return mcp.AppendListenResult(nil, id, r.stamp(q)), nil
}

// endListen has a pipe's client told once more, after the result, that its
// subscription is over: the specification asks for both, and a client that has
// seen the result ignores the second.
func (r *Runner) endListen(q *Request, id []byte) {
	pipe := q.Conn.parent
	if pipe == nil {
		return
	}
	pipe.mu.Lock()
	wire := pipe.wire
	pipe.mu.Unlock()
	if wire == nil {
		return
	}
	q.Channel.AfterAnswer(func() {
		params := append(append([]byte(`{"requestId":`), id...), '}')
		_ = wire.Notify(context.Background(), mcp.NoticeCancelled, params) // the peer may be gone already
	})
}

func filterJSON(kinds mcp.Kinds) string {
	var members []string
	for _, f := range filterOf {
		if kinds.Has(f.kind) {
			members = append(members, `"`+f.name+`":true`)
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}
