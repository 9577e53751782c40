// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestWriteModes(t *testing.T) {
	for _, test := range []struct {
		name string
		req  WriteRequest
		want string // content after, or with "!" the reason of a refusal
		out  WriteResult
	}{
		{"create", WriteRequest{Path: "new", Content: "x"}, "x", WriteResult{"new", 1, true}},
		{"create by name", WriteRequest{Path: "new", Content: "x", Mode: "create"}, "x", WriteResult{"new", 1, true}},
		{"create what exists", WriteRequest{Path: "old", Content: "x"}, "!exists already", WriteResult{}},
		{"overwrite", WriteRequest{Path: "old", Content: "x", Mode: "overwrite"}, "x", WriteResult{"old", 1, false}},
		{"overwrite what is missing", WriteRequest{Path: "new", Content: "", Mode: "overwrite"}, "", WriteResult{"new", 0, true}},
		{"append", WriteRequest{Path: "old", Content: "+", Mode: "append"}, "content+", WriteResult{"old", 8, false}},
		{"append to what is missing", WriteRequest{Path: "new", Content: "+", Mode: "append"}, "+", WriteResult{"new", 1, true}},
		{"in a directory", WriteRequest{Path: "dir/new", Content: "x"}, "x", WriteResult{"dir/new", 1, true}},
		{"in a missing directory", WriteRequest{Path: "a/b/new", Content: "x"}, "!no such file or directory", WriteResult{}},
		{"with directories", WriteRequest{Path: "a/b/new", Content: "x", CreateDirs: true}, "x", WriteResult{"a/b/new", 1, true}},
		{"directories through a file", WriteRequest{Path: "old/b", CreateDirs: true}, "!not a directory", WriteResult{}},
		{"a directory", WriteRequest{Path: "dir", Mode: "overwrite"}, "!is a directory", WriteResult{}},
		{"the root", WriteRequest{Path: ".", Mode: "overwrite"}, "!is a directory", WriteResult{}},
		{"a link", WriteRequest{Path: "link", Mode: "overwrite"}, "!is a symbolic link", WriteResult{}},
		{"a link to nothing", WriteRequest{Path: "dangling"}, "!is a symbolic link", WriteResult{}},
		{"through a link", WriteRequest{Path: "dirlink/new", Content: "x"}, "x", WriteResult{"dirlink/new", 1, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr, dir := planted(t, map[string]string{
				"old": "content", "dir/": "", "link": "-> old", "dangling": "-> new", "dirlink": "-> dir",
			})
			out, err := tr.Write(t.Context(), test.req)
			if reason, refused := strings.CutPrefix(test.want, "!"); refused {
				wantRefusal(t, err, test.req.Path, reason)
				if got := contentOf(t, dir, "old"); got != "content" {
					t.Errorf("and yet the file has %q", got)
				}
			} else if err != nil || *out != test.out || contentOf(t, dir, test.req.Path) != test.want {
				t.Errorf("got %+v, %v", out, err)
			}
			wantNoTemps(t, dir)
		})
	}
}

// wantNoTemps fails if a temporary file was left.
func wantNoTemps(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tmp") {
			t.Errorf("%s was left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUnknownModeChangesNothing(t *testing.T) {
	tr, dir := planted(t, nil)
	if _, err := tr.Write(t.Context(), WriteRequest{Path: "a/b", Mode: "truncate", CreateDirs: true}); err == nil {
		t.Error("mode truncate was taken")
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory was made: %v", err)
	}
}

func TestReadOnlyTreeChangesNothing(t *testing.T) {
	dir := plant(t, map[string]string{"old": "content"})
	tr := openTree(t, Options{Roots: []string{dir}})
	for _, mode := range []string{ModeCreate, ModeOverwrite, ModeAppend} {
		_, err := tr.Write(t.Context(), WriteRequest{Path: "old", Content: "x", Mode: mode})
		wantRefusal(t, err, "old", `"writable": true`)
	}
	_, err := tr.Edit(t.Context(), EditRequest{Path: "old", Edits: []Replacement{{Old: "c", New: "x", All: true}}})
	wantRefusal(t, err, "old", "read-only")
	if got := contentOf(t, dir, "old"); got != "content" {
		t.Errorf("the file has %q", got)
	}
}

func TestReplacedFileKeepsItsPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	tr, dir := planted(t, map[string]string{"script": "a"})
	file := filepath.Join(dir, "script")
	if err := os.Chmod(file, 0o751); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Write(t.Context(), WriteRequest{Path: "script", Content: "b", Mode: ModeOverwrite}); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Edit(t.Context(), EditRequest{Path: "script", Edits: []Replacement{{Old: "b", New: "c"}}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o751 || contentOf(t, file) != "c" {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
}

// A reader that has the file open, or opens it at any moment, sees one whole
// version.
func TestReplaceIsAtomicForReaders(t *testing.T) {
	versions := []string{strings.Repeat("a", 50_000), strings.Repeat("b", 50_000)}
	tr, dir := planted(t, map[string]string{"file": versions[0]})
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			content, err := os.ReadFile(filepath.Join(dir, "file"))
			if got := string(content); err != nil || (got != versions[0] && got != versions[1]) {
				t.Errorf("saw %d bytes, %v", len(got), err)
				return
			}
		}
	})
	for i := range 50 {
		if _, err := tr.Write(t.Context(), WriteRequest{Path: "file", Content: versions[i%2], Mode: ModeOverwrite}); err != nil {
			t.Error(err)
		}
	}
	close(done)
	reader.Wait()
}

