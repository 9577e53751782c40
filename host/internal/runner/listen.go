// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
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

// listenParams is the filter of a subscription.
type listenParams struct {
	kinds mcp.Kinds
	uris  []string
}

func decodeListen(params []byte) (listenParams, error) {
	var p listenParams
	filter, ok := rawjson.Get(params, "notifications")
	if !ok || rawjson.KindOf(filter) != rawjson.KindObject {
		return p, errors.New("notifications must be an object")
	}
	for _, f := range filterOf {
		value, ok := rawjson.Get(filter, f.name)
		if !ok {
			continue
		}
		wanted, ok := rawjson.Bool(value)
		if !ok {
			return p, errors.New("notifications." + f.name + " must be true or false")
		}
		if wanted {
			p.kinds |= f.kind
		}
	}
	value, ok := rawjson.Get(filter, "resourceSubscriptions")
	if !ok {
		return p, nil
	}
	var err error
	p.uris, err = stringList(value)
	return p, err
}

func stringList(value []byte) (list []string, err error) {
	if rawjson.KindOf(value) != rawjson.KindArray {
		return nil, errNotURIs
	}
	rawjson.Elements(value, func(element []byte) bool {
		s, ok := rawjson.String(element)
		if !ok || len(list) == maxSubscriptions {
			err = errNotURIs
		}
		list = append(list, s)
		return err == nil
	})
	return list, err
}

var errNotURIs = fmt.Errorf("notifications.resourceSubscriptions must be an array of at most %d strings", maxSubscriptions)

// listen answers subscriptions/listen: it acknowledges what it will tell, tells
// it until the client leaves or the server drains, and then answers. What the
// server does not offer is left out of the acknowledgement (2026-07-28,
// subscriptions).
func (r *Runner) listen(ctx context.Context, q *Request, p listenParams) (jsonrpc.Raw, error) {
	honoured := p.kinds & r.capabilities().Kinds
	l := r.hub.listen(honoured, q.Conn.gate)
	defer r.hub.leave(l)
	end := q.Channel.Standing()
	uris, release := r.watch(ctx, l, p.uris)
	defer release()

	id := q.ID.AppendJSON(nil)
	ack := mcp.AppendSubscriptionParams(nil, id, `"notifications":`+filterJSON(honoured, uris))
	if err := q.Channel.Notify(ctx, mcp.NoticeAcknowledged, ack); err != nil {
		return nil, err
	}
	err := l.run(ctx, end, func(method, members string) error {
		return q.Channel.Notify(ctx, method, mcp.AppendSubscriptionParams(nil, id, members))
	})
	if err != nil {
		return nil, err
	}
	r.endListen(q, id)
	return mcp.AppendListenResult(nil, id, r.stamp(q)), nil
}

// watch subscribes to those of the resources whose changes are reported. That
// some cannot be is no failure of the subscription: the acknowledgement says so.
func (r *Runner) watch(ctx context.Context, l *listener, uris []string) (accepted []string, release func()) {
	if len(uris) == 0 || r.opts.Subscriptions == nil {
		return nil, func() {}
	}
	accepted, err := r.opts.Subscriptions.Subscribe(ctx, uris)
	if err != nil {
		r.opts.Log.Warn("resources cannot be watched", "err", err)
	}
	for _, uri := range accepted {
		l.want(uri)
	}
	return accepted, func() { r.opts.Subscriptions.Unsubscribe(accepted) }
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

func filterJSON(kinds mcp.Kinds, uris []string) string {
	var members []string
	for _, f := range filterOf {
		if kinds.Has(f.kind) {
			members = append(members, `"`+f.name+`":true`)
		}
	}
	if len(uris) > 0 {
		members = append(members, `"resourceSubscriptions":`+string(mcp.AppendStrings(nil, uris)))
	}
	return "{" + strings.Join(members, ",") + "}"
}
