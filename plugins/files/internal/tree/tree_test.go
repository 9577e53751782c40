// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plant writes files, by slash-separated path, below a new directory. A path
// that ends in "/" is a directory; content that begins with "-> " is a
// symbolic link.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), strings.HasSuffix(name, "/"), files[name])
	}
	return dir
}

func put(t *testing.T, file string, isDir bool, content string) {
	t.Helper()
	dir := filepath.Dir(file)
	if isDir {
		dir = file
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var err error
	if target, ok := strings.CutPrefix(content, "-> "); ok {
		err = os.Symlink(target, file)
	} else if !isDir {
		err = os.WriteFile(file, []byte(content), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// openTree opens a Tree for the time of the test.
func openTree(t *testing.T, opts Options) *Tree {
	t.Helper()
	tr, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// planted is openTree of one root that can be written.
func planted(t *testing.T, files map[string]string) (*Tree, string) {
	t.Helper()
	dir := plant(t, files)
	return openTree(t, Options{Roots: []string{dir}, Writable: true}), dir
}

// content reads a file behind the back of the Tree.
func contentOf(t *testing.T, elements ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// wantRefusal fails unless err names the path and the reason.
func wantRefusal(t *testing.T, err error, path, reason string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%q was not refused; want %q", path, reason)
	}
	if got := err.Error(); !strings.Contains(got, reason) || !strings.HasPrefix(got, quote(path)) {
		t.Errorf("refused with %q; want %s and %q", got, quote(path), reason)
	}
}

func TestWithoutRootsEveryRequestSaysHowToConfigure(t *testing.T) {
	tr, ctx := &Tree{}, t.Context()
	_, list := tr.List(ctx, ListRequest{})
	_, read := tr.Read(ctx, ReadRequest{Path: "x"})
	_, search := tr.Search(ctx, SearchRequest{Glob: "*"}, nil)
	_, write := tr.Write(ctx, WriteRequest{Path: "x"})
	_, edit := tr.Edit(ctx, EditRequest{Path: "x", Edits: []Replacement{{Old: "a"}}})
	_, roots := tr.ListRoots(ctx, RootsRequest{})
	for what, err := range map[string]error{"list": list, "read": read, "search": search, "write": write, "edit": edit, "roots": roots} {
		if !errors.Is(err, ErrNoRoots) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestRootThatIsNoDirectoryFailsAtOnce(t *testing.T) {
	dir := plant(t, map[string]string{"file": "x"})
	for root, want := range map[string]string{
		"":                             "is empty",
		filepath.Join(dir, "missing"):  "no such file or directory",
		filepath.Join(dir, "file"):     "not a directory",
		filepath.Join(dir, "file", ""): "not a directory",
	} {
		if _, err := Open(Options{Roots: []string{dir, root}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("root %q: %v; want %q", root, err, want)
		}
	}
}

func TestLimitsThatCannotBeKeptAreRefused(t *testing.T) {
	for _, opts := range []Options{{MaxResults: -1}, {MaxReadBytes: -1}, {MaxMediaBytes: maxAnswerBytes + 1}} {
		if _, err := Open(opts); err == nil {
			t.Errorf("%+v was taken", opts)
		}
	}
}

func TestHomeIsExpanded(t *testing.T) {
	dir := plant(t, map[string]string{"project/x": ""})
	t.Setenv("HOME", dir)
	t.Setenv("USERPROFILE", dir)
	tr := openTree(t, Options{Roots: []string{"~/project"}})
	list, err := tr.ListRoots(t.Context(), RootsRequest{})
	if err != nil || list.Roots[0].Path != filepath.Join(dir, "project") {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestSeveralRootsAreToldApartByName(t *testing.T) {
	dir := plant(t, map[string]string{"a/p/x": "1", "b/p/x": "2", "c/x": "3", "c/in/x": "4"})
	join := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	tr := openTree(t, Options{Roots: []string{join("a/p"), join("b/p"), join("c"), join("c/in")}})
	for path, want := range map[string]string{
		"p/x": "1", "p-2/x": "2", "./c/../c/x": "3", "in/x": "4", "c/in/x": "4", join("b/p/x"): "2", join("c/in/x"): "4",
	} {
		if got, err := tr.Read(t.Context(), ReadRequest{Path: path}); err != nil || got.Text != want {
			t.Errorf("read %s: %+v, %v; want %s", path, got, err, want)
		}
	}
	_, err := tr.Read(t.Context(), ReadRequest{Path: "x"})
	wantRefusal(t, err, "x", "begins with the name of one: p, p-2, c, in")
	_, err = tr.Read(t.Context(), ReadRequest{Path: "."})
	wantRefusal(t, err, ".", "names no root")

	list, err := tr.List(t.Context(), ListRequest{})
	if got := entryPaths(list); err != nil || !slices.Equal(got, []string{"p", "p-2", "c", "in"}) {
		t.Errorf("the top lists %q, %v", got, err)
	}
	found, err := tr.Search(t.Context(), SearchRequest{Glob: "x"}, func(int) {})
	if got := matchPaths(found); err != nil || !slices.Equal(got, []string{"p/x", "p-2/x", "c/in/x", "c/x", "in/x"}) {
		t.Errorf("a search of all roots finds %q, %v", got, err)
	}
}

func TestPathsOutsideOfTheRootsAreRefused(t *testing.T) {
	dir := plant(t, map[string]string{
		"in/file": "x", "in/sub/": "", "secret": "secret", "inside/file": "secret",
		"in/out": "-> ../secret", "in/outdir": "-> ..", "in/absolute": "-> /etc", "in/sub/up": "-> ../../secret",
		"in/dangling": "-> nothing", "in/loop": "-> loop", "in/good": "-> file",
	})
	in := filepath.Join(dir, "in")
	tr := openTree(t, Options{Roots: []string{in}, Writable: true})
	const outside, link = "outside of the configured roots", "leads out of its root"
	long := strings.Repeat("d/", 3000)
	for path, reason := range map[string]string{
		"..":                                 outside,
		"../secret":                          outside,
		"sub/../../secret":                   outside,
		filepath.Join(dir, "secret"):         outside,
		filepath.Join(dir, "inside/file"):    outside, // the root is no mere prefix of the name
		in + "/../secret":                    outside,
		"/":                                  outside,
		"out":                                link,
		"outdir/secret":                      link,
		"absolute/passwd":                    link,
		"sub/up":                             link,
		"dangling":                           "symbolic link to nothing",
		"loop":                               "too many",
		"file/x":                             "not a directory",
		"missing":                            "no such file",
		"nul\x00":                            "NUL",
		"bad\xff":                            "not valid UTF-8",
		long:                                 "longer than 4096 bytes",
		strings.Repeat("n", 300):             "file name too long",
		filepath.Join(in, "absolute/passwd"): link,
	} {
		_, err := tr.Read(t.Context(), ReadRequest{Path: path})
		wantRefusal(t, err, path, reason)
		_, err = tr.List(t.Context(), ListRequest{Path: path})
		wantRefusal(t, err, path, reason)
		_, err = tr.Search(t.Context(), SearchRequest{Path: path, Pattern: "secret"}, func(int) {})
		wantRefusal(t, err, path, reason)
		if path == "missing" {
			continue
		}
		if _, err := tr.Write(t.Context(), WriteRequest{Path: path, Content: "hit", Mode: ModeOverwrite}); err == nil {
			t.Errorf("write %q was not refused", path)
		}
		_, err = tr.Edit(t.Context(), EditRequest{Path: path, Edits: []Replacement{{Old: "secret", New: "hit"}}})
		if err == nil {
			t.Errorf("edit %q was not refused", path)
		}
	}
	if got := contentOf(t, dir, "secret") + contentOf(t, dir, "inside/file"); got != "secretsecret" {
		t.Errorf("a file outside was changed to %q", got)
	}
	if got, err := tr.Read(t.Context(), ReadRequest{Path: "good"}); err != nil || got.Text != "x" {
		t.Errorf("a link inside was not followed: %+v, %v", got, err)
	}
}

func TestErrorsDoNotTellPathsThatTheClientDidNotName(t *testing.T) {
	tr, dir := planted(t, map[string]string{"file": "x", "out": "-> ../../elsewhere", "dir/": ""})
	for _, path := range []string{"missing", "out", "dir", "file/x"} {
		_, read := tr.Read(t.Context(), ReadRequest{Path: path})
		_, write := tr.Write(t.Context(), WriteRequest{Path: path, Mode: ModeOverwrite})
		for _, err := range []error{read, write} {
			if err != nil && (strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "elsewhere")) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestWalksDoNotFollowLinks(t *testing.T) {
	dir := plant(t, map[string]string{
		"in/a/file": "needle", "in/a/up": "-> ..", "in/out": "-> ../secret", "in/outdir": "-> ../deep",
		"secret": "needle", "deep/file": "needle",
	})
	tr := openTree(t, Options{Roots: []string{filepath.Join(dir, "in")}})
	list, err := tr.List(t.Context(), ListRequest{Recursive: true})
	if got := entryPaths(list); err != nil || !slices.Equal(got, []string{"a", "a/file", "a/up", "out", "outdir"}) {
		t.Errorf("list: %q, %v", got, err)
	}
	found, err := tr.Search(t.Context(), SearchRequest{Pattern: "needle"}, func(int) {})
	if got := matchPaths(found); err != nil || !slices.Equal(got, []string{"a/file"}) {
		t.Errorf("search: %q, %v", got, err)
	}
}

func entryPaths(l *Listing) []string {
	var paths []string
	for _, e := range l.Entries {
		paths = append(paths, e.Path)
	}
	return paths
}

func matchPaths(r *SearchResult) []string {
	var paths []string
	for _, m := range r.Matches {
		paths = append(paths, m.Path)
	}
	return paths
}
