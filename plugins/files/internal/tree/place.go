// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// maxPath is the longest path that is looked at, in bytes: PATH_MAX of Linux.
const maxPath = 4096

// place is a path inside a root, or the top above several roots.
type place struct {
	root  *root  // nil: the top
	rel   string // slash-separated below root; "." is root itself
	given string // as the client wrote it, for errors
}

// resolve finds the root that a path belongs to. Relative paths start in the
// only root; with several, their first element is the name of one.
func (t *Tree) resolve(given string) (place, error) {
	at := place{given: given}
	switch {
	case len(t.roots) == 0:
		return at, ErrNoRoots
	case len(given) > maxPath:
		return at, at.refuse("longer than %d bytes", maxPath)
	case strings.ContainsRune(given, 0):
		return at, at.refuse("a path cannot hold a NUL byte")
	case !utf8.ValidString(given):
		return at, at.refuse("not valid UTF-8")
	case filepath.IsAbs(given):
		return t.resolveAbsolute(at)
	}
	clean := path.Clean(filepath.ToSlash(given))
	if !filepath.IsLocal(filepath.FromSlash(clean)) {
		return at, at.outside()
	}
	if len(t.roots) == 1 {
		at.root, at.rel = t.roots[0], clean
		return at, nil
	}
	if clean == "." {
		return at, nil
	}
	name, rest, _ := strings.Cut(clean, "/")
	at.root, at.rel = t.named(name), path.Clean(rest)
	if at.root == nil {
		return at, at.refuse("with several roots a path begins with the name of one: %s", t.names())
	}
	return at, nil
}

// resolveAbsolute finds the deepest root above an absolute path. The comparison
// is by name: os.Root judges the symbolic links inside.
func (t *Tree) resolveAbsolute(at place) (place, error) {
	depth := -1
	for _, r := range t.roots {
		for _, top := range []string{r.path, r.real} {
			rel, err := filepath.Rel(top, filepath.Clean(at.given))
			if err != nil || !filepath.IsLocal(rel) || len(top) <= depth {
				continue
			}
			at.root, at.rel, depth = r, filepath.ToSlash(rel), len(top)
		}
	}
	if at.root == nil {
		return at, at.outside()
	}
	return at, nil
}

// resolveInside is resolve for what cannot be asked of the top.
func (t *Tree) resolveInside(given string) (place, error) {
	at, err := t.resolve(given)
	if err == nil && at.root == nil {
		err = at.refuse("names no root; a path begins with one of %s", t.names())
	}
	return at, err
}

// names lists the names of the roots for an error.
func (t *Tree) names() string {
	var names []string
	for _, r := range t.roots {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

// shown is the path that answers use for rel below r; resolve accepts it.
func (t *Tree) shown(r *root, rel string) string {
	if len(t.roots) == 1 {
		return rel
	}
	return path.Join(r.name, rel)
}

// uri is the file URI of a place.
func (p place) uri() string {
	slashed := filepath.ToSlash(filepath.Join(p.root.path, filepath.FromSlash(p.rel)))
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter of Windows
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}

// stat follows symbolic links inside the root and tells a link to nothing from
// nothing.
func (p place) stat() (fs.FileInfo, error) {
	info, err := p.root.Stat(p.rel)
	if err == nil {
		return info, nil
	}
	if link, lerr := p.root.Lstat(p.rel); lerr == nil && link.Mode()&fs.ModeSymlink != 0 && errors.Is(err, fs.ErrNotExist) {
		return nil, p.refuse("is a symbolic link to nothing")
	}
	return nil, p.fail(err)
}

// open opens a regular file, and nothing else, with flag.
func (p place) open(flag int) (*os.File, fs.FileInfo, error) {
	// Look before opening: opening a FIFO waits for its other end, opening a
	// device may act on it. Should one take the file's place in between, then
	// openNonblock keeps the open from waiting.
	info, err := p.stat()
	if err != nil {
		return nil, nil, err
	}
	if err := p.mustBeRegular(info); err != nil {
		return nil, nil, err
	}
	file, err := p.root.OpenFile(p.rel, flag|openNonblock, 0)
	if err != nil {
		return nil, nil, p.fail(err)
	}
	if info, err = file.Stat(); err == nil {
		err = p.mustBeRegular(info)
	}
	if err != nil {
		return nil, nil, errors.Join(p.fail(err), file.Close())
	}
	return file, info, nil
}

func (p place) mustBeRegular(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return p.refuse("is a directory; list shows what it holds")
	default:
		return p.refuse("is a %s, not a regular file", kind(mode))
	}
}

// kind names the type of a file.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "file"
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	case mode&fs.ModeNamedPipe != 0:
		return "fifo"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "other"
}

// pathError says what is wrong with a path, in the words of the client.
type pathError struct {
	given, reason string
	err           error
}

func (e *pathError) Error() string { return quote(e.given) + ": " + e.reason }
func (e *pathError) Unwrap() error { return e.err }

// quote makes a path of a client harmless and short enough to repeat.
func quote(given string) string {
	const longest = 200
	if len(given) > longest {
		given = given[:longest] + "..."
	}
	return fmt.Sprintf("%q", given)
}

func (p place) outside() error {
	return p.refuse("outside of the configured roots, which the tool roots lists")
}

func (p place) refuse(format string, args ...any) error {
	return &pathError{given: p.given, reason: fmt.Sprintf(format, args...)}
}

// fail says that the system refused. It keeps a pathError as it is.
func (p place) fail(err error) error {
	if _, ok := errors.AsType[*pathError](err); ok {
		return err
	}
	return &pathError{given: p.given, reason: reason(err), err: err}
}

// reason is the text of a system error without the paths that it holds.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		err = e.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied by the operating system"
	case err.Error() == "path escapes from parent": // os exports no error to compare with
		return "leads out of its root, or through a symbolic link with an absolute target, which is not followed"
	}
	return err.Error()
}
