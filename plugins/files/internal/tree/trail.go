// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links are followed to watch one path.
const maxLinks = 40

// A trail is what has to be watched for a path, in absolute paths without
// symbolic links.
type trail struct {
	dirs  []string // the directories to watch
	spot  string   // where the path changes; empty while a directory is missing
	turns []string // where it may begin to lead elsewhere
}

func (t trail) equal(u trail) bool {
	return t.spot == u.spot && slices.Equal(t.dirs, u.dirs) && slices.Equal(t.turns, u.turns)
}

// trailOf looks where an absolute path leads at the moment. Each step is judged
// by os.Root, so that no symbolic link leads out; one that is swapped afterwards
// would at most tell that something of that name has changed elsewhere. False
// says that the path leads out, or cannot be followed; the trail is that up to
// there.
func (t *Tree) trailOf(given string) (trail, bool) {
	if !filepath.IsAbs(given) {
		return trail{}, false
	}
	at, err := t.resolve(given)
	if err != nil || at.root == nil {
		return trail{}, false
	}
	f := follower{root: at.root, at: "."}
	ok := f.follow(elements(at.rel))
	return f.trail, ok
}

// A follower goes along a path, one element after the other.
type follower struct {
	root  *root
	at    string // where it is: below root, slash-separated, without links
	links int
	trail trail
}

func (f *follower) follow(rest []string) bool {
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			if f.at == "." {
				return false
			}
			f.at = path.Dir(f.at)
			continue
		}
		here := path.Join(f.at, name)
		info, err := f.root.Lstat(here)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return false
		case err == nil && info.IsDir():
			f.at = here
		case err == nil && info.Mode()&fs.ModeSymlink != 0:
			f.watch(f.at)
			f.turn(here)
			target, err := f.root.Readlink(here)
			if f.links++; err != nil || f.links > maxLinks || filepath.IsAbs(target) {
				return false
			}
			rest = append(elements(filepath.ToSlash(target)), rest...)
		default:
			// A file, or nothing yet.
			f.watch(f.at)
			if len(rest) > 0 {
				f.turn(here)
			} else {
				f.trail.spot = f.real(here)
			}
			return true
		}
	}
	f.watch(f.at) // for what is in it
	if f.at != "." {
		f.watch(path.Dir(f.at))
	}
	f.trail.spot = f.real(f.at)
	return true
}

// watch notes a directory to watch. It may be removed or renamed.
func (f *follower) watch(dir string) {
	f.trail.dirs = append(f.trail.dirs, f.real(dir))
	if dir != "." {
		f.turn(dir)
	}
}

func (f *follower) turn(rel string) { f.trail.turns = append(f.trail.turns, f.real(rel)) }

func (f *follower) real(rel string) string {
	return filepath.Join(f.root.real, filepath.FromSlash(rel))
}

// elements are those of a slash-separated path.
func elements(rel string) []string {
	return slices.DeleteFunc(strings.Split(rel, "/"), func(name string) bool { return name == "" || name == "." })
}
