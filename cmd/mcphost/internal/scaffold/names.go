// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"strings"
	"unicode"
)

// identifier is the name as languages have them: lower-case letters, digits and
// underscores, beginning with a letter.
func identifier(name string) string {
	ident := strings.Map(func(r rune) rune {
		if r == '-' {
			return '_'
		}
		return unicode.ToLower(r)
	}, name)
	if ident[0] >= '0' && ident[0] <= '9' {
		ident = "plugin_" + ident
	}
	return ident
}

// kebab is the identifier with "-" for "_".
func kebab(name string) string { return strings.ReplaceAll(identifier(name), "_", "-") }

// camel is the name in CamelCase.
func camel(name string) string {
	var b strings.Builder
	for _, word := range strings.Split(identifier(name), "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
