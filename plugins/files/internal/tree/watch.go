// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	maxWatched = 1024                   // paths that are watched at once
	settle     = 100 * time.Millisecond // changes within it are told as one

	// maxLooks bounds how often a path is looked at again because it led
	// elsewhere when its directories were watched.
	maxLooks = 8
)

// A Watcher tells of changes of the paths that it is asked to watch. It watches
// the directory that a path is in, since editors replace a file rather than
// write into it; while that is missing, the nearest one above it.
//
// Two goroutines share the work, as fsnotify may add no directory while nobody
// takes its events: run takes events and tells, keep looks where paths lead.
type Watcher struct {
	tree    *Tree
	changed func(path string)
	notify  *fsnotify.Watcher
	wanted  chan wanted   // from Set to keep
	turn    chan struct{} // from run to keep: turned holds something
	found   chan []string // from keep to run: what is to be told
	quit    chan struct{}
	done    sync.WaitGroup

	// Owned by keep.
	paths []string        // those that are watched, as they were asked for
	dirs  map[string]bool // those that fsnotify was given

	mu     sync.Mutex
	spots  map[string][]string // where paths change -> the paths
	turns  map[string][]string // where paths may begin to lead elsewhere -> the paths
	turned map[string]bool     // the paths for which that has happened
}

// wanted is one Set.
type wanted struct {
	paths    []string
	accepted chan<- []string // has room for the answer
}

// Watch returns a Watcher of nothing yet. changed is called in a goroutine of
// the Watcher's own. It must be closed.
func (t *Tree) Watch(changed func(path string)) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w := &Watcher{
		tree: t, changed: changed, notify: notify,
		wanted: make(chan wanted), turn: make(chan struct{}, 1), found: make(chan []string), quit: make(chan struct{}),
		dirs: map[string]bool{}, turned: map[string]bool{},
	}
	w.done.Go(w.run)
	w.done.Go(w.keep)
	return w, nil
}

// Close stops watching. changed is not called any more when it has returned. It
// is called once.
func (w *Watcher) Close() error {
	close(w.quit)
	err := w.notify.Close()
	w.done.Wait()
	return err
}

// Set watches these absolute paths and no others. It returns those that can be
// watched: they are inside a root, whether there is something or not.
func (w *Watcher) Set(paths []string) (accepted []string) {
	answer := make(chan []string, 1)
	select {
	case w.wanted <- wanted{paths[:min(len(paths), maxWatched)], answer}:
		return <-answer
	case <-w.quit:
		return nil
	}
}

// keep keeps watching what paths lead to, until the Watcher is closed.
func (w *Watcher) keep() {
	for {
		select {
		case <-w.quit:
			return
		case req := <-w.wanted:
			w.paths = w.arrange(req.paths)
			if len(w.paths) < len(req.paths) {
				w.arrange(w.paths) // and nothing that was refused
			}
			req.accepted <- slices.Clone(w.paths)
		case <-w.turn:
			turned := w.takeTurned()
			turned = slices.DeleteFunc(turned, func(one string) bool { return !slices.Contains(w.paths, one) })
			w.arrange(w.paths)
			// Only now: what came before the new directories were watched was
			// not noticed.
			select {
			case w.found <- turned:
			case <-w.quit:
				return
			}
		}
	}
}

// arrange watches what the paths lead to and nothing else. It returns those that
// can be watched.
func (w *Watcher) arrange(paths []string) (accepted []string) {
	trails, whole := w.look(paths)
	var dirs map[string]bool
	for range maxLooks {
		dirs = map[string]bool{}
		accepted = nil
		for _, one := range paths {
			watched := true
			for _, dir := range trails[one].dirs {
				watched = w.watch(dir, dirs) && watched
			}
			if watched && whole[one] {
				accepted = append(accepted, one)
			}
		}
		w.publish(trails)
		before := trails
		if trails, whole = w.look(paths); maps.EqualFunc(before, trails, trail.equal) {
			break
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.notify.Remove(dir) // it may have gone by itself
		}
	}
	w.dirs = dirs
	return accepted
}

// look returns where the paths lead, and which of them can be followed.
func (w *Watcher) look(paths []string) (trails map[string]trail, whole map[string]bool) {
	trails, whole = map[string]trail{}, map[string]bool{}
	for _, one := range paths {
		trails[one], whole[one] = w.tree.trailOf(one)
	}
	return trails, whole
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

// publish lets run know what the events mean from now on.
func (w *Watcher) publish(trails map[string]trail) {
	spots, turns := map[string][]string{}, map[string][]string{}
	for one, t := range trails {
		if t.spot != "" {
			spots[t.spot] = append(spots[t.spot], one)
		}
		for _, at := range t.turns {
			turns[at] = append(turns[at], one)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spots, w.turns = spots, turns
}

func (w *Watcher) takeTurned() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	turned := slices.Collect(maps.Keys(w.turned))
	clear(w.turned)
	return turned
}

// run tells of changes until the Watcher is closed.
func (w *Watcher) run() {
	pending := map[string]bool{}
	var due <-chan time.Time
	note := func(paths []string) {
		for _, one := range paths {
			if due == nil {
				due = time.After(settle)
			}
			pending[one] = true
		}
	}
	for {
		select {
		case event, open := <-w.notify.Events:
			if !open {
				return
			}
			note(w.touched(event))
		case paths := <-w.found:
			note(paths)
		case _, open := <-w.notify.Errors:
			if !open {
				return
			}
			w.lost()
		case <-due:
			for one := range pending {
				w.changed(one)
			}
			pending, due = map[string]bool{}, nil
		}
	}
}

// touched are the watched paths that an event concerns: what is at its name, and
// the directory that it is in. Those that may lead elsewhere now are left to keep.
func (w *Watcher) touched(event fsnotify.Event) []string {
	leads := event.Has(fsnotify.Create) && mayLead(event.Name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if event.Op != fsnotify.Chmod {
		w.mark(w.turns[event.Name])
	}
	if leads {
		w.mark(w.spots[event.Name])
	}
	return slices.Concat(w.spots[event.Name], w.spots[filepath.Dir(event.Name)])
}

// mayLead reports whether what is new at a path has more to watch: a directory
// and a link have.
func mayLead(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && !info.Mode().IsRegular()
}

// lost is for when events were: everything may have changed.
func (w *Watcher) lost() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, same := range w.spots {
		w.mark(same)
	}
	for _, same := range w.turns {
		w.mark(same)
	}
}

// mark has keep look at paths anew. The caller holds mu.
func (w *Watcher) mark(paths []string) {
	if len(paths) == 0 {
		return
	}
	for _, one := range paths {
		w.turned[one] = true
	}
	select {
	case w.turn <- struct{}{}:
	default: // it will look anyway
	}
}
