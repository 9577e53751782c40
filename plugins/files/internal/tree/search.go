// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

const (
	maxContextLines = 20
	workPerNews     = 1000     // units of work between two reports of progress
	bytesPerWork    = 64 << 10 // of content; each name is one unit more
)

// SearchRequest asks for files by name, for lines by content, or for both.
type SearchRequest struct {
	Pattern        string `json:"pattern,omitempty" jsonschema:"text to find in lines of files; without it files and directories are found by glob alone"`
	Glob           string `json:"glob,omitempty" jsonschema:"names to look at, such as *.go, src/**/*_test.go or *.{ts,tsx}; without a slash it is compared with the last element of a path, else with the path below the searched directory"`
	Path           string `json:"path,omitempty" jsonschema:"directory or file to search; default: the root, or all roots"`
	Regex          bool   `json:"regex,omitempty" jsonschema:"take pattern as an RE2 regular expression instead of plain text"`
	IgnoreCase     bool   `json:"ignore_case,omitempty" jsonschema:"take upper and lower case as the same, in pattern and glob"`
	ContextLines   int    `json:"context_lines,omitempty" jsonschema:"lines to return before and after each match, at most 20"`
	Limit          int    `json:"limit,omitempty" jsonschema:"most matches to return; default and maximum are set by the operator"`
	IncludeIgnored bool   `json:"include_ignored,omitempty" jsonschema:"also look at what .gitignore files leave out"`
}

// SearchResult is the answer to a SearchRequest.
type SearchResult struct {
	Matches   []Match `json:"matches" jsonschema:"in the order of paths and lines"`
	Searched  int     `json:"searched" jsonschema:"how many files were looked into, or how many names were compared"`
	Truncated bool    `json:"truncated" jsonschema:"whether there may be more matches"`
	Note      string  `json:"note,omitempty" jsonschema:"what was left out and why"`
}

// Match is one line, or one file or directory when only names were asked for.
type Match struct {
	Path   string   `json:"path" jsonschema:"as other tools of this plugin take it"`
	Type   string   `json:"type,omitempty" jsonschema:"file, directory or symlink, when only names were asked for"`
	Line   int      `json:"line,omitempty" jsonschema:"number of the line, from 1"`
	Text   string   `json:"text,omitempty" jsonschema:"the line; a long one is cut around the match"`
	Before []string `json:"before,omitempty" jsonschema:"lines before it"`
	After  []string `json:"after,omitempty" jsonschema:"lines after it"`
}

// Search returns what matches. It calls progress now and then with the work done
// so far, which grows by 1 for each name and each 64 KiB of content.
func (t *Tree) Search(ctx context.Context, req SearchRequest, progress func(done int)) (*SearchResult, error) {
	at, err := t.resolve(req.Path)
	if err != nil {
		return nil, err
	}
	s, err := t.newSearcher(req, progress)
	if err != nil {
		return nil, err
	}
	if at.root == nil {
		for _, r := range t.roots {
			if err = s.below(ctx, place{root: r, rel: ".", given: r.name}); err != nil {
				break
			}
		}
	} else {
		err = s.below(ctx, at)
	}
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	s.out.Note = strings.Join(s.allNotes(), "; ")
	return s.out, nil
}

// searcher collects the answer to one SearchRequest.
type searcher struct {
	tree     *Tree
	names    nameMatcher
	lines    *lineMatcher // nil: only names are asked for
	around   int          // lines before and after a match
	limit    int          // matches
	room     int64        // bytes of text that the answer still holds
	progress func(done int)

	walk     walk
	base     string // the searched directory below its root
	work     int    // units done
	reported int    // units when progress was last reported
	binary   int
	noAccess int
	full     bool // by size
	out      *SearchResult
}

