// SPDX-License-Identifier: Apache-2.0

package database

import (
	"database/sql"
	"fmt"
	"strconv"
)

// checkParams refuses a statement that needs other parameters than it is given:
// given of them, in order. It counts as SQLite does.
func (s statement) checkParams(given int) error {
	highest := 0
	for i, t := range s.tokens {
		switch {
		case t.text == "?":
			number := highest + 1
			if digits, err := strconv.Atoi(s.joined(i)); err == nil {
				number = digits
			}
			highest = max(highest, number)
			if number > given {
				return fmt.Errorf("%s: there is no value for parameter %d: params has %d", position(s.text, t.at), number, given)
			}
		case (t.text == ":" || t.text == "@") && s.joined(i) != "", len(t.text) > 1 && t.text[0] == '$':
			name := t.text
			if name[0] != '$' {
				name += s.joined(i)
			}
			return fmt.Errorf("%s: parameter %s has a name, but params is a list: write ?, or ?1 to use a value twice", position(s.text, t.at), name)
		}
	}
	return nil
}

// nulls are values for the parameters of a statement that is not run.
func (s statement) nulls() []any {
	var named []any
	highest := 0
	for i, t := range s.tokens {
		name := s.joined(i)
		switch {
		case t.text == "?" && name != "":
			number, _ := strconv.Atoi(name) // SQLite has taken it
			highest = max(highest, number)
		case t.text == "?":
			highest++
		case (t.text == ":" || t.text == "@") && name != "":
			named = append(named, sql.Named(name, nil))
			highest++
		case len(t.text) > 1 && t.text[0] == '$':
			named = append(named, sql.Named(t.text[1:], nil))
			highest++
		}
	}
	return append(make([]any, highest), named...)
}

// joined is the word that follows token i without a space; "" if none does.
func (s statement) joined(i int) string {
	if i+1 == len(s.tokens) {
		return ""
	}
	next := s.tokens[i+1]
	if next.at != s.tokens[i].at+1 || !isWord(next.text[0]) {
		return ""
	}
	return next.text
}
