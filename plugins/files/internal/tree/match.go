// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

const (
	maxPattern = 4096 // bytes of a pattern or glob

	// Each group of braces multiplies the work of a comparison by its
	// alternatives, and no context can interrupt one.
	maxBraces = 4
	maxCommas = 40
)

// nameMatcher matches the names of files. The zero value matches all.
type nameMatcher struct {
	glob     string
	whole    bool // compare whole paths, not last elements
	foldCase bool
}

func newNameMatcher(glob string, foldCase bool) (nameMatcher, error) {
	if foldCase {
		glob = strings.ToLower(glob)
	}
	switch {
	case len(glob) > maxPattern:
		return nameMatcher{}, fmt.Errorf("glob: longer than %d bytes", maxPattern)
	case strings.Count(glob, "{") > maxBraces || (strings.Contains(glob, "{") && strings.Count(glob, ",") > maxCommas):
		return nameMatcher{}, fmt.Errorf("glob: more than %d groups of braces, or %d commas; search several times instead", maxBraces, maxCommas)
	case !doublestar.ValidatePattern(glob):
		return nameMatcher{}, fmt.Errorf("glob %q: a bracket or brace is not closed, or the end is a backslash", glob)
	}
	whole := strings.Contains(glob, "/")
	if whole {
		glob = strings.TrimPrefix(path.Clean(glob), "/")
	}
	return nameMatcher{glob: glob, whole: whole, foldCase: foldCase}, nil
}

// match reports whether a file with this last element and this path matches.
func (m nameMatcher) match(name, rel string) bool {
	if m.glob == "" {
		return true
	}
	if m.whole {
		name = rel
	}
	if m.foldCase {
		name = strings.ToLower(name)
	}
	return doublestar.MatchUnvalidated(m.glob, name)
}

// lineMatcher finds a pattern in a line.
type lineMatcher struct {
	plain  []byte         // the pattern
	regexp *regexp.Regexp // instead of plain
}

// newLineMatcher returns nil for an empty pattern.
func newLineMatcher(pattern string, isRegex, foldCase bool) (*lineMatcher, error) {
	switch {
	case pattern == "":
		return nil, nil
	case len(pattern) > maxPattern:
		return nil, fmt.Errorf("pattern: longer than %d bytes", maxPattern)
	case !isRegex && strings.Contains(pattern, "\n"):
		return nil, fmt.Errorf("pattern: lines are searched one by one, so that it cannot hold a newline")
	case !isRegex && !foldCase:
		return &lineMatcher{plain: []byte(pattern)}, nil
	case !isRegex:
		pattern = regexp.QuoteMeta(pattern)
	}
	if foldCase {
		pattern = "(?i)" + pattern
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("pattern is no RE2 regular expression: %w", err)
	}
	return &lineMatcher{regexp: compiled}, nil
}

// find returns where the first match begins, or -1.
func (m *lineMatcher) find(line []byte) int {
	if m.regexp == nil {
		return bytes.Index(line, m.plain)
	}
	if at := m.regexp.FindIndex(line); at != nil {
		return at[0]
	}
	return -1
}
