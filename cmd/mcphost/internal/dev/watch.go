// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// maxHashed is how much of a file is compared, in bytes. A larger one counts as
// changed when its size or the time of its last change is another.
const maxHashed = 64 << 20

// A Watcher tells which files have new content. One that is only touched, or
// that a build writes again as it was, has none: otherwise a build that writes
// beside its sources would follow on itself for ever. It serves one Loop.
type Watcher struct {
	notify *fsnotify.Watcher
	only   map[string]bool   // files that are watched whatever their folder is
	trees  map[string]bool   // folders in which every file counts
	homes  map[string]bool   // folders that are watched anew when they are replaced
	known  map[string][]byte // the content of each file, as its sum says
}

// NewWatcher watches files, and folders with everything below them but what
// holds no sources. A symbolic link is followed if it is given, not if it is
// found below a folder. The caller closes the Watcher.
func NewWatcher(paths []string) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	w := &Watcher{notify: notify, only: map[string]bool{}, trees: map[string]bool{}, homes: map[string]bool{}, known: map[string][]byte{}}
	for _, path := range paths {
		if err := w.add(path); err != nil {
			w.Close()
			return nil, fmt.Errorf("watch %s: %w", path, err)
		}
	}
	return w, nil
}

// Close ends the watch.
func (w *Watcher) Close() { _ = w.notify.Close() } // nothing is lost

func (w *Watcher) add(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	if info.IsDir() {
		w.addHome(real)
		return w.addTree(real)
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return err
	}
	// Of a link both ends: it may be set to another file.
	return errors.Join(w.addFile(real), w.addFile(filepath.Join(dir, filepath.Base(path))))
}

// addFile watches the folder of a file, since a build replaces a file rather
// than to write into it.
func (w *Watcher) addFile(path string) error {
	if w.only[path] {
		return nil
	}
	w.only[path] = true
	w.renewed(path)
	w.addHome(filepath.Dir(path))
	return w.notify.Add(filepath.Dir(path))
}

// addHome watches where a folder is, so that it is noticed when a build or a
// checkout replaces it. A folder whose parent cannot be read does without.
func (w *Watcher) addHome(dir string) {
	w.homes[dir] = true
	_ = w.notify.Add(filepath.Dir(dir))
}

// addTree watches a folder and those below it.
func (w *Watcher) addTree(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			return nil // it has gone meanwhile
		case !entry.IsDir():
			w.renewed(path)
			return nil
		case path != root && ignored(entry.Name()):
			return filepath.SkipDir
		}
		w.trees[path] = true
		return w.notify.Add(path)
	})
}

// ignored reports whether a file or folder of that name holds no sources: what
// tools hide, install and build.
func ignored(name string) bool {
	switch name {
	case "node_modules", "target", "dist", "build", "bin", "venv", "__pycache__":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".egg-info") ||
		strings.HasPrefix(name, "#") || filepath.Ext(name) == ".tmp" || filepath.Ext(name) == ".swp"
}

// next waits until files have changed and then nothing has for so long, and
// returns them. The error says that nothing can be watched any more.
func (w *Watcher) next(ctx context.Context, quiet time.Duration) ([]string, error) {
	changed := map[string]bool{} // with whether the file was known before
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case event, open := <-w.notify.Events:
			if !open {
				return nil, errors.New("watch files: the watch has ended")
			}
			w.take(event.Name, changed)
			if len(changed) > 0 {
				settled = time.After(quiet)
			}
		case err := <-w.notify.Errors:
			// Events were lost, so that everything may have changed.
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return nil, fmt.Errorf("watch files: %w", err)
			}
			changed["many files"] = true
			settled = time.After(quiet)
		case <-settled:
			if names := w.lasting(changed); len(names) > 0 {
				return names, nil
			}
		}
	}
}

// lasting returns what has changed in the end. A file that came and went, as
// editors make them, has not.
func (w *Watcher) lasting(changed map[string]bool) []string {
	var names []string
	for path, wasKnown := range changed {
		if _, isKnown := w.known[path]; isKnown || wasKnown {
			names = append(names, path)
		}
	}
	slices.Sort(names)
	return names
}

// take notes the file of an event if its content is new. A new folder is
// watched from now on, with what is in it already.
func (w *Watcher) take(path string, changed map[string]bool) {
	if w.homes[path] {
		w.takeHome(path, changed)
	}
	if w.only[path] {
		w.compare(path, changed)
		return
	}
	if !w.trees[filepath.Dir(path)] || ignored(filepath.Base(path)) {
		return
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		w.trees[path] = true
		w.takeFolder(path, changed)
		return
	}
	w.compare(path, changed)
}

// takeHome looks again at a folder that may be another by now.
func (w *Watcher) takeHome(dir string, changed map[string]bool) {
	if w.trees[dir] {
		w.takeFolder(dir, changed)
	} else {
		_ = w.notify.Add(dir) // it may have gone
	}
	for file := range w.only {
		if filepath.Dir(file) == dir {
			w.compare(file, changed)
		}
	}
}

// takeFolder watches a folder in which every file counts, and takes what is in
// it.
func (w *Watcher) takeFolder(dir string, changed map[string]bool) {
	_ = w.notify.Add(dir) // it may have gone
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		w.take(filepath.Join(dir, entry.Name()), changed)
	}
}

// compare notes a file whose content is new, and whether it was there when the
// first change came.
func (w *Watcher) compare(path string, changed map[string]bool) {
	_, known := w.known[path]
	if _, noted := changed[path]; w.renewed(path) && !noted {
		changed[path] = known
	}
}

// renewed notes the content of a file and reports whether it is another than
// before.
func (w *Watcher) renewed(path string) bool {
	sum := sumOf(path)
	old, known := w.known[path]
	if sum == nil {
		delete(w.known, path)
		return known
	}
	w.known[path] = sum
	return !slices.Equal(sum, old)
}

// sumOf stands for the content of a file; nil if there is none.
func sumOf(path string) []byte {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	if info.Size() > maxHashed {
		return fmt.Appendf(nil, "%d %d", info.Size(), info.ModTime().UnixNano())
	}
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close() // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil
	}
	return hash.Sum(nil)
}
