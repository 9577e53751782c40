// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// How long to wait before the watch of a plugin that ended it is opened again.
const (
	watchBackoffMin = 250 * time.Millisecond
	watchBackoffMax = time.Minute
)

// startWatch follows what changes in the plugin until the function that it
// returns is called.
func (p *Plugin) startWatch() (end func()) {
	life, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { p.watch(life) })
	return func() {
		cancel()
		watching.Wait()
	}
}

// watch follows what changes in the plugin until ctx ends. The stream opens with
// the current revisions, so no change of a list is lost while it is down; updates
// of resources are.
func (p *Plugin) watch(ctx context.Context) {
	backoff := watchBackoffMin
	for {
		opened := time.Now()
		err := p.watchOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if status.Code(err) == codes.Unimplemented {
			return // static
		}
		if time.Since(opened) > watchBackoffMax {
			backoff = watchBackoffMin
		}
		p.log.Debug("watch ended; will open it again", "after", backoff, "err", err)
		if !pause(ctx, backoff/2+rand.N(backoff/2)) {
			return
		}
		backoff = min(2*backoff, watchBackoffMax)
	}
}

func (p *Plugin) watchOnce(ctx context.Context) error {
	stream, err := p.plugin.Watch(ctx, &pluginv1.WatchRequest{})
	if err != nil {
		return err
	}
	for {
		event, err := stream.Recv()
		if err != nil {
			return err
		}
		if now := event.GetRevisions(); now != nil {
			p.changes.see(toolList, now.GetTools())
			p.changes.see(promptList, now.GetPrompts())
			p.changes.see(resourceList, now.GetResources())
			p.changes.see(templateList, now.GetResources())
		}
		if changed := event.GetResourceUpdated(); changed != nil {
			p.updated(changed.GetUri())
		}
	}
}

// pause reports whether it lasted until its end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A list is one of a plugin's lists.
type list uint8

// The lists. Resources and templates share one revision, but are not read at
// one moment: either may be older than what the watch says.
const (
	toolList list = iota
	promptList
	resourceList
	templateList
	lists // how many there are
)

// String returns what the list is of, in the plural.
func (l list) String() string {
	return [...]string{"tools", "prompts", "resources", "resource templates"}[l]
}

// kind is what clients are told when the list changes.
func (l list) kind() mcp.Kinds {
	switch l {
	case toolList:
		return mcp.KindTools
	case promptList:
		return mcp.KindPrompts
	default:
		return mcp.KindResources
	}
}

// changes compares what was listed with what the plugin says is current.
type changes struct {
	ch chan mcp.Kinds // of one element: what changed and was not yet read

	mu    sync.Mutex
	lists [lists]revision
}

// A revision is the state of one list. Empty strings mean that it never changes.
type revision struct {
	listed bool
	last   string // of the last list
	now    string // as the plugin said last
	events uint64 // how often it said so
}

// see takes a revision from the watch.
func (c *changes) see(l list, now string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.lists[l]
	r.now = now
	r.events++
	if r.listed && r.differs() {
		c.announce(l.kind())
	}
}

// begin is called before a list and returns what listed wants to know.
func (c *changes) begin(l list) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists[l].events
}

// listed takes the revision of a list. A revision that came while it was made
// may be newer than the list; one that came before is not.
func (c *changes) listed(l list, revision string, begun uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.lists[l]
	r.listed, r.last = true, revision
	if r.events != begun && r.differs() {
		c.announce(l.kind())
	}
}

func (r *revision) differs() bool { return r.now != "" && r.last != "" && r.now != r.last }

// announce merges the kind into what nobody has read yet. The lock makes it the
// only sender, so it never blocks.
func (c *changes) announce(kind mcp.Kinds) {
	select {
	case unread := <-c.ch:
		kind |= unread
	default:
	}
	c.ch <- kind
}
