// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func nothing(int) {}

// found writes matches in one line each.
func found(r *SearchResult) string {
	var lines []string
	for _, m := range r.Matches {
		lines = append(lines, fmt.Sprintf("%s:%d:%s", m.Path, m.Line, m.Text))
	}
	return strings.Join(lines, "\n")
}

func TestSearchFindsLines(t *testing.T) {
	tr, _ := planted(t, map[string]string{
		"a.go": "package a\n\nfunc Needle() {}\r\n", "b.txt": "no\nneedle.\n", "sub/c.go": "// needle (x)",
		"bin": "needle\x00", "latin": "caf\xe9 needle\n", ".git/x": "needle", "ignored/x": "needle", ".gitignore": "ignored/\n*.log\n", "sub/x.log": "needle",
		"sub/.gitignore": "!x.log\n",
	})
	tests := []struct {
		req  SearchRequest
		want string
	}{
		{SearchRequest{Pattern: "needle"}, "b.txt:2:needle.\nlatin:1:caf\uFFFD needle\nsub/c.go:1:// needle (x)\nsub/x.log:1:needle"},
		{SearchRequest{Pattern: "NEEDLE", IgnoreCase: true, Glob: "*.GO"}, "a.go:3:func Needle() {}\nsub/c.go:1:// needle (x)"},
		{SearchRequest{Pattern: "needle.", Glob: "*.txt"}, "b.txt:2:needle."},
		{SearchRequest{Pattern: "dle (x", Glob: "*.{go,txt}"}, "sub/c.go:1:// needle (x)"},
		{SearchRequest{Pattern: `^func \w+\(\) \{\}$`, Regex: true}, "a.go:3:func Needle() {}"},
		{SearchRequest{Pattern: "needle", Path: "sub"}, "sub/c.go:1:// needle (x)\nsub/x.log:1:needle"},
		{SearchRequest{Pattern: "needle", Path: "sub", Glob: "sub/*"}, ""},
		{SearchRequest{Pattern: "needle", Glob: "sub/*"}, "sub/c.go:1:// needle (x)\nsub/x.log:1:needle"},
		{SearchRequest{Pattern: "needle", Glob: "**/c.go"}, "sub/c.go:1:// needle (x)"},
		{SearchRequest{Pattern: "needle", Path: "sub/c.go"}, "sub/c.go:1:// needle (x)"},
		{SearchRequest{Pattern: "needle", Path: "ignored"}, "ignored/x:1:needle"},
		{SearchRequest{Pattern: "needle", Glob: "x", IncludeIgnored: true}, "ignored/x:1:needle"},
	}
	for _, test := range tests {
		got, err := tr.Search(t.Context(), test.req, nothing)
		if err != nil || found(got) != test.want || got.Truncated {
			t.Errorf("%+v, %v:\n%s\nwant\n%s", test.req, err, found(got), test.want)
		}
	}
	got, err := tr.Search(t.Context(), SearchRequest{Pattern: "needle"}, nothing)
	if err != nil || got.Note != "1 binary file skipped" || got.Searched != 8 {
		t.Errorf("note %q, searched %d, %v", got.Note, got.Searched, err)
	}
}

func TestSearchFindsNames(t *testing.T) {
	tr, _ := planted(t, map[string]string{
		"a.go": "", "src/deep/b.go": "", "src/b.md": "", ".git/b.go": "", "out/b.go": "", ".gitignore": "/out\n", "link.go": "-> a.go",
	})
	for glob, want := range map[string]string{
		"*.go":        "a.go:file link.go:symlink src/deep/b.go:file",
		"src/**":      "src:directory src/b.md:file src/deep:directory src/deep/b.go:file",
		"src/*":       "src/b.md:file src/deep:directory",
		"**/deep/**":  "src/deep:directory src/deep/b.go:file",
		"./src/*.md":  "src/b.md:file",
		"deep":        "src/deep:directory",
		"[ab].{go,x}": "a.go:file src/deep/b.go:file",
	} {
		got, err := tr.Search(t.Context(), SearchRequest{Glob: glob}, nothing)
		var names []string
		for _, m := range got.Matches {
			names = append(names, m.Path+":"+m.Type)
		}
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("%s: %q, %v; want %s", glob, names, err, want)
		}
	}
}

