// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	maxWatched = 1024                   // paths that are watched at once
	settle     = 100 * time.Millisecond // changes within it are told as one
)

// A Watcher tells of changes of the paths that it is asked to watch. It watches
// the directory that a path is in, since editors replace a file rather than
// write into it.
type Watcher struct {
	tree    *Tree
	changed func(path string)
	notify  *fsnotify.Watcher
	done    sync.WaitGroup

	dirs map[string]bool // those that are watched; touched by Set only

	mu    sync.Mutex
	paths map[string][]string // the path where changes happen -> as it was asked for
}

// Watch returns a Watcher of nothing yet. changed is called in a goroutine of
// the Watcher's own. It must be closed.
func (t *Tree) Watch(changed func(path string)) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w := &Watcher{tree: t, changed: changed, notify: notify, dirs: map[string]bool{}}
	w.done.Go(w.run)
	return w, nil
}

// Close stops watching. changed is not called any more when it has returned.
func (w *Watcher) Close() error {
	err := w.notify.Close()
	w.done.Wait()
	return err
}

// Set watches these absolute paths and no others. It returns those that can be
// watched: they are inside a root, and their directory exists. One goroutine
// calls it at a time.
func (w *Watcher) Set(given []string) (accepted []string) {
	paths, dirs := map[string][]string{}, map[string]bool{}
	for _, one := range given {
		real, ok := w.tree.realPath(one)
		if !ok || len(accepted) == maxWatched || !w.watch(filepath.Dir(real), dirs) {
			continue
		}
		if w.tree.isDir(one) {
			w.watch(real, dirs) // for what is in it
		}
		paths[real] = append(paths[real], one)
		accepted = append(accepted, one)
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.notify.Remove(dir) // it may have gone by itself
		}
	}
	w.dirs = dirs
	// Only now, since run takes the lock to pass on what fsnotify has: on some
	// systems fsnotify adds no directory while that waits.
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths = paths
	return accepted
}

// watch adds a directory to those that are watched and reports whether it could.
func (w *Watcher) watch(dir string, dirs map[string]bool) bool {
	if dirs[dir] {
		return true
	}
	// Also if it is watched already: it may be another by now.
	if err := w.notify.Add(dir); err != nil {
		return false
	}
	dirs[dir] = true
	return true
}

// run tells of changes until the Watcher is closed.
func (w *Watcher) run() {
	pending := map[string]bool{}
	var due <-chan time.Time
	for {
		select {
		case event, open := <-w.notify.Events:
			if !open {
				return
			}
			for _, one := range w.touched(event.Name) {
				if due == nil {
					due = time.After(settle)
				}
				pending[one] = true
			}
		case _, open := <-w.notify.Errors:
			if !open {
				return
			}
			// Events were lost, so everything may have changed.
			for _, one := range w.all() {
				pending[one] = true
			}
			due = time.After(settle)
		case <-due:
			for one := range pending {
				w.changed(one)
			}
			pending, due = map[string]bool{}, nil
		}
	}
}

// touched are the watched paths that a change at name concerns: itself, and the
// directory that it is in.
func (w *Watcher) touched(name string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []string
	for _, real := range []string{name, filepath.Dir(name)} {
		found = append(found, w.paths[real]...)
	}
	return found
}

func (w *Watcher) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var found []string
	for _, same := range w.paths {
		found = append(found, same...)
	}
	return found
}

// realPath is where changes of an absolute path inside a root happen. What is
// at its end need not exist yet. The directory is judged by os.Root, so that no
// symbolic link leads out; one that is swapped afterwards would at most tell
// that something of that name has changed elsewhere.
func (t *Tree) realPath(given string) (string, bool) {
	if !filepath.IsAbs(given) {
		return "", false
	}
	at, err := t.resolve(given)
	if err != nil || at.root == nil {
		return "", false
	}
	info, err := at.root.Stat(path.Dir(at.rel))
	if err != nil || !info.IsDir() {
		return "", false
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(at.root.real, filepath.FromSlash(path.Dir(at.rel))))
	if err != nil {
		return "", false
	}
	if at.rel == "." {
		return at.root.real, true
	}
	return filepath.Join(dir, path.Base(at.rel)), true
}

func (t *Tree) isDir(given string) bool {
	_, info, err := t.visible(given)
	return err == nil && info.IsDir()
}
