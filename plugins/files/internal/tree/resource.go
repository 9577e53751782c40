// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// maxEntries is how many entries of a directory are looked at to complete a
// path, or to show the directory.
const maxEntries = 10_000

// A Whole is all that a file or directory holds: Text, or Data if it is not nil.
type Whole struct {
	Text     string
	Data     []byte
	MIMEType string
	Entries  []Child // of a directory, in the order of names; nil for a file
	Cut      bool    // whether the directory has more entries
}

// A Child is an entry of a directory.
type Child struct {
	URI      string `json:"uri"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Size     int64  `json:"size,omitempty"`
	Modified string `json:"modified"`
}

// Whole returns what an absolute path holds. An error that is fs.ErrNotExist
// says that there is nothing, or nothing that may be seen.
func (t *Tree) Whole(ctx context.Context, given string) (*Whole, error) {
	at, info, err := t.visible(given)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return t.directory(at)
	}
	file, info, err := at.open(os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	r := reader{place: at, file: file, size: info.Size(), opts: t.opts}
	data, err := r.all(t.opts.MaxMediaBytes)
	if err != nil {
		return nil, at.fail(err)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	out := &Whole{MIMEType: mediaType(path.Base(at.rel), data[:min(len(data), sniffLength)])}
	if utf8.Valid(data) && !isBinary(data) {
		out.Text = string(data)
		return out, nil
	}
	out.Data = data
	return out, nil
}

// visible finds what an absolute path leads to. What is outside of the roots is
// not told from what does not exist.
func (t *Tree) visible(given string) (place, fs.FileInfo, error) {
	if !filepath.IsAbs(given) {
		return place{}, nil, fs.ErrNotExist
	}
	at, err := t.resolve(given)
	if err != nil {
		return at, nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	info, err := at.root.Stat(at.rel)
	if err != nil {
		return at, nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return at, info, nil
}

func (t *Tree) directory(at place) (*Whole, error) {
	entries, err := entriesOf(at)
	if err != nil {
		return nil, err
	}
	most := min(len(entries), t.opts.MaxResults)
	out := &Whole{MIMEType: "application/json", Entries: []Child{}, Cut: most < len(entries) || len(entries) == maxEntries}
	for _, entry := range entries[:most] {
		child := place{root: at.root, rel: path.Join(at.rel, entry.Name())}
		// Lstat instead of the entry's own Info, which asks by a path that may
		// lead elsewhere by now.
		info, err := at.root.Lstat(child.rel)
		if err != nil {
			continue // removed since the directory was read
		}
		c := Child{URI: child.uri(), Name: valid(info.Name()), Type: kind(info.Mode()), Modified: timestamp(info)}
		if info.Mode().IsRegular() {
			c.Size = info.Size()
		}
		out.Entries = append(out.Entries, c)
	}
	return out, nil
}

// entriesOf lists a directory in the order of names.
func entriesOf(at place) ([]fs.DirEntry, error) {
	dir, err := at.root.Open(at.rel)
	if err != nil {
		return nil, at.fail(err)
	}
	defer dir.Close() // only read
	entries, err := dir.ReadDir(maxEntries)
	if len(entries) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, at.fail(err)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	return entries, nil
}

// timestamp is when something was last changed, as answers give it.
func timestamp(info fs.FileInfo) string { return info.ModTime().UTC().Format(time.RFC3339) }

// Complete returns the paths that begin with what is typed, a relative or an
// absolute path, in the same form. Directories end in a slash.
func (t *Tree) Complete(typed string) []string {
	var found []string
	for _, r := range t.roots {
		top := strings.TrimSuffix(filepath.ToSlash(r.path), "/") + "/"
		if name := r.name + "/"; len(t.roots) > 1 && strings.HasPrefix(name, typed) {
			found = append(found, name)
		}
		if filepath.IsAbs(typed) && strings.HasPrefix(top, typed) && top != typed {
			found = append(found, top)
		}
	}
	dir, base := path.Split(filepath.ToSlash(typed))
	at, err := t.resolve(orDot(dir))
	if err != nil || at.root == nil {
		return found
	}
	entries, err := entriesOf(at)
	if err != nil {
		return found
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, base) || !utf8.ValidString(name) {
			continue
		}
		if entry.IsDir() {
			name += "/"
		}
		found = append(found, dir+name)
	}
	return found
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// Roots are the file URIs of the roots, with their names.
func (t *Tree) Roots() map[string]string {
	roots := make(map[string]string, len(t.roots))
	for _, r := range t.roots {
		roots[place{root: r, rel: "."}.uri()] = r.name
	}
	return roots
}

// A Version tells one content of a file from another. The zero Version is that
// of no file.
type Version struct {
	Path     string `json:"path"` // as answers show it
	Size     int64  `json:"size"`
	Modified string `json:"modified"`
}

// Existing returns the version of the file that a write to a path would replace.
// Like Write it refuses what cannot be written to.
func (t *Tree) Existing(given string) (Version, error) {
	at, err := t.resolveInside(given)
	if err != nil {
		return Version{}, err
	}
	info, err := at.writable()
	if err != nil {
		return Version{}, err
	}
	return t.versionOf(at, info), nil
}

func (t *Tree) versionOf(at place, info fs.FileInfo) Version {
	if info == nil {
		return Version{}
	}
	return Version{Path: valid(t.shown(at.root, at.rel)), Size: info.Size(), Modified: info.ModTime().UTC().Format(time.RFC3339Nano)}
}