func TestContextLinesAreAroundEachMatch(t *testing.T) {
	tr, _ := planted(t, map[string]string{"f": "x 1\n2\nx 3\n4\n5\n6\nx 7"})
	got, err := tr.Search(t.Context(), SearchRequest{Pattern: "x", ContextLines: 2}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	want := []Match{
		{Path: "f", Line: 1, Text: "x 1", After: []string{"2", "x 3"}},
		{Path: "f", Line: 3, Text: "x 3", Before: []string{"x 1", "2"}, After: []string{"4", "5"}},
		{Path: "f", Line: 7, Text: "x 7", Before: []string{"5", "6"}},
	}
	if !slices.EqualFunc(got.Matches, want, func(a, b Match) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("got %+v, want %+v", got.Matches, want)
	}
}

func TestSearchIsBoundedAndSaysSo(t *testing.T) {
	dir := plant(t, map[string]string{"many": numbered(50), "wide": strings.Repeat("é", 2000) + "needle" + strings.Repeat("é", 100_000) + "\nneedle"})
	tr := openTree(t, Options{Roots: []string{dir}, MaxResults: 20, MaxReadBytes: 3000})
	for _, test := range []struct {
		req  SearchRequest
		n    int
		note string
	}{
		{SearchRequest{Pattern: "line", Limit: 5}, 5, "raise limit (at most 20)"},
		{SearchRequest{Pattern: "line", Limit: 999}, 20, "stopped after 20 matches"},
		{SearchRequest{Pattern: "line", ContextLines: 20}, 13, "fill an answer"},
	} {
		got, err := tr.Search(t.Context(), test.req, nothing)
		if err != nil || len(got.Matches) != test.n || !got.Truncated || !strings.Contains(got.Note, test.note) {
			t.Errorf("%+v: %d matches, note %q, %v", test.req, len(got.Matches), got.Note, err)
		}
	}
	got, err := tr.Search(t.Context(), SearchRequest{Pattern: "needle"}, nothing)
	if err != nil || len(got.Matches) != 2 || got.Matches[1].Line != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	text := got.Matches[0].Text
	if !strings.Contains(text, "needle") || !strings.HasPrefix(text, "...é") || !strings.HasSuffix(text, "é...") || len(text) > shownLine+6 {
		t.Errorf("the long line is shown as %q", text)
	}
}

func TestSearchRefusesWhatItCannotMean(t *testing.T) {
	tr, _ := planted(t, nil)
	for want, req := range map[string]SearchRequest{
		"say what to search":              {},
		"no RE2 regular expression":       {Pattern: "(", Regex: true},
		`glob "[": a bracket`:             {Glob: "["},
		"more than 4 groups of braces":    {Glob: strings.Repeat("{,a}", 30) + "b"},
		"or 40 commas":                    {Glob: "{" + strings.Repeat(",", 50) + "}"},
		"cannot hold a newline":           {Pattern: "a\nb"},
		"context_lines must be":           {Pattern: "a", ContextLines: 21},
		"limit must be":                   {Pattern: "a", Limit: -1},
		"pattern: longer than 4096 bytes": {Pattern: strings.Repeat("a", 5000)},
	} {
		if _, err := tr.Search(t.Context(), req, nothing); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestRepositoryInsideDoesNotObeyTheOneAround(t *testing.T) {
	tr, _ := planted(t, map[string]string{".gitignore": "*.log\n", "x.log": "", "inner/.git/HEAD": "", "inner/x.log": "", "inner/sub/x.log": ""})
	for path, want := range map[string]string{"": "inner/sub/x.log inner/x.log", "inner/sub": "inner/sub/x.log"} {
		got, err := tr.Search(t.Context(), SearchRequest{Glob: "*.log", Path: path}, nothing)
		if err != nil || strings.Join(matchPaths(got), " ") != want {
			t.Errorf("%q: %q, %v; want %s", path, matchPaths(got), err, want)
		}
	}
}

func TestLongSearchReportsGrowingProgress(t *testing.T) {
	files := map[string]string{"big": strings.Repeat(strings.Repeat("x", 60_000)+"\n", 2400)} // 144 MB: 2 reports
	for i := range 20 {
		files[fmt.Sprintf("f%d", i)] = ""
	}
	tr, _ := planted(t, files)
	var reports []int
	if _, err := tr.Search(t.Context(), SearchRequest{Pattern: "absent"}, func(n int) { reports = append(reports, n) }); err != nil {
		t.Fatal(err)
	}
	if len(reports) != 2 || !slices.IsSorted(reports) || len(slices.Compact(reports)) != len(reports) {
		t.Errorf("reports %v", reports)
	}
}