func (t *Tree) newSearcher(req SearchRequest, progress func(int)) (*searcher, error) {
	if req.Pattern == "" && req.Glob == "" {
		return nil, errors.New("say what to search: pattern for text in files, glob for names, or both")
	}
	if req.ContextLines < 0 || req.ContextLines > maxContextLines {
		return nil, fmt.Errorf("context_lines must be 0 to %d", maxContextLines)
	}
	limit, err := t.limit(req.Limit)
	if err != nil {
		return nil, err
	}
	names, err := newNameMatcher(req.Glob, req.IgnoreCase)
	if err != nil {
		return nil, err
	}
	lines, err := newLineMatcher(req.Pattern, req.Regex, req.IgnoreCase)
	if err != nil {
		return nil, err
	}
	return &searcher{
		tree: t, names: names, lines: lines, around: req.ContextLines,
		limit: limit, room: t.opts.MaxReadBytes, progress: progress,
		walk: walk{depth: allLevels, ignore: !req.IncludeIgnored},
		out:  &SearchResult{Matches: []Match{}},
	}, nil
}

// below searches the directory or file at.
func (s *searcher) below(ctx context.Context, at place) error {
	info, err := at.stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		s.base = at.rel
		s.walk.visit = func(ctx context.Context, e entry) error { return s.visit(ctx, at.root, e) }
		return s.walk.run(ctx, at)
	}
	if !s.names.match(path.Base(at.rel), path.Base(at.rel)) {
		return nil
	}
	s.out.Searched++
	shown := s.tree.shown(at.root, at.rel)
	if s.lines == nil {
		return s.add(Match{Path: valid(shown), Type: kind(info.Mode())})
	}
	file, _, err := at.open(os.O_RDONLY)
	if err != nil {
		return err
	}
	defer file.Close()
	return s.grep(ctx, shown, file)
}

// visit searches one entry of a walk.
func (s *searcher) visit(ctx context.Context, r *root, e entry) error {
	s.worked(1)
	if e.name == ".git" {
		return nil
	}
	if s.lines == nil {
		s.out.Searched++
	}
	if !s.names.match(e.name, relTo(s.base, e.rel)) {
		return nil
	}
	shown := s.tree.shown(r, e.rel)
	if s.lines == nil {
		return s.add(Match{Path: valid(shown), Type: kind(e.mode)})
	}
	if !e.mode.IsRegular() {
		return nil
	}
	file, err := e.dir.OpenFile(e.name, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		s.noAccess++
		return nil
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil // replaced since the directory was read
	}
	s.out.Searched++
	return s.grep(ctx, shown, file)
}

// relTo returns rel, which is below base, as a path from there.
func relTo(base, rel string) string {
	if base == "." {
		return rel
	}
	return strings.TrimPrefix(rel, base+"/")
}

// worked counts work and reports progress after enough of it. Work is counted
// rather than time, so that an idle searcher does nothing.
func (s *searcher) worked(units int) {
	if s.work += units; s.work-s.reported >= workPerNews {
		s.reported = s.work
		s.progress(s.work)
	}
}

// add takes one match into the answer, or ends the search.
func (s *searcher) add(m Match) error {
	s.room -= m.size()
	s.full = s.room < 0
	if s.full || len(s.out.Matches) == s.limit {
		s.out.Truncated = true
		return errEnough
	}
	s.out.Matches = append(s.out.Matches, m)
	return nil
}

// size is about what a match takes in an answer, in bytes.
func (m *Match) size() int64 {
	const frame = 40
	n := frame + len(m.Path) + len(m.Text)
	for _, lines := range [][]string{m.Before, m.After} {
		for _, line := range lines {
			n += len(line)
		}
	}
	return int64(n)
}

func (s *searcher) allNotes() []string {
	var notes []string
	switch {
	case s.full:
		notes = append(notes, fmt.Sprintf("stopped after %s, which fill an answer; narrow pattern, glob or path",
			plural(len(s.out.Matches), "match", "matches")))
	case s.out.Truncated:
		notes = append(notes, fmt.Sprintf("stopped after %s; narrow pattern, glob or path, or raise limit (at most %d)",
			plural(len(s.out.Matches), "match", "matches"), s.tree.opts.MaxResults))
	}
	if s.binary > 0 {
		notes = append(notes, plural(s.binary, "binary file", "binary files")+" skipped")
	}
	if s.noAccess > 0 {
		notes = append(notes, plural(s.noAccess, "file", "files")+" could not be read")
	}
	return append(notes, s.walk.notes()...)
}
