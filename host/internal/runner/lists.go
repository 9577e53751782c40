// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// decodeCursor returns the name after which the page begins, empty for the
// first page. Cursors hold their place by name, so that they survive growth
// between pages and any replica can read them.
func decodeCursor(params []byte) (string, error) {
	value, ok := rawjson.Get(params, "cursor")
	if !ok {
		return "", nil
	}
	cursor, ok := rawjson.String(value)
	if !ok {
		return "", errors.New("cursor must be a string")
	}
	after, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(after) < 2 || after[0] != cursorFormat {
		return "", errors.New("cursor is not one that this server gave")
	}
	return string(after[1:]), nil
}

// cursorFormat begins every cursor, so that another format can follow one day.
const cursorFormat = 'n'

func encodeCursor(after string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorFormat}, after...))
}

// A lister serves the lists of one kind of thing.
type lister[T any] struct {
	key   string // the member of the result
	kind  mcp.Kinds
	fetch func(ctx context.Context) (*mcp.List[T], error)
	name  func(*T) string // by which the list is sorted
	write func(item *T, dst []byte, v mcp.Version) []byte

	// cache holds the latest list encoded for each version, so that a list is
	// encoded once and then served as bytes.
	cache [mcp.LatestStateless + 1]atomic.Pointer[encodedList]
}

// handle returns the method's handler. The first list makes the registry
// discover and start plugins; it does so here, inside the chain of middleware.
func (l *lister[T]) handle(r *Runner) func(context.Context, *Request, string) (*mcp.ListPage, error) {
	return func(ctx context.Context, q *Request, after string) (*mcp.ListPage, error) {
		q.Conn.gate.hold(l.kind, q.Channel)
		list, err := l.fetch(ctx)
		if err != nil {
			return nil, err
		}
		page := l.page(list, q.Version, after, r.opts.PageSize)
		page.Cache = mcp.Cache{TTLMillis: r.opts.ListTTL.Milliseconds(), Public: true}
		if !list.Complete {
			page.Cache.TTLMillis = 0
		}
		if !list.Complete || slices.ContainsFunc(list.Sources, troubled) {
			page.Sources = list.Sources
		}
		return page, nil
	}
}

// troubled reports whether a plugin should be in the list and is not.
func troubled(s mcp.SourceState) bool { return s.State == "disabled" || s.State == "backoff" }

// encodedList is a list as JSON, its elements separated by commas.
type encodedList struct {
	generation uint64
	elements   []byte
	ends       []int // of each element in elements
}

func (l *lister[T]) encoded(list *mcp.List[T], v mcp.Version) *encodedList {
	slot := &l.cache[v]
	if e := slot.Load(); e != nil && e.generation == list.Generation {
		return e
	}
	e := &encodedList{generation: list.Generation, ends: make([]int, len(list.Items))}
	for i := range list.Items {
		if i > 0 {
			e.elements = append(e.elements, ',')
		}
		e.elements = l.write(&list.Items[i], e.elements, v)
		e.ends[i] = len(e.elements)
	}
	slot.Store(e)
	return e
}

// page cuts out at most size elements from the first name that follows after.
func (l *lister[T]) page(list *mcp.List[T], v mcp.Version, after string, size int) *mcp.ListPage {
	items := list.Items
	from := 0
	if after != "" {
		from = sort.Search(len(items), func(i int) bool { return l.name(&items[i]) > after })
	}
	to := min(from+size, len(items))
	page := &mcp.ListPage{Key: l.key}
	if from == to {
		return page
	}
	e := l.encoded(list, v)
	start := 0
	if from > 0 {
		start = e.ends[from-1] + 1 // past the comma
	}
	page.Elements = e.elements[start:e.ends[to-1]]
	if to < len(items) {
		page.NextCursor = encodeCursor(l.name(&items[to-1]))
	}
	return page
}

func (r *Runner) encodePage(dst []byte, q *Request, page *mcp.ListPage) ([]byte, error) {
	return page.AppendJSON(dst, q.Version, r.stamp(q)), nil
}

// emptyList answers a list of what this server does not have.
func emptyList(key string) func(context.Context, *Request, string) (*mcp.ListPage, error) {
	return func(context.Context, *Request, string) (*mcp.ListPage, error) {
		return &mcp.ListPage{Key: key}, nil
	}
}

// AppendObject appends a result that is encoded already, with what the
// request's era adds to every result.
func (r *Runner) AppendObject(dst []byte, q *Request, object []byte) ([]byte, error) {
	if rawjson.KindOf(object) != rawjson.KindObject {
		return nil, errors.New("a result must be a JSON object")
	}
	return mcp.AppendObject(dst, object, r.stamp(q)), nil
}
