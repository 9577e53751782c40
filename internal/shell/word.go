// SPDX-License-Identifier: Apache-2.0

// Package shell turns text into what a POSIX shell reads as that text again, for
// commands that a person may copy. It runs nothing.
package shell

import (
	"strings"
	"unicode"
)

// Word is a path as a shell takes it for one word: quoted where it needs to be.
func Word(path string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+,:@", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
