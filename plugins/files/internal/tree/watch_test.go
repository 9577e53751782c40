// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// late is when something that was to be told has not been.
const late = 10 * time.Second

// watched is a directory of which one path is watched.
type watched struct {
	*Watcher
	t    *testing.T
	dir  string
	told chan string
}

func watchPath(t *testing.T, dir, rel string) *watched {
	t.Helper()
	tr, err := Open(Options{Roots: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, dir: dir, told: make(chan string, 100)}
	watcher, err := tr.Watch(func(path string) { w.told <- path })
	if err != nil {
		t.Fatal(err)
	}
	w.Watcher = watcher
	t.Cleanup(func() {
		if err := watcher.Close(); err != nil {
			t.Error(err)
		}
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, rel)
	if accepted := watcher.Set([]string{path}); !slices.Equal(accepted, []string{path}) {
		t.Fatalf("accepted %v of %s", accepted, path)
	}
	return w
}

// tells fails the test unless a change is told.
func (w *watched) tells(what string, change func() error) {
	w.t.Helper()
	for len(w.told) > 0 {
		<-w.told
	}
	if err := change(); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-w.told:
	case <-time.After(late):
		w.t.Fatalf("%s was not told", what)
	}
	// What is told twice is over by then, and does not pass for the next change.
	for {
		select {
		case <-w.told:
		case <-time.After(3 * settle):
			return
		}
	}
}

func (w *watched) write(rel, content string) func() error {
	return func() error {
		path := filepath.Join(w.dir, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(content), 0o600)
	}
}

func (w *watched) remove(rel string) func() error {
	return func() error { return os.RemoveAll(filepath.Join(w.dir, rel)) }
}

func fill(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, rel := range files {
		if err := (&watched{dir: dir}).write(rel, "a")(); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, at string) {
	t.Helper()
	if err := os.Symlink(target, at); err != nil {
		t.Skip(err)
	}
}

func TestLinkIsWatchedAtBothEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, "sub/target", "other")
	link(t, "sub/target", filepath.Join(dir, "link"))
	w := watchPath(t, dir, "link")
	w.tells("a write to the target", w.write("sub/target", "b"))
	w.tells("another target", func() error {
		link(t, "other", filepath.Join(dir, "new"))
		return os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "link"))
	})
	w.tells("a write to the other target", w.write("other", "b"))
}

func TestLinkToADirectoryIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, "v1/file", "v2/file")
	link(t, "v1", filepath.Join(dir, "current"))
	w := watchPath(t, dir, "current/file")
	w.tells("a write to the first version", w.write("v1/file", "b"))
	w.tells("another version", func() error {
		link(t, "v2", filepath.Join(dir, "new"))
		return os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "current"))
	})
	w.tells("a write to the other version", w.write("v2/file", "b"))
}

func TestReplacedDirectoryIsWatchedAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill(t, dir, "build/dist/out")
	w := watchPath(t, dir, "build/dist/out")
	for range 2 {
		w.tells("the removal", w.remove("build"))
		w.tells("the return", w.write("build/dist/out", "b"))
		w.tells("a change after the return", w.write("build/dist/out", "c"))
	}
	w.tells("another in its place", func() error {
		fill(t, dir, "build/new/out")
		if err := os.Rename(filepath.Join(dir, "build/dist"), filepath.Join(dir, "build/old")); err != nil {
			return err
		}
		return os.Rename(filepath.Join(dir, "build/new"), filepath.Join(dir, "build/dist"))
	})
	w.tells("a change of that", w.write("build/dist/out", "d"))
}

func TestMissingPathIsWatchedAsWhatItBecomes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := watchPath(t, dir, "a/b/c")
	w.tells("a directory", func() error { return os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o700) })
	w.tells("what is in it", w.write("a/b/c/file", "a"))
	w.tells("its removal", w.remove("a"))
	w.tells("a file", w.write("a/b/c", "a"))
	w.tells("a change of the file", w.write("a/b/c", "b"))
}

func TestRootIsWatchedWithoutWhatIsBesideIt(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	root := filepath.Join(home, "me")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o311); err != nil { // may be passed through, not watched
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(home, 0o700) })
	w := watchPath(t, root, ".")
	w.tells("a new file", w.write("file", "a"))
	// The superuser could watch it.
	if list := w.notify.WatchList(); len(list) != 1 {
		t.Errorf("watched are %v", list)
	}
}

func TestWhatLeadsOutIsNotWatched(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	fill(t, top, "root/file", "outside/file")
	dir := filepath.Join(top, "root")
	link(t, "../outside", filepath.Join(dir, "relative"))
	link(t, filepath.Join(top, "outside"), filepath.Join(dir, "absolute"))
	link(t, "loop", filepath.Join(dir, "loop"))
	tr, err := Open(Options{Roots: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := tr.Watch(func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	given := []string{filepath.Join(top, "outside", "file"), "file"}
	for _, rel := range []string{"relative", "relative/file", "absolute", "absolute/file", "loop", "loop/x"} {
		given = append(given, filepath.Join(dir, rel))
	}
	if accepted := w.Set(given); len(accepted) != 0 {
		t.Errorf("accepted %v", accepted)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if list := w.Set([]string{filepath.Join(dir, "file")}); list != nil {
		t.Errorf("a closed watcher accepted %v", list)
	}
	if err := tr.Close(); err != nil {
		t.Error(err)
	}
}
