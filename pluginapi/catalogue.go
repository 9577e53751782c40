// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
)

// pageSize is how many definitions a page holds.
const pageSize = 500

// A catalogue is what of one kind is offered right now: definitions D, each with
// what answers for it, H.
type catalogue[D proto.Message, H any] struct {
	keyOf   func(D) string // immutable; the key is unique and orders the list
	changes *wakeup        // raised after each change

	mu      sync.Mutex
	entries map[string]entry[D, H]
	added   uint64       // how many there have ever been
	current *snapshot[D] // nil when entries have changed since
}

type entry[D proto.Message, H any] struct {
	definition D
	handler    H
	order      uint64 // grows with each that is added
}

// A snapshot is a catalogue at one moment. It is immutable.
type snapshot[D proto.Message] struct {
	keyOf    func(D) string
	list     []D // by key
	revision string
}

func newCatalogue[D proto.Message, H any](changes *wakeup, keyOf func(D) string) *catalogue[D, H] {
	return &catalogue[D, H]{keyOf: keyOf, changes: changes, entries: map[string]entry[D, H]{}}
}

func (c *catalogue[D, H]) add(definition D, handler H) error {
	key := c.keyOf(definition)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; ok {
		return errors.New("added twice; remove the first one or rename one of them")
	}
	c.added++
	c.entries[key] = entry[D, H]{definition: definition, handler: handler, order: c.added}
	c.current = nil
	c.changes.raise()
	return nil
}

func (c *catalogue[D, H]) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[key]; !ok {
		return
	}
	delete(c.entries, key)
	c.current = nil
	c.changes.raise()
}

func (c *catalogue[D, H]) get(key string) (D, H, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	return e.definition, e.handler, ok
}

// handlers are those of all entries, the one that was added first first.
func (c *catalogue[D, H]) handlers() []H {
	c.mu.Lock()
	entries := slices.Collect(maps.Values(c.entries))
	c.mu.Unlock()

	slices.SortFunc(entries, func(a, b entry[D, H]) int { return cmp.Compare(a.order, b.order) })
	handlers := make([]H, 0, len(entries))
	for _, e := range entries {
		handlers = append(handlers, e.handler)
	}
	return handlers
}

func (c *catalogue[D, H]) empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries) == 0
}

// snapshot is made at the first reading after a change, so that adding many
// costs no more than adding one.
func (c *catalogue[D, H]) snapshot() *snapshot[D] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		s := &snapshot[D]{keyOf: c.keyOf}
		for _, key := range slices.Sorted(maps.Keys(c.entries)) {
			s.list = append(s.list, c.entries[key].definition)
		}
		s.revision = revisionOf(s.list, c.keyOf)
		c.current = s
	}
	return c.current
}

// revisionOf names the content of a list, so that a restarted process that
// offers the same is known to be unchanged.
func revisionOf[D proto.Message](list []D, keyOf func(D) string) string {
	sum := sha256.New()
	for _, definition := range list {
		// Marshalling fails on invalid UTF-8 only; the key alone will do then,
		// as such a list cannot be sent either.
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(definition)
		if err != nil {
			b = []byte(keyOf(definition))
		}
		sum.Write(binary.AppendUvarint(nil, uint64(len(b))))
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// page returns the definitions after those that token stands for, the token of
// the page after them, if there is one, and the revision to answer with. A token
// is the revision of the first page and the last key of the page before: all
// pages carry the first one's revision, so that a change between two pages is
// seen by whoever compares it with the current one.
func (s *snapshot[D]) page(token, revision string) (list []D, next, at string) {
	list = s.list
	if first, last, ok := strings.Cut(token, " "); ok {
		revision = first
		from, found := slices.BinarySearchFunc(list, last, func(d D, key string) int {
			return strings.Compare(s.keyOf(d), key)
		})
		if found {
			from++
		}
		list = list[from:]
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		next = revision + " " + s.keyOf(list[pageSize-1])
	}
	return list, next, revision
}

// A wakeup wakes all who wait for it.
type wakeup struct {
	mu     sync.Mutex
	raised chan struct{} // closed by the next raise, then replaced
}

func newWakeup() *wakeup { return &wakeup{raised: make(chan struct{})} }

// wait returns what the next raise closes.
func (s *wakeup) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raised
}

func (s *wakeup) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.raised)
	s.raised = make(chan struct{})
}
