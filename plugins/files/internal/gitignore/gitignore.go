// SPDX-License-Identifier: Apache-2.0

// Package gitignore decides which paths the .gitignore files of a directory
// tree leave out. It knows the pattern language of gitignore(5) and how nested
// files override each other; it reads no files and does not walk.
//
// The language is small but not that of a glob library: braces are ordinary
// characters, "**" is special only as a whole path element, a trailing "/**"
// needs at least one element, classes are byte classes. The one library with
// tagged releases turns patterns into approximate regular expressions, so the
// matcher is our own, and git itself is the oracle of its tests.
package gitignore

import (
	"bytes"
	"strings"
)

// Rules are what one directory inherits from the directories above it and adds
// itself. The nil Rules ignore nothing. Rules are immutable: many goroutines
// may use them.
type Rules struct {
	parent *Rules
	dir    string // slash-separated, "" at the top
	rules  []rule
}

// rule is one line of a .gitignore file.
type rule struct {
	pattern  pattern
	include  bool // the line began with "!"
	dirOnly  bool // the line ended with "/"
	baseOnly bool // no slash inside: it matches the last element at any depth
}

// Add returns the rules that hold inside dir, whose .gitignore file has the
// given content. dir is slash-separated and relative to the top of the tree;
// the top itself is "" or ".".
func (r *Rules) Add(dir string, content []byte) *Rules {
	if dir == "." {
		dir = ""
	}
	rules := parse(content)
	if len(rules) == 0 {
		return r
	}
	return &Rules{parent: r, dir: dir, rules: rules}
}

// Ignored reports whether path, slash-separated and relative to the top of the
// tree, is left out. It does not look at the directories above path: whoever
// walks must not descend into an ignored directory, since git does not either.
func (r *Rules) Ignored(path string, isDir bool) bool {
	for ; r != nil; r = r.parent {
		rel, inside := below(r.dir, path)
		if !inside {
			continue
		}
		// The last line that matches decides.
		for i := len(r.rules) - 1; i >= 0; i-- {
			if r.rules[i].matches(rel, isDir) {
				return !r.rules[i].include
			}
		}
	}
	return false
}

// below returns path relative to dir.
func below(dir, path string) (string, bool) {
	if dir == "" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, dir)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(rest, "/")
}

func (r *rule) matches(rel string, isDir bool) bool {
	if r.dirOnly && !isDir {
		return false
	}
	if r.baseOnly {
		rel = rel[strings.LastIndexByte(rel, '/')+1:]
	}
	return r.pattern.match(rel)
}

// parse reads the lines of a .gitignore file. Lines that are no pattern, or one
// that can never match, are left out.
func parse(content []byte) []rule {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var rules []rule
	for line := range strings.SplitSeq(string(content), "\n") {
		if r, ok := parseLine(strings.TrimSuffix(line, "\r")); ok {
			rules = append(rules, r)
		}
	}
	return rules
}

func parseLine(line string) (rule, bool) {
	if strings.HasPrefix(line, "#") {
		return rule{}, false
	}
	line = trimSpaces(line)
	var r rule
	line, r.include = strings.CutPrefix(line, "!")
	line, r.dirOnly = strings.CutSuffix(line, "/")
	if line == "" {
		return rule{}, false
	}
	// A slash at the start or in the middle anchors the pattern to the file's
	// directory, even a slash inside a class.
	r.baseOnly = !strings.Contains(line, "/")
	var ok bool
	r.pattern, ok = compile(strings.TrimPrefix(line, "/"))
	return r, ok
}

// trimSpaces removes trailing spaces that no backslash protects.
func trimSpaces(line string) string {
	end := 0 // just behind the last byte that stays
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			i++
			if i == len(line) {
				return line
			}
		}
		end = i + 1
	}
	return line[:end]
}
