// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/plugins/files/internal/gitignore"
)

const (
	maxDepth      = 100     // levels of directories; a descriptor is open for each
	maxDirEntries = 100_000 // of one directory
	maxRulesFile  = 1 << 20 // bytes of a .gitignore file

	allLevels = maxDepth + 1 // a walk.depth that asks for everything
)

// errEnough ends a walk early without being its error.
var errEnough = errors.New("enough")

// walk visits what a directory holds, depth first and in the order of names. It
// follows no symbolic link: what they lead to inside the root is met anyway.
type walk struct {
	depth  int  // levels to descend into; 1 is the directory alone
	ignore bool // leave out what .gitignore files say
	visit  func(context.Context, entry) error

	unreadable int  // directories that the system did not let us read
	cut        bool // a bound of this file hid something
}

// entry is one thing that a walk meets.
type entry struct {
	dir  *os.Root // the directory that holds it; open during the visit only
	name string
	rel  string // below the root, slash-separated
	mode fs.FileMode
}

// level is one directory of a walk.
type level struct {
	dir   *os.Root
	rel   string
	rules *gitignore.Rules
	depth int
}

// run visits everything below the directory at.
func (w *walk) run(ctx context.Context, at place) error {
	dir, err := at.root.OpenRoot(at.rel)
	if err != nil {
		return at.fail(err)
	}
	defer dir.Close()
	top := level{dir: dir, rel: at.rel, depth: 1}
	if w.ignore {
		top.rules = rulesAbove(at)
	}
	entries, err := w.read(dir)
	if err != nil {
		return at.fail(err)
	}
	return w.visitAll(ctx, top, entries)
}

// visitAll visits the entries of one directory and what is below them.
func (w *walk) visitAll(ctx context.Context, l level, entries []fs.DirEntry) error {
	if w.ignore {
		l.rules = rulesOf(l.dir, l.rel, l.rules, entries)
	}
	for _, found := range entries {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e := entry{dir: l.dir, name: found.Name(), rel: path.Join(l.rel, found.Name()), mode: found.Type()}
		if l.rules.Ignored(e.rel, e.mode.IsDir()) {
			continue
		}
		if err := w.visit(ctx, e); err != nil {
			return err
		}
		if e.mode.IsDir() && l.depth < w.depth {
			if err := w.enter(ctx, l, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter visits what is below the directory e. One that cannot be read is
// counted, and the walk goes on.
func (w *walk) enter(ctx context.Context, l level, e entry) error {
	if e.name == ".git" {
		return nil // git's own files; whoever wants them names the directory
	}
	if l.depth == maxDepth {
		w.cut = true
		return nil
	}
	// A Root of its own for each directory resolves one name instead of a whole
	// path, and stays inside even if the directory is moved meanwhile.
	dir, err := l.dir.OpenRoot(e.name)
	if err != nil {
		w.unreadable++
		return nil
	}
	defer dir.Close()
	entries, err := w.read(dir)
	if err != nil {
		w.unreadable++
		return nil
	}
	return w.visitAll(ctx, level{dir: dir, rel: e.rel, rules: l.rules, depth: l.depth + 1}, entries)
}

// read returns what dir holds, by name.
func (w *walk) read(dir *os.Root) ([]fs.DirEntry, error) {
	file, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := file.ReadDir(maxDirEntries)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) == maxDirEntries {
		w.cut = true
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// notes says what a walk could not see.
func (w *walk) notes() []string {
	var notes []string
	if w.unreadable > 0 {
		notes = append(notes, plural(w.unreadable, "directory", "directories")+" could not be read")
	}
	if w.cut {
		notes = append(notes, "some directories are too deep or too large to be shown whole")
	}
	return notes
}

// rulesAbove returns the rules that the directories above at contribute.
func rulesAbove(at place) *gitignore.Rules {
	if at.rel == "." {
		return nil
	}
	rules := rulesIn(at.root.Root, ".", nil)
	elements := strings.Split(at.rel, "/")
	for i := 1; i < len(elements); i++ {
		rel := path.Join(elements[:i]...)
		dir, err := at.root.OpenRoot(rel)
		if err != nil {
			continue // the walk itself will say so
		}
		rules = rulesIn(dir, rel, rules)
		dir.Close()
	}
	return rules
}

// rulesIn is rulesOf for a directory whose entries are not known.
func rulesIn(dir *os.Root, rel string, above *gitignore.Rules) *gitignore.Rules {
	if _, err := dir.Lstat(".git"); err == nil {
		above = nil
	}
	return above.Add(rel, readRules(dir))
}

// rulesOf returns the rules that hold in the directory rel with these entries.
func rulesOf(dir *os.Root, rel string, above *gitignore.Rules, entries []fs.DirEntry) *gitignore.Rules {
	has := func(name string) bool {
		_, ok := slices.BinarySearchFunc(entries, name, func(e fs.DirEntry, name string) int {
			return cmp.Compare(e.Name(), name)
		})
		return ok
	}
	if has(".git") {
		above = nil // a repository does not obey the one around it
	}
	if !has(".gitignore") {
		return above
	}
	return above.Add(rel, readRules(dir))
}

// readRules returns the .gitignore file of dir, or nothing. Like git it does
// not follow one that is a symbolic link.
func readRules(dir *os.Root) []byte {
	const name = ".gitignore"
	info, err := dir.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	file, err := dir.OpenFile(name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxRulesFile))
	if err != nil {
		return nil
	}
	return content
}
