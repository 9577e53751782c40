// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ListRequest asks what a directory holds.
type ListRequest struct {
	Path      string `json:"path,omitempty" jsonschema:"directory to list; default: the root, or all roots"`
	Recursive bool   `json:"recursive,omitempty" jsonschema:"also list what is below its directories"`
	Depth     int    `json:"depth,omitempty" jsonschema:"with recursive: levels of directories to list, 1 is the directory alone; default: all"`
	Limit     int    `json:"limit,omitempty" jsonschema:"most entries to return; default and maximum are set by the operator"`
}

// Listing is the answer to a ListRequest.
type Listing struct {
	Entries   []Entry `json:"entries" jsonschema:"in the order of names, each directory before what is in it"`
	Truncated bool    `json:"truncated" jsonschema:"whether there is more than was returned"`
	Note      string  `json:"note,omitempty" jsonschema:"what is missing and how to get it"`
}

// Entry is one file, directory or other thing.
type Entry struct {
	Path     string `json:"path" jsonschema:"as other tools of this plugin take it"`
	Type     string `json:"type" jsonschema:"file, directory, symlink, fifo, socket, device or other"`
	Size     int64  `json:"size" jsonschema:"bytes; 0 if not a file"`
	Modified string `json:"modified" jsonschema:"RFC 3339, UTC"`
}

// List returns what a directory holds, or the one entry of a file.
func (t *Tree) List(ctx context.Context, req ListRequest) (*Listing, error) {
	at, err := t.resolve(req.Path)
	if err != nil {
		return nil, err
	}
	if req.Depth < 0 {
		return nil, errors.New("depth must be 1 or more")
	}
	limit, err := t.limit(req.Limit)
	if err != nil {
		return nil, err
	}
	l := lister{tree: t, limit: limit, walk: walk{depth: 1}, out: &Listing{Entries: []Entry{}}}
	if req.Recursive {
		l.walk.depth = orDefault(req.Depth, allLevels)
	}
	if at.root == nil {
		err = l.roots(ctx)
	} else {
		err = l.below(ctx, at)
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	l.out.Note = strings.Join(append(l.notes, l.walk.notes()...), "; ")
	return l.out, nil
}

// limit is how many results a request that wants n gets.
func (t *Tree) limit(n int) (int, error) {
	if n < 0 {
		return 0, errors.New("limit must be 1 or more")
	}
	return min(orDefault(n, t.opts.MaxResults), t.opts.MaxResults), nil
}

// lister collects the answer to one ListRequest.
type lister struct {
	tree  *Tree
	limit int
	walk  walk
	out   *Listing
	notes []string
}

// roots lists the top above several roots.
func (l *lister) roots(ctx context.Context) error {
	depth := l.walk.depth
	for _, r := range l.tree.roots {
		info, err := r.Stat(".")
		if err != nil {
			return place{root: r, given: r.name}.fail(err)
		}
		if err := l.add(r, ".", info); err != nil {
			return err
		}
		if depth > 1 {
			l.walk.depth = depth - 1
			if err := l.below(ctx, place{root: r, rel: ".", given: r.name}); err != nil {
				return err
			}
		}
	}
	return nil
}

// below lists what at holds.
func (l *lister) below(ctx context.Context, at place) error {
	info, err := at.stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return l.add(at.root, at.rel, info)
	}
	l.walk.visit = func(_ context.Context, e entry) error {
		// Lstat instead of the entry's own Info, which asks by a path that may
		// lead elsewhere by now.
		info, err := e.dir.Lstat(e.name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed since the directory was read
		}
		if err != nil {
			return place{given: l.tree.shown(at.root, e.rel)}.fail(err)
		}
		return l.add(at.root, e.rel, info)
	}
	return l.walk.run(ctx, at)
}

func (l *lister) add(r *root, rel string, info fs.FileInfo) error {
	if len(l.out.Entries) == l.limit {
		l.out.Truncated = true
		l.notes = append(l.notes, fmt.Sprintf("stopped after %d entries; list a deeper directory, use search, or raise limit (at most %d)",
			l.limit, l.tree.opts.MaxResults))
		return errEnough
	}
	e := Entry{
		Path:     valid(l.tree.shown(r, rel)),
		Type:     kind(info.Mode()),
		Modified: timestamp(info),
	}
	if info.Mode().IsRegular() {
		e.Size = info.Size()
	}
	l.out.Entries = append(l.out.Entries, e)
	return nil
}
