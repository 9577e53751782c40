// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxCandidates bounds how often a statement is compiled to find a mistake.
const maxCandidates = 64

// errTimeout is the cause of a context that ends because of Limits.Timeout.
var errTimeout = errors.New("timeout")

// explain turns what went wrong with a statement into what its author should
// read: what SQLite refused or where the mistake is. It keeps why ctx ended.
func (s *session) explain(ctx context.Context, st statement, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if _, ok := errors.AsType[*sqlite.Error](err); !ok {
		return err
	}
	if s.guard.refused != "" {
		return errors.New("refused: " + s.guard.refused)
	}
	message := plain(err)
	if at, ok := s.locate(ctx, st, message); ok {
		return fmt.Errorf("%s: %s", position(st.text, at), message)
	}
	return errors.New(message)
}

// plain is SQLite's message without the driver's frame, "SQL logic error: ... (1)".
func plain(err error) string {
	if codeOf(err) == sqlite3.SQLITE_BUSY {
		return "the database is locked by another process, or by another call that changes it; try again when that is done"
	}
	code := regexp.MustCompile(` \(\d+\)$`)
	return strings.TrimPrefix(code.ReplaceAllString(err.Error(), ""), "SQL logic error: ")
}

// codeOf is SQLite's primary result code; 0 if err is not SQLite's.
func codeOf(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// locate returns the offset of what a message complains about. The driver does
// not pass on SQLite's own offset, but a message names the piece.
func (s *session) locate(ctx context.Context, st statement, message string) (int, bool) {
	if message == "incomplete input" {
		return len(st.text), true
	}
	if m := regexp.MustCompile(`(?s)^near "(.*)": syntax error$`).FindStringSubmatch(message); m != nil {
		return s.locateSyntax(ctx, st, m[1], message)
	}
	if m := regexp.MustCompile(`(?s)^unrecognized token: "(.*)"$`).FindStringSubmatch(message); m != nil {
		at := strings.Index(st.text, m[1])
		return at, at >= 0
	}
	m := regexp.MustCompile(`^(?:no such (?:column|table|function|module)|ambiguous column name|misuse of aggregate): (.*)$`).FindStringSubmatch(message)
	if m == nil {
		return 0, false
	}
	name, _, _ := strings.Cut(m[1], " - ") // a hint may follow
	name = strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "()")
	for _, t := range st.tokens {
		if strings.EqualFold(strings.Trim(t.text, "\"`[]"), name) {
			return t.at, true
		}
	}
	return 0, false
}

// locateSyntax finds which of the places that read alike is the mistake: the
// first one up to which the statement already has it. A parser of SQLite's kind
// complains of a token before it reads on.
func (s *session) locateSyntax(ctx context.Context, st statement, text, message string) (int, bool) {
	from := 0
	for range maxCandidates {
		at := strings.Index(st.text[from:], text)
		if at < 0 || text == "" {
			break
		}
		at += from
		if _, err := s.prepare(ctx, st.text[:at+len(text)]); err != nil && plain(err) == message {
			return at, true
		}
		from = at + 1
	}
	return 0, false
}

// position is an offset as people count, in characters from one.
func position(sql string, at int) string {
	before := sql[:at]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}
