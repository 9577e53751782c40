// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"encoding/base64"
	"errors"
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

// listTools answers tools/list. The first one makes the registry discover and
// start plugins; it does so here, inside the chain of middleware.
func (r *Runner) listTools(ctx context.Context, q *Request, after string) (*mcp.ListPage, error) {
	q.Conn.gate.hold(mcp.KindTools, q.Channel)
	list, err := r.opts.Tools.ListTools(ctx)
	if err != nil {
		return nil, err
	}
	page := r.pages.tools(list, q.Version).page(list, after, r.opts.PageSize)
	page.Cache = mcp.Cache{TTLMillis: r.opts.ListTTL.Milliseconds(), Public: true}
	if !list.Complete {
		page.Cache.TTLMillis = 0
		page.Sources = list.Sources
	}
	return page, nil
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

// A pageCache holds the latest list encoded for each version, so that a list is
// encoded once and then served as bytes.
type pageCache struct {
	byVersion [mcp.LatestStateless + 1]atomic.Pointer[encodedTools]
}

// encodedTools is a list of tools as JSON, separated by commas.
type encodedTools struct {
	generation uint64
	elements   []byte
	ends       []int // of each element in elements
}

func (c *pageCache) tools(list *mcp.ToolList, v mcp.Version) *encodedTools {
	slot := &c.byVersion[v]
	if e := slot.Load(); e != nil && e.generation == list.Generation {
		return e
	}
	e := &encodedTools{generation: list.Generation, ends: make([]int, len(list.Tools))}
	for i := range list.Tools {
		if i > 0 {
			e.elements = append(e.elements, ',')
		}
		e.elements = list.Tools[i].AppendJSON(e.elements, v)
		e.ends[i] = len(e.elements)
	}
	slot.Store(e)
	return e
}

// page cuts out at most size elements from the first name that follows after.
func (e *encodedTools) page(list *mcp.ToolList, after string, size int) *mcp.ListPage {
	tools := list.Tools
	from := sort.Search(len(tools), func(i int) bool { return tools[i].Name > after })
	if after == "" {
		from = 0
	}
	to := min(from+size, len(tools))
	page := &mcp.ListPage{Key: "tools"}
	if from == to {
		return page
	}
	start := 0
	if from > 0 {
		start = e.ends[from-1] + 1 // past the comma
	}
	page.Elements = e.elements[start:e.ends[to-1]]
	if to < len(tools) {
		page.NextCursor = encodeCursor(tools[to-1].Name)
	}
	return page
}

// AppendObject appends a result that is encoded already, with what the
// request's era adds to every result.
func (r *Runner) AppendObject(dst []byte, q *Request, object []byte) ([]byte, error) {
	if rawjson.KindOf(object) != rawjson.KindObject {
		return nil, errors.New("a result must be a JSON object")
	}
	return mcp.AppendObject(dst, object, r.stamp(q)), nil
}
