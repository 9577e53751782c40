// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// pageSize is how many definitions a page holds.
const pageSize = 500

// A catalogue is the tools that are offered right now.
type catalogue struct {
	mu      sync.Mutex
	tools   map[string]*tool
	current *snapshot     // nil when tools have changed since
	changed chan struct{} // closed at the next change, then replaced
}

// A snapshot is the catalogue at one moment. It is immutable.
type snapshot struct {
	tools    []*pluginv1.Tool // by name
	revision string
	changed  <-chan struct{} // closed when the snapshot is no longer current
}

func newCatalogue() *catalogue {
	return &catalogue{tools: map[string]*tool{}, changed: make(chan struct{})}
}

func (c *catalogue) add(t *tool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.tools[t.definition.GetName()]; ok {
		return errors.New("added twice; remove the first one or rename one of them")
	}
	c.tools[t.definition.GetName()] = t
	c.announceLocked()
	return nil
}

func (c *catalogue) remove(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.tools[name]; !ok {
		return
	}
	delete(c.tools, name)
	c.announceLocked()
}

func (c *catalogue) announceLocked() {
	c.current = nil
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *catalogue) get(name string) (*tool, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tools[name]
	return t, ok
}

// snapshot is made at the first reading after a change, so that adding many
// tools costs no more than adding one.
func (c *catalogue) snapshot() *snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		s := &snapshot{changed: c.changed}
		for _, name := range slices.Sorted(maps.Keys(c.tools)) {
			s.tools = append(s.tools, c.tools[name].definition)
		}
		s.revision = revisionOf(s.tools)
		c.current = s
	}
	return c.current
}

// revisionOf names the content of a list, so that a restarted process that
// offers the same is known to be unchanged.
func revisionOf(tools []*pluginv1.Tool) string {
	sum := sha256.New()
	for _, t := range tools {
		// Marshalling fails on invalid UTF-8 only; the name alone will do then,
		// as such a list cannot be sent either.
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(t)
		if err != nil {
			b = []byte(t.GetName())
		}
		sum.Write(binary.AppendUvarint(nil, uint64(len(b))))
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// page returns the definitions after those that token stands for. A token is
// the revision of the first page and the last name of the page before: all pages
// carry the first one's revision, so that a change between two pages is seen by
// whoever compares it with the current one.
func (s *snapshot) page(token string) *pluginv1.ListToolsResponse {
	rest, revision := s.tools, s.revision
	if first, last, ok := strings.Cut(token, " "); ok {
		revision = first
		at, found := slices.BinarySearchFunc(rest, last, func(t *pluginv1.Tool, name string) int {
			return strings.Compare(t.GetName(), name)
		})
		if found {
			at++
		}
		rest = rest[at:]
	}

	page := &pluginv1.ListToolsResponse{Tools: rest, Revision: revision}
	if len(rest) > pageSize {
		page.Tools = rest[:pageSize]
		page.NextPageToken = revision + " " + page.Tools[pageSize-1].GetName()
	}
	return page
}
