// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"path/filepath"
	"strings"
)

// IdentityFault says why name cannot be a plugin's identity, or "" if it can.
// Identities stand in tool names, before "__".
func IdentityFault(name string) string {
	switch {
	case name == "":
		return "a plugin needs a name"
	case strings.Contains(name, "__"):
		return fmt.Sprintf("%q holds two underscores in a row, which divide a plugin's name from a tool's; rename it", name)
	case !letterOrDigit(rune(name[0])):
		return fmt.Sprintf("%q does not begin with an ASCII letter or digit; rename it", name)
	}
	for _, r := range name {
		if !letterOrDigit(r) && r != '-' && r != '_' {
			return fmt.Sprintf("%q holds %q; a plugin's name is made of ASCII letters, digits, '-' and '_'; rename it", name, r)
		}
	}
	return ""
}

func letterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// IdentityOf returns the identity of an executable file: its name without the
// ending that says how it is run.
func IdentityOf(file string) string {
	name := filepath.Base(file)
	switch ext := filepath.Ext(name); strings.ToLower(ext) {
	case ".exe", ".sh", ".py":
		return strings.TrimSuffix(name, ext)
	}
	return name
}

// unfinished reports whether a file is named as one that is still being
// written, or kept by an editor.
func unfinished(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".tmp", ".part", ".partial", ".crdownload":
		return true
	}
	return strings.HasSuffix(name, "~")
}
