// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"slices"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// maxUpdates is how many changed resources wait to be read.
const maxUpdates = 256

// SetSubscriptions hands over the whole set of resources that clients watch,
// and returns those whose changes the plugin will report in Updates. A plugin
// without subscriptions accepts none. It takes at most 5 s if ctx sets no limit;
// the calls must not overlap, or the plugin may see them in another order. Errors are as in
// CallTool.
func (p *Plugin) SetSubscriptions(ctx context.Context, uris []string) (accepted []string, err error) {
	if !p.Provides().Has(mcp.KindSubscriptions) {
		return nil, nil
	}
	ctx, cancel := atMost(ctx, subscribeTimeout)
	defer cancel()
	resp, err := p.resources.SetSubscriptions(ctx, &pluginv1.SetSubscriptionsRequest{Uris: uris})
	if err != nil {
		return nil, p.callError(ctx, serviceSubscriptions, err)
	}
	p.attached.subscribe(slices.Clone(uris))
	told := map[string]bool{}
	for _, uri := range resp.GetAcceptedUris() {
		told[uri] = true
	}
	for _, uri := range uris {
		if told[uri] {
			accepted = append(accepted, uri)
		}
	}
	return accepted, nil
}

// updated takes the word of the watch that a resource changed.
func (p *Plugin) updated(uri string) {
	if err := checkURI(uri); err != nil {
		p.log.Debug("update of a resource dropped", "uri", clean(uri), "err", err)
		return
	}
	if lost := p.updates.push(uri); lost != "" {
		p.log.Debug("too many resources change: an update is lost", "uri", clean(lost))
	}
}

// updates holds the changed resources that nobody has read yet.
type updates struct {
	ch chan string
}

// push adds a URI behind those that are there, unless it is one of them, and
// returns the one that had to make room. Only the watch calls it, so that what
// it takes out always fits in again.
func (u *updates) push(uri string) (lost string) {
	var unread []string
	for len(u.ch) > 0 {
		select {
		case first := <-u.ch:
			unread = append(unread, first)
		default: // the reader was faster
		}
	}
	if !slices.Contains(unread, uri) {
		unread = append(unread, uri)
	}
	if len(unread) > maxUpdates {
		lost, unread = unread[0], unread[1:]
	}
	for _, uri := range unread {
		u.ch <- uri
	}
	return lost
}