// The rename fails because a directory, which even root cannot replace by a
// file, has come to the path since it was looked at.
func TestFailedReplaceLeavesWhatWasThere(t *testing.T) {
	tr, dir := planted(t, map[string]string{"name/kept": "content", "old": "x"})
	info, err := os.Stat(filepath.Join(dir, "old"))
	if err != nil {
		t.Fatal(err)
	}
	at := place{root: tr.roots[0], rel: "name", given: "name"}
	if err := at.replace([]byte("new"), info); err == nil {
		t.Error("a directory was replaced by a file")
	}
	if err := at.create([]byte("new")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create: %v", err)
	}
	if got := contentOf(t, dir, "name/kept"); got != "content" {
		t.Errorf("content is %q", got)
	}
	wantNoTemps(t, dir)
}

func TestWriteWaitsItsTurnOnlyAsLongAsItsCaller(t *testing.T) {
	tr, dir := planted(t, map[string]string{"file": "a"})
	if _, err := tr.startWriting(t.Context(), "file"); err != nil {
		t.Fatal(err)
	}
	defer tr.endWriting()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.Write(ctx, WriteRequest{Path: "file", Content: "b", Mode: ModeOverwrite}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := contentOf(t, dir, "file"); got != "a" {
		t.Errorf("the file has %q", got)
	}
}

func TestNoEditIsLostAmongManyAtOnce(t *testing.T) {
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, "<%d>\n", i)
	}
	tr, dir := planted(t, map[string]string{"file": text.String()})
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			old := fmt.Sprintf("<%d>", i)
			if _, err := tr.Edit(t.Context(), EditRequest{Path: "file", Edits: []Replacement{{Old: old, New: "done"}}}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got := contentOf(t, dir, "file"); got != strings.Repeat("done\n", 20) {
		t.Errorf("the file has %q", got)
	}
}

func TestOnlyTheVersionSeenIsReplaced(t *testing.T) {
	tr, dir := planted(t, map[string]string{"file": "old"})
	seen, err := tr.Existing("file")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []Version{{}, {Path: seen.Path, Size: seen.Size + 1, Modified: seen.Modified}} {
		_, err := tr.Write(t.Context(), WriteRequest{Path: "file", Content: "new", Mode: ModeOverwrite, Seen: &other})
		wantRefusal(t, err, "file", "nothing was written")
	}
	if got := contentOf(t, dir, "file"); got != "old" {
		t.Fatalf("it holds %q", got)
	}
	for path, version := range map[string]Version{"file": seen, "fresh": {}} {
		if _, err := tr.Write(t.Context(), WriteRequest{Path: path, Content: "new", Mode: ModeOverwrite, Seen: &version}); err != nil {
			t.Error(err)
		}
		if got := contentOf(t, dir, path); got != "new" {
			t.Errorf("%s holds %q", path, got)
		}
	}
}

func TestReadOnlyFileIsLeftAlone(t *testing.T) {
	tr, dir := planted(t, map[string]string{"f": "old"})
	if err := os.Chmod(filepath.Join(dir, "f"), 0o400); err != nil {
		t.Fatal(err)
	}
	attempts := map[string]func() error{
		"append": func() error {
			_, err := tr.Write(t.Context(), WriteRequest{Path: "f", Content: "x", Mode: ModeAppend})
			return err
		},
		"overwrite": func() error {
			_, err := tr.Write(t.Context(), WriteRequest{Path: "f", Content: "x", Mode: ModeOverwrite})
			return err
		},
		"edit": func() error {
			_, err := tr.Edit(t.Context(), EditRequest{Path: "f", Edits: []Replacement{{Old: "old", New: "x"}}})
			return err
		},
		"ask": func() error {
			_, err := tr.Existing("f")
			return err
		},
	}
	for name, attempt := range attempts {
		if err := attempt(); err == nil || !strings.Contains(err.Error(), `"f": is read-only (mode 0400)`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := contentOf(t, dir, "f"); got != "old" {
		t.Errorf("the file holds %q", got)
	}
}
