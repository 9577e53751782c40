// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListIsOrderedAndSaysWhatThingsAre(t *testing.T) {
	tr, dir := planted(t, map[string]string{
		"b": "22", "a/deep/x": "1", "C": "", "link": "-> b", ".git/config": "x", ".hidden": "", "node_modules/x": "", ".gitignore": "node_modules\n",
	})
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "b"), when, when); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		req  ListRequest
		want string
	}{
		{ListRequest{}, ".git .gitignore .hidden C a b link node_modules"},
		{ListRequest{Path: "."}, ".git .gitignore .hidden C a b link node_modules"},
		{ListRequest{Recursive: true}, ".git .gitignore .hidden C a a/deep a/deep/x b link node_modules node_modules/x"},
		{ListRequest{Recursive: true, Depth: 2}, ".git .gitignore .hidden C a a/deep b link node_modules node_modules/x"},
		{ListRequest{Path: "a", Recursive: true}, "a/deep a/deep/x"},
		{ListRequest{Path: dir + "/a"}, "a/deep"},
		{ListRequest{Path: ".git"}, ".git/config"},
		{ListRequest{Path: "b"}, "b"},
	} {
		got, err := tr.List(t.Context(), test.req)
		if err != nil || strings.Join(entryPaths(got), " ") != test.want || got.Truncated {
			t.Errorf("%+v: %+v, %v; want %s", test.req, got, err, test.want)
		}
	}
	got, err := tr.List(t.Context(), ListRequest{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Entries, func(e Entry) bool { return e.Path == "b" })
	if want := (Entry{Path: "b", Type: "file", Size: 2, Modified: "2026-01-02T03:04:05Z"}); got.Entries[i] != want {
		t.Errorf("got %+v, want %+v", got.Entries[i], want)
	}
	if e := got.Entries[i+1]; e.Type != "symlink" || e.Size != 0 {
		t.Errorf("link: %+v", e)
	}
}

func TestListSaysWhenItStopped(t *testing.T) {
	dir := plant(t, map[string]string{"a": "", "b": "", "c": ""})
	tr := openTree(t, Options{Roots: []string{dir}, MaxResults: 2})
	for limit, want := range map[int]int{0: 2, 1: 1, 2: 2, 3: 2} {
		got, err := tr.List(t.Context(), ListRequest{Limit: limit})
		if err != nil || len(got.Entries) != want || !got.Truncated || !strings.Contains(got.Note, "at most 2") {
			t.Errorf("limit %d: %+v, %v", limit, got, err)
		}
	}
	for _, req := range []ListRequest{{Limit: -1}, {Depth: -1}} {
		if _, err := tr.List(t.Context(), req); err == nil {
			t.Errorf("%+v was taken", req)
		}
	}
}

func TestTooDeepTreesAreCutAndSaidSo(t *testing.T) {
	tr, _ := planted(t, map[string]string{strings.Repeat("d/", maxDepth+5) + "file": ""})
	got, err := tr.List(t.Context(), ListRequest{Recursive: true})
	if err != nil || len(got.Entries) != maxDepth || !strings.Contains(got.Note, "too deep") {
		t.Errorf("%d entries, note %q, %v", len(got.Entries), got.Note, err)
	}
}

func TestCancelledWalkEndsWithTheCause(t *testing.T) {
	tr, _ := planted(t, map[string]string{"a": "x"})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("nobody waits")
	cancel(cause)
	if _, err := tr.List(ctx, ListRequest{}); !errors.Is(err, cause) {
		t.Errorf("list: %v", err)
	}
	if _, err := tr.Search(ctx, SearchRequest{Path: "a", Pattern: "x"}, func(int) {}); !errors.Is(err, cause) {
		t.Errorf("search: %v", err)
	}
	if _, err := tr.Read(ctx, ReadRequest{Path: "a"}); !errors.Is(err, cause) {
		t.Errorf("read: %v", err)
	}
}
