// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
)

// The modes of a WriteRequest.
const (
	ModeCreate    = "create"
	ModeOverwrite = "overwrite"
	ModeAppend    = "append"
)

// WriteRequest asks for a file with some content.
type WriteRequest struct {
	Path       string `json:"path" jsonschema:"file to write"`
	Content    string `json:"content" jsonschema:"text to write, as UTF-8"`
	Mode       string `json:"mode,omitempty" jsonschema:"create (the default; fails if the path exists), overwrite (creates or replaces), or append (creates or adds to the end)"`
	CreateDirs bool   `json:"create_dirs,omitempty" jsonschema:"create missing directories above the file"`

	// Seen is the only version of the file that may be replaced; any if nil. The
	// zero Version says that there was no file.
	Seen *Version `json:"-"`
}

// WriteResult is the answer to a WriteRequest.
type WriteResult struct {
	Path    string `json:"path" jsonschema:"as other tools of this plugin take it"`
	Size    int64  `json:"size" jsonschema:"bytes of the file now"`
	Created bool   `json:"created" jsonschema:"whether the file did not exist before"`
}

// Write creates, replaces or extends a file. Content of an existing file is
// replaced all at once or not at all.
func (t *Tree) Write(ctx context.Context, req WriteRequest) (*WriteResult, error) {
	switch req.Mode {
	case "", ModeCreate, ModeOverwrite, ModeAppend:
	default:
		return nil, errors.New("mode must be create, overwrite or append")
	}
	at, err := t.startWriting(ctx, req.Path)
	if err != nil {
		return nil, err
	}
	defer t.endWriting()
	old, err := at.writable()
	if err != nil {
		return nil, err
	}
	if err := t.asSeen(at, old, req.Seen); err != nil {
		return nil, err
	}
	if old != nil && (req.Mode == "" || req.Mode == ModeCreate) {
		return nil, at.refuse("exists already; use the tool edit, or mode overwrite or append")
	}
	if req.CreateDirs {
		if err := at.root.MkdirAll(path.Dir(at.rel), 0o777); err != nil {
			return nil, at.fail(err)
		}
	}
	out := &WriteResult{Path: valid(t.shown(at.root, at.rel)), Created: old == nil, Size: int64(len(req.Content))}
	absent := req.Seen != nil && old == nil // create lets nobody slip in
	switch {
	case req.Mode == ModeOverwrite && !absent:
		err = at.replace([]byte(req.Content), old)
	case req.Mode == ModeAppend:
		out.Size, err = at.append([]byte(req.Content), old)
	default:
		err = at.create([]byte(req.Content))
	}
	if err != nil {
		return nil, at.fail(err)
	}
	return out, nil
}

// asSeen refuses to replace another version than was seen.
func (t *Tree) asSeen(at place, old fs.FileInfo, seen *Version) error {
	switch {
	case seen == nil || t.versionOf(at, old) == *seen:
		return nil
	case *seen == Version{}:
		return at.refuse("exists by now, and nobody was asked whether to replace it; nothing was written, so read it first")
	}
	return at.refuse("has changed since the question whether to replace it; nothing was written, so read it again")
}

// startWriting resolves a path and waits for the turn to change files; the
// caller ends it with endWriting. One call at a time changes files: clients
// send several edits of one file at once, and none of them may be lost.
func (t *Tree) startWriting(ctx context.Context, given string) (place, error) {
	at, err := t.resolveInside(given)
	if err != nil {
		return at, err
	}
	if !t.opts.Writable {
		return at, at.refuse(`files are read-only here; the operator allows changes with "writable": true in the settings of this plugin`)
	}
	select {
	case t.writing <- struct{}{}:
		return at, nil
	case <-ctx.Done():
		return at, context.Cause(ctx)
	}
}

func (t *Tree) endWriting() { <-t.writing }

// writable returns what is at p, or nil if nothing is. It refuses all that a
// write would not replace in place.
func (p place) writable() (fs.FileInfo, error) {
	info, err := p.root.Lstat(p.rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, p.fail(err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, p.refuse("is a symbolic link; name the file that it leads to")
	}
	if err := p.mustBeRegular(info); err != nil {
		return nil, err
	}
	return info, p.mustNotBeReadOnly(info)
}

// mustNotBeReadOnly refuses a file that its owner has protected. A rename would
// replace it all the same, and a superuser could write to it.
func (p place) mustNotBeReadOnly(info fs.FileInfo) error {
	protected := info.Mode().Perm()&0o222 == 0
	if !protected {
		file, err := p.root.OpenFile(p.rel, os.O_WRONLY|openNonblock, 0)
		if err == nil {
			return file.Close()
		}
		protected = errors.Is(err, fs.ErrPermission) // a program that runs is busy, and can be replaced
	}
	if protected {
		return p.refuse("is read-only (mode %04o); nothing was changed", info.Mode().Perm())
	}
	return nil
}

// create makes a file that must not exist yet.
func (p place) create(content []byte) error {
	// The empty file claims the name, and is replaced by the whole one: so
	// neither can another file be replaced, nor a part of this one be seen.
	claim, err := p.root.OpenFile(p.rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	info, err := claim.Stat()
	err = errors.Join(err, claim.Close())
	if err == nil {
		err = p.replace(content, info)
	}
	if err != nil {
		return errors.Join(err, p.root.Remove(p.rel))
	}
	return nil
}

// replace puts content in the place of old, which may be nil, at once: readers
// see the old content or the new, and a failure leaves the old. Hard links to
// the old content keep it.
func (p place) replace(content []byte, old fs.FileInfo) error {
	temp := path.Join(path.Dir(p.rel), ".mcphost-"+rand.Text()+".tmp")
	if err := p.writeTemp(temp, content, old); err != nil {
		return err
	}
	if err := p.root.Rename(temp, p.rel); err != nil {
		return errors.Join(err, p.root.Remove(temp))
	}
	return nil
}

// writeTemp writes a new file with the permissions of old. It leaves nothing
// behind when it fails.
func (p place) writeTemp(temp string, content []byte, old fs.FileInfo) error {
	perm := fs.FileMode(0o666) // less the umask, as for any new file
	if old != nil {
		perm = 0o600 // until it has those of old
	}
	file, err := p.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil && old != nil {
		keepOwner(file, old)
		err = file.Chmod(old.Mode().Perm())
	}
	if err == nil {
		err = file.Sync() // or a power failure could leave an empty file under the new name
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, p.root.Remove(temp))
	}
	return nil
}

// append adds content to the end of a file and returns its size then. It writes
// in place, since others may be appending too, as they do to logs. So it takes
// nothing back when it fails half-way: behind what it has written, others may
// have written already.
func (p place) append(content []byte, old fs.FileInfo) (int64, error) {
	if old == nil {
		return int64(len(content)), p.create(content)
	}
	file, _, err := p.open(os.O_WRONLY | os.O_APPEND)
	if err != nil {
		return 0, err
	}
	n, err := file.Write(content)
	info, statErr := file.Stat()
	err = cmp.Or(err, statErr, file.Close())
	switch {
	case err != nil && n > 0:
		return 0, p.refuse("%s of %s were written to its end: %s", count(n), plural(len(content), "byte", "bytes"), reason(err))
	case err != nil:
		return 0, err
	}
	return info.Size(), nil
}
