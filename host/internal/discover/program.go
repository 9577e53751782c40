// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"io"
	"os"
	"strings"
)

// programMarks are how files begin that a kernel runs.
func programMarks() []string {
	return []string{
		"#!",
		"\x7fELF",
		"MZ",                                   // PE
		"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", // Mach-O, big-endian
		"\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", // Mach-O, little-endian
		"\xca\xfe\xba\xbe", "\xca\xfe\xba\xbf", // Mach-O of several architectures
	}
}

// runnable reports whether a file looks like a program from its first bytes. One
// that may be run but not read has the benefit of the doubt.
func runnable(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer file.Close() // only read
	head := make([]byte, 4)
	n, err := io.ReadFull(file, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return true
	}
	for _, mark := range programMarks() {
		if strings.HasPrefix(string(head[:n]), mark) {
			return true
		}
	}
	return false
}
