// SPDX-License-Identifier: Apache-2.0

// Package tree turns requests about paths, as a client writes them, into
// bounded work on files inside a few configured directories, its roots. It
// knows files, text and limits, and nothing of plugins or MCP.
//
// Nothing outside a root is ever opened: every access goes through [os.Root],
// which resolves each path element itself and holds while others change the
// tree. Only directories and regular files are opened, since opening a FIFO
// blocks and opening a device may act. Errors name the path as the client gave
// it, and never a path outside.
package tree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Options configure a Tree. The zero value has no root.
type Options struct {
	Roots         []string // directories; "~/" stands for the home directory
	Writable      bool     // whether Write and Edit change anything
	MaxReadBytes  int64    // text of one answer; 1 MiB if zero, at most 32 MiB
	MaxMediaBytes int64    // image or sound of one answer; 8 MiB if zero, at most 32 MiB
	MaxResults    int      // entries or matches of one answer; 1000 if zero
}

const (
	defaultReadBytes  = 1 << 20
	defaultMediaBytes = 8 << 20
	defaultResults    = 1000

	// An answer travels in one message, and media grow by a third on their way.
	maxAnswerBytes = 32 << 20
)

// A Tree answers requests about the files below its roots. Many goroutines may
// use it at once. Do not use it after Close.
type Tree struct {
	opts    Options // with defaults filled in
	roots   []*root
	writing chan struct{} // held by the one call that changes files
}

// root is one configured directory.
type root struct {
	*os.Root
	name string // the first element of a path when there are several roots
	path string // absolute, as configured
	real string // absolute, without symbolic links
}

// ErrNoRoots is what every request gets from a Tree without roots.
var ErrNoRoots = errors.New(`no directory is configured: set "roots" in the settings of this plugin, ` +
	`for example {"roots": ["/home/me/project"]}, and "writable": true to allow changes`)

// Open opens the roots. It fails if one of them is not a directory that can be
// opened: a missing root is better known at once than at the first call.
func Open(opts Options) (_ *Tree, err error) {
	if opts.MaxReadBytes < 0 || opts.MaxMediaBytes < 0 || opts.MaxResults < 0 {
		return nil, errors.New("limits cannot be negative; leave them out for the defaults")
	}
	if max(opts.MaxReadBytes, opts.MaxMediaBytes) > maxAnswerBytes {
		return nil, fmt.Errorf("an answer can hold at most %s bytes; lower the limits", count(maxAnswerBytes))
	}
	opts.MaxReadBytes = orDefault(opts.MaxReadBytes, defaultReadBytes)
	opts.MaxMediaBytes = orDefault(opts.MaxMediaBytes, defaultMediaBytes)
	opts.MaxResults = orDefault(opts.MaxResults, defaultResults)
	t := &Tree{opts: opts, writing: make(chan struct{}, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	for _, dir := range opts.Roots {
		r, err := openRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("root %q: %w", dir, err)
		}
		t.roots = append(t.roots, r)
		r.name = t.freeName(filepath.Base(r.path))
	}
	return t, nil
}

func orDefault[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}

func openRoot(dir string) (*root, error) {
	if rest, ok := strings.CutPrefix(filepath.ToSlash(dir), "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("home directory: %w", err)
		}
		dir = filepath.Join(home, rest)
	}
	if dir == "" {
		return nil, errors.New("is empty; write \".\" for the working directory")
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("absolute path: %w", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	opened, err := os.OpenRoot(real)
	if err != nil {
		return nil, errors.New(reason(err))
	}
	return &root{Root: opened, path: path, real: real}, nil
}

// freeName returns base, or base with a number if another root has it already.
func (t *Tree) freeName(base string) string {
	if base == string(filepath.Separator) {
		base = "root"
	}
	name := base
	for n := 2; t.named(name) != nil; n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}

func (t *Tree) named(name string) *root {
	for _, r := range t.roots {
		if r.name == name {
			return r
		}
	}
	return nil
}

// Close closes the roots.
func (t *Tree) Close() error {
	var errs []error
	for _, r := range t.roots {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// RootsRequest asks for the roots.
type RootsRequest struct{}

// RootList is the answer to a RootsRequest.
type RootList struct {
	Roots    []RootInfo `json:"roots"`
	Writable bool       `json:"writable" jsonschema:"whether files below the roots can be changed"`
}

// RootInfo is one root.
type RootInfo struct {
	Name string `json:"name" jsonschema:"first element of relative paths when there are several roots"`
	Path string `json:"path" jsonschema:"absolute path of the directory"`
}

// ListRoots returns the configured roots in the order of the settings.
func (t *Tree) ListRoots(context.Context, RootsRequest) (*RootList, error) {
	if len(t.roots) == 0 {
		return nil, ErrNoRoots
	}
	list := &RootList{Roots: []RootInfo{}, Writable: t.opts.Writable}
	for _, r := range t.roots {
		list.Roots = append(list.Roots, RootInfo{Name: r.name, Path: r.path})
	}
	return list, nil
}
