// SPDX-License-Identifier: Apache-2.0

package database

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxSQL is the longest statement, in bytes.
const maxSQL = 256 << 10

// A token is a piece of SQL that is no space and no comment.
type token struct {
	text string
	at   int // byte offset
}

// A statement is one statement of SQL without what ends it.
type statement struct {
	text   string
	tokens []token
}

// parse accepts exactly one statement. It keeps people from mistakes; what a
// statement may do is the guard's to say.
func parse(sql string) (statement, error) {
	if len(sql) > maxSQL {
		return statement{}, fmt.Errorf("the SQL has %d bytes, more than %d", len(sql), maxSQL)
	}
	if at := strings.IndexByte(sql, 0); at >= 0 {
		return statement{}, fmt.Errorf("%s: a NUL character", position(sql, at))
	}
	tokens := scan(sql)
	for len(tokens) > 0 && tokens[0].text == ";" {
		tokens = tokens[1:]
	}
	end := endOf(tokens)
	if end == 0 {
		return statement{}, errors.New("the SQL is empty")
	}
	for _, t := range tokens[end:] {
		if t.text != ";" {
			return statement{}, fmt.Errorf("%s: only one statement per call", position(sql, t.at))
		}
	}
	s := statement{tokens: tokens[:end]}
	last := s.tokens[end-1]
	s.text = sql[:last.at+len(last.text)]
	switch s.verb() {
	case "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE":
		return statement{}, errors.New("each call is a transaction of its own: leave out " + s.verb())
	case "ATTACH", "DETACH":
		return statement{}, errors.New(s.verb() + " is not available")
	}
	return s, nil
}

// verb is the first word, in capitals.
func (s statement) verb() string { return strings.ToUpper(s.tokens[0].text) }

// isQuery reports whether the statement reads rows, also behind WITH.
func (s statement) isQuery() bool {
	switch s.verb() {
	case "SELECT", "VALUES":
		return true
	case "WITH":
	default:
		return false
	}
	depth := 0
	for _, t := range s.tokens {
		switch word := strings.ToUpper(t.text); {
		case word == "(":
			depth++
		case word == ")":
			depth--
		case depth > 0:
		case word == "SELECT", word == "VALUES":
			return true
		case word == "INSERT", word == "UPDATE", word == "DELETE", word == "INTO": // of REPLACE, which may be a name
			return false
		}
	}
	return false
}

// changesRows reports whether the statement counts the rows it changes.
func (s statement) changesRows() bool {
	return slices.Contains([]string{"INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"}, s.verb())
}

// endOf returns how many tokens the first statement has. In the body of a
// trigger a semicolon ends the statement only after END, as in sqlite3_complete.
func endOf(tokens []token) int {
	word := func(i int) string {
		if i < 0 || i >= len(tokens) {
			return ""
		}
		return strings.ToUpper(tokens[i].text)
	}
	at := 1
	if word(1) == "TEMP" || word(1) == "TEMPORARY" {
		at = 2
	}
	trigger := word(0) == "CREATE" && word(at) == "TRIGGER"
	for i := range tokens {
		if word(i) == ";" && (!trigger || word(i-1) == "END" && word(i-2) == ";") {
			return i
		}
	}
	return len(tokens)
}

// scan splits SQL as SQLite's tokenizer does, as far as strings, names, numbers
// and comments go. Whatever it does not know is a token of one character.
func scan(sql string) []token {
	var tokens []token
	for i := 0; i < len(sql); {
		end, skip := next(sql, i)
		if !skip {
			tokens = append(tokens, token{sql[i:end], i})
		}
		i = end
	}
	return tokens
}

// next returns where the piece that begins at i ends, and whether it is space or
// a comment.
func next(sql string, i int) (end int, skip bool) {
	rest := sql[i:]
	switch c := rest[0]; {
	case strings.IndexByte(" \t\n\f\r", c) >= 0:
		return i + 1, true
	case strings.HasPrefix(rest, "--"):
		return i + after(rest, "\n", 2), true
	case strings.HasPrefix(rest, "/*"):
		return i + after(rest, "*/", 2), true
	case c == '\'' || c == '"' || c == '`':
		return i + quoted(rest, c), false
	case c == '[':
		return i + after(rest, "]", 1), false
	case isWord(c):
		n := 1
		for n < len(rest) && isWord(rest[n]) {
			n++
		}
		return i + n, false
	}
	return i + 1, false
}

// after is where what ends a piece ends; the end of text if nothing does.
func after(text, ending string, from int) int {
	if at := strings.Index(text[from:], ending); at >= 0 {
		return from + at + len(ending)
	}
	return len(text)
}

// quoted is the length of a string or name in quotes, which are doubled inside.
func quoted(text string, quote byte) int {
	for i := 1; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return i + 1
		}
		i++
	}
	return len(text)
}

// isWord holds for the bytes of names and numbers; beyond ASCII all are.
func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
