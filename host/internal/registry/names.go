// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is the longest name that clients accept, in bytes; many of them
// demand ^[a-zA-Z0-9_-]{1,64}$.
const maxName = 64

// separator stands between the prefix and the plugin's own name.
const separator = "__"

// offeredName returns the name under which clients see own. A name that would
// be too long or would hold other characters is altered: it ends in a hash of
// the original, so that it is stable and stays apart from its like. The way
// back is the snapshot's index, never a split.
func offeredName(prefix, own string) (name string, altered bool) {
	full := own
	if prefix != "" {
		full = prefix + separator + own
	}
	clean := cleanName(full)
	if clean == full && len(full) <= maxName {
		return full, false
	}
	sum := sha256.Sum256([]byte(full))
	suffix := "_" + hex.EncodeToString(sum[:4])
	return clean[:min(len(clean), maxName-len(suffix))] + suffix, true
}

// cleanName replaces every character that a name must not hold by "_".
func cleanName(s string) string {
	return strings.Map(func(c rune) rune {
		if nameChar(c) {
			return c
		}
		return '_'
	}, s)
}

func nameChar(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// validName reports whether clients accept the name as it is.
func validName(s string) bool {
	return s != "" && len(s) <= maxName && cleanName(s) == s
}

// namespace returns what every name of a source with this prefix begins with,
// unless the prefix is so long that names lose their end of it.
func namespace(prefix string) string {
	if prefix == "" {
		return ""
	}
	return cleanName(prefix) + separator
}
