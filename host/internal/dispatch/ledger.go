// SPDX-License-Identifier: Apache-2.0

package dispatch

import (
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// ledger knows what is in flight on one connection. All of its state changes
// behind its lock, under which nothing waits, and each change asks the one
// question of settle.
type ledger struct {
	limit   int           // immutable
	closing chan struct{} // closed when draining and only standing requests are left
	idle    chan struct{} // closed when draining and nothing is left

	mu         sync.Mutex
	unanswered map[jsonrpc.ID]*exchange
	running    int // goroutines that have entered and not left
	standing   int // those of them that have no end of their own
	draining   bool
	asked      bool // closing is closed
}

func newLedger(limit int) *ledger {
	return &ledger{
		limit:      limit,
		closing:    make(chan struct{}),
		idle:       make(chan struct{}),
		unanswered: make(map[jsonrpc.ID]*exchange),
	}
}

// admit registers a request and enters for its handler, or says why not.
func (l *ledger) admit(x *exchange) *jsonrpc.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining {
		return closedError()
	}
	if _, taken := l.unanswered[x.req.ID]; taken {
		return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "another request with this id is in flight"}
	}
	if len(l.unanswered) >= l.limit || l.full() {
		return &jsonrpc.Error{Code: jsonrpc.InternalError, Message: "too many requests in flight"}
	}
	l.unanswered[x.req.ID] = x
	l.running++
	return nil
}

// enter counts a goroutine that is no handler. It reports false when there is
// no room, or no time.
func (l *ledger) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining || l.full() {
		return false
	}
	l.running++
	return true
}

// full reports whether too many goroutines run. It is more than the limit on
// what is unanswered: a peer that has its answer may ask again before the
// goroutine that wrote it is gone. The lock is held.
func (l *ledger) full() bool { return l.running > 2*l.limit }

// leave says that a goroutine is done: that of x, or one that entered.
func (l *ledger) leave(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if x != nil {
		if x.standing {
			l.standing--
		}
		x.standing = true // whatever calls stand from now on is too late to count
	}
	l.settle()
}

// forget makes the id of a retired request free for the peer to use again.
func (l *ledger) forget(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unanswered[x.req.ID] == x {
		delete(l.unanswered, x.req.ID)
	}
}

// find returns the unanswered request with this id or, failing that, with the
// number that it spells. It is nil if there is none.
func (l *ledger) find(id jsonrpc.ID) *exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.unanswered[id]; x != nil {
		return x
	}
	return l.unanswered[id.Canonical()]
}

// stand marks a running request as one without an end of its own.
func (l *ledger) stand(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.standing {
		return
	}
	x.standing = true
	l.standing++
	l.settle()
}

// drain says that no more requests will come.
func (l *ledger) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.draining = true
	l.settle()
}

// takeAll aborts everything that is unanswered, and enters once for each.
func (l *ledger) takeAll() []*exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	var taken []*exchange
	for id, x := range l.unanswered {
		delete(l.unanswered, id)
		if x.retire(stateAborted) {
			l.running++
			taken = append(taken, x)
		}
	}
	return taken
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// settle lets the drain go on as far as it can. The lock is held.
func (l *ledger) settle() {
	if !l.draining {
		return
	}
	if l.running == l.standing && !l.asked {
		l.asked = true
		close(l.closing)
	}
	if l.running == 0 {
		close(l.idle) // once: only what runs can start more from here on
	}
}

// await reports whether everything ended before the limit passed and enough was
// closed.
func (l *ledger) await(enough <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-l.idle:
		return true
	default:
	}
	select {
	case <-l.idle:
		return true
	case <-enough:
		return false
	case <-timer.C:
		return false
	}
}
