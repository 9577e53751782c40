// SPDX-License-Identifier: Apache-2.0

// Package registry turns a name, or a URI, into the plugin that owns it. It
// starts a plugin when something is first read from it, shares one start among
// all who wait, retries what failed, replaces what crashed, publishes what all
// plugins offer together as immutable snapshots, and keeps subscriptions alive
// across the lives of plugins. It knows nothing of JSON-RPC, transports, gRPC or
// processes: a plugin is what a [Source] starts.
package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A Source is one configured plugin. Sources are told apart by Name.
type Source struct {
	Name     string
	Prefix   string    // names are offered as Prefix + "__" + name; "" offers them as they are
	Provides mcp.Kinds // what it may contribute; all kinds if zero

	// Start runs the plugin and returns when it is ready for use. When ctx
	// ends before that, Start leaves nothing running and returns an error. ctx
	// does not bound the life of the plugin. An error with a method
	// Permanent() bool that returns true disables the source; any other is
	// retried.
	Start func(ctx context.Context) (Plugin, error)
}

// A Plugin runs. It is safe for concurrent use.
type Plugin interface {
	Done() <-chan struct{}     // closed when it runs no more
	Err() error                // why, once Done is closed
	Changes() <-chan mcp.Kinds // kinds whose lists changed; may be nil; one reader
	Close(ctx context.Context) // idempotent; returns when nothing of it runs; ctx bounds its grace
}

// closeTimeout bounds the grace of a plugin that is closed while the registry
// goes on; joinGrace is how much longer than its ctx Close waits for what must
// then end at once.
const (
	closeTimeout = 10 * time.Second
	joinGrace    = 2 * time.Second
)

// A Registry is safe for concurrent use. It must be closed.
type Registry struct {
	opts Options // immutable, with defaults
	log  hclog.Logger

	starting chan struct{}      // one slot per start under way
	life     context.Context    // ends when Close begins
	end      context.CancelFunc // ends life
	grace    context.Context    // ends when plugins have no more time to stop
	endGrace context.CancelFunc
	work     sync.WaitGroup // every goroutine of the registry; added to under mu, or by one of them

	current  atomic.Pointer[snapshot] // read anywhere; stored by publish only
	observed atomic.Uint32            // a bit for each listID of which some list was served
	kinds    kinds                    // what is made of the snapshot when it is read

	changes listeners[mcp.Kinds]
	updates listeners[string] // of URIs

	mu        sync.Mutex // guards the fields below; held for no I/O; update is its door
	discovery discovery
	sources   []*source // configuration order; fixed once discovered
	wanted    mcp.Kinds // kinds that were asked for before the sources were known
	overlay   *overlay[mcp.Tool]
	differing [listCount]bool          // lists that may be announced when the window ends
	window    bool                     // whether one is open
	told      [listCount]uint64        // the oldest generation that clients take for the newest
	watched   map[string]*subscription // by URI
	closed    bool
}

// New returns a registry that has started nothing and found nothing.
func New(opts Options) *Registry {
	opts = opts.withDefaults()
	r := &Registry{
		opts:     opts,
		log:      opts.Log,
		starting: make(chan struct{}, opts.StartLimit),
		overlay:  &overlay[mcp.Tool]{},
		watched:  map[string]*subscription{},
	}
	r.kinds.prepare(r)
	r.life, r.end = context.WithCancel(context.Background())
	r.grace, r.endGrace = context.WithCancel(context.Background())
	if opts.Discover == nil {
		r.discovery.phase = discovered
	}
	r.current.Store(&snapshot{superseded: make(chan struct{}), offered: &offered{}})
	r.update(func() bool { return true })
	return r
}

// States says how each known plugin is doing, in configuration order; Items
// are those in all lists together. It starts nothing; before the first read no
// plugin is known.
func (r *Registry) States() []mcp.SourceState {
	s := r.current.Load()
	states := make([]mcp.SourceState, 0, len(s.sources))
	for _, st := range s.sources {
		listed, hidden, troubles := 0, 0, make([]string, 0, listCount)
		for i, l := range r.kinds.lists {
			here, lost := l.tally(st.src)
			listed, hidden = listed+here, hidden+lost
			troubles = append(troubles, st.listTrouble(listID(i)))
		}
		states = append(states, st.report(listed, hidden, troubles...))
	}
	return states
}

// EndConnection tells every running plugin that a connection is gone. It
// returns when all were told or gave up at the end of ctx.
func (r *Registry) EndConnection(ctx context.Context, id string) {
	var told sync.WaitGroup
	for _, st := range r.current.Load().sources {
		if p, ok := st.plugin.(ConnectionEnder); ok && st.running() {
			told.Go(func() { p.EndConnection(ctx, id) })
		}
	}
	told.Wait()
}

// Close cancels starts that are under way, refuses new ones, and closes all
// plugins in parallel. ctx bounds the grace that they have to stop; Close
// returns when nothing is alive, or 2 s after the end of ctx at the latest, and
// then logs that something hangs. It is idempotent.
func (r *Registry) Close(ctx context.Context) {
	r.update(func() bool {
		first := !r.closed
		r.closed = true
		return first
	})
	stop := context.AfterFunc(ctx, r.endGrace)
	defer stop()
	r.end()

	joined := make(chan struct{})
	go func() { // ends with the registry's last goroutine
		r.work.Wait()
		close(joined)
	}()
	select {
	case <-joined:
		r.endGrace()
		return
	case <-ctx.Done():
	}
	select {
	case <-joined:
	case <-time.After(joinGrace):
		r.log.Error("a plugin, or the search for plugins, did not end although it was told to")
	}
}

// update changes the guarded state and, if change reports that it did,
// publishes the snapshot that follows from it.
func (r *Registry) update(change func() bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if change() {
		r.publish()
	}
}

// closePlugin ends a plugin that is used no more.
func (r *Registry) closePlugin(p Plugin) {
	ctx, cancel := context.WithTimeout(r.grace, closeTimeout)
	defer cancel()
	p.Close(ctx)
}
