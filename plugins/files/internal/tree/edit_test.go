// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEditReplacesAndShowsTheDiff(t *testing.T) {
	tr, dir := planted(t, map[string]string{"f": "one\ntwo\nthree\ntwo\n"})
	req := EditRequest{Path: "f", DryRun: true, Edits: []Replacement{
		{Old: "one\n", New: "1\n"},
		{Old: "1\ntwo", New: "1\n2"}, // on the result of the first
		{Old: "t", New: "T", All: true},
	}}
	out, err := tr.Edit(t.Context(), req)
	want := "--- f\n+++ f\n@@ -1,4 +1,4 @@\n-one\n-two\n-three\n-two\n+1\n+2\n+Three\n+Two\n"
	if err != nil || out.Diff != want || out.Replacements != 4 || out.Changed {
		t.Errorf("dry run: %+v, %v", out, err)
	}
	if got := contentOf(t, dir, "f"); got != "one\ntwo\nthree\ntwo\n" {
		t.Errorf("the dry run changed the file to %q", got)
	}
	req.DryRun = false
	if out, err = tr.Edit(t.Context(), req); err != nil || out.Diff != want || !out.Changed {
		t.Errorf("got %+v, %v", out, err)
	}
	if got := contentOf(t, dir, "f"); got != "1\n2\nThree\nTwo\n" {
		t.Errorf("the file has %q", got)
	}
	out, err = tr.Edit(t.Context(), EditRequest{Path: "f", Edits: []Replacement{{Old: "1", New: "1"}}})
	if err != nil || out.Changed || out.Diff != "" {
		t.Errorf("an edit that changes nothing: %+v, %v", out, err)
	}
}

func TestRefusedEditChangesNothingAndCounts(t *testing.T) {
	const before = "a\nb\na\nb\na\n"
	for _, test := range []struct {
		edits []Replacement
		want  string
	}{
		{[]Replacement{{Old: "c", New: "d"}}, "edit 1 of 1: old occurs nowhere"},
		{[]Replacement{{Old: "b\na", New: "d"}}, "edit 1 of 1: old occurs 2 times, on lines 2 4;"},
		{[]Replacement{{Old: "", New: "d"}}, "old is empty"},
		{[]Replacement{{Old: "a", New: "x", All: true}, {Old: "a", New: "y"}}, "edit 2 of 2: old occurs nowhere"},
		{[]Replacement{{Old: "a", New: strings.Repeat("x", 6<<20), All: true}}, "more than 16,777,216 bytes"},
	} {
		tr, dir := planted(t, map[string]string{"f": before})
		_, err := tr.Edit(t.Context(), EditRequest{Path: "f", Edits: test.edits})
		wantRefusal(t, err, "f", test.want)
		if got := contentOf(t, dir, "f"); got != before {
			t.Errorf("%s: and yet the file has %q", test.want, got)
		}
	}
}

func TestEditRefusesWhatIsNoText(t *testing.T) {
	tr, dir := planted(t, map[string]string{"bin": "a\x00", "latin": "caf\xe9", "dir/": "", "link": "-> bin"})
	if err := os.Truncate(filepath.Join(dir, "latin"), maxEditBytes+1); err != nil {
		t.Fatal(err)
	}
	for path, reason := range map[string]string{
		"bin": "is not UTF-8 text", "latin": "more than 16,777,216 bytes", "dir": "is a directory", "link": "is a symbolic link", "missing": "no such file",
	} {
		_, err := tr.Edit(t.Context(), EditRequest{Path: path, Edits: []Replacement{{Old: "a", New: "b"}}})
		wantRefusal(t, err, path, reason)
	}
	if _, err := tr.Edit(t.Context(), EditRequest{Path: "bin"}); err == nil {
		t.Error("no edits were taken")
	}
}

func TestCRLFIsEditedAsNewlinesAndKept(t *testing.T) {
	tr, dir := planted(t, map[string]string{"crlf": "a\r\nb\r\nc\r\n", "mixed": "a\r\nb\nc\n"})
	edits := []Replacement{{Old: "b\nc\n", New: "x\ny\n"}}
	if _, err := tr.Edit(t.Context(), EditRequest{Path: "crlf", Edits: edits}); err != nil {
		t.Error(err)
	}
	if _, err := tr.Edit(t.Context(), EditRequest{Path: "mixed", Edits: edits}); err != nil {
		t.Error(err)
	}
	if got := contentOf(t, dir, "crlf") + contentOf(t, dir, "mixed"); got != "a\r\nx\r\ny\r\na\r\nx\ny\n" {
		t.Errorf("got %q", got)
	}
}

func TestFileChangedBySomebodyElseIsNotOverwritten(t *testing.T) {
	tr, dir := planted(t, map[string]string{"f": "a"})
	at, err := tr.resolveInside("f")
	if err != nil {
		t.Fatal(err)
	}
	_, info, err := at.content()
	if err != nil {
		t.Fatal(err)
	}
	if err := at.unchangedSince(info); err != nil {
		t.Errorf("an unchanged file: %v", err)
	}
	later := info.ModTime().Add(time.Second)
	if err := os.Chtimes(filepath.Join(dir, "f"), later, later); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, at.unchangedSince(info), "f", "changed by somebody else")
}

func TestLongDiffIsCutAtALine(t *testing.T) {
	dir := plant(t, map[string]string{"f": numbered(100)})
	tr := openTree(t, Options{Roots: []string{dir}, Writable: true, MaxReadBytes: 200})
	out, err := tr.Edit(t.Context(), EditRequest{Path: "f", Edits: []Replacement{{Old: "line", New: "row", All: true}}})
	if err != nil || len(out.Diff) > 260 || !strings.HasSuffix(out.Diff, "\n... the diff is longer than one answer holds\n") {
		t.Errorf("diff %q, %v", out.Diff, err)
	}
}
