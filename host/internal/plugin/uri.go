// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxURI is the longest URI, or template of one, in bytes.
const maxURI = 8 << 10

var (
	errURILength = fmt.Errorf("has more than %d bytes", maxURI)
	errPercent   = errors.New("has a % that no two hex digits follow")
)

// checkURI returns why a text is no absolute URI of RFC 3986. The error
// continues "its URI".
func checkURI(uri string) error {
	if len(uri) > maxURI {
		return errURILength
	}
	for i, r := range uri {
		switch {
		case r == '%':
			if !percentEncoded(uri[i:]) {
				return errPercent
			}
		case !alphanumeric(r) && !strings.ContainsRune("-._~:/?#[]@!$&'()*+,;=", r):
			return fmt.Errorf("holds %q: percent-encode it", r)
		}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return errors.New("is none by RFC 3986")
	}
	if !u.IsAbs() {
		return errors.New("has no scheme")
	}
	return nil
}

// checkTemplate returns why a text is no URI template of RFC 6570, level 4. The
// error continues "its URI template".
func checkTemplate(template string) error {
	switch {
	case template == "":
		return errors.New("is missing")
	case len(template) > maxURI:
		return errURILength
	}
	for rest := template; rest != ""; {
		literal, expression, found := strings.Cut(rest, "{")
		if err := checkLiteral(literal); err != nil {
			return err
		}
		if !found {
			return nil
		}
		expression, rest, found = strings.Cut(expression, "}")
		if !found {
			return errors.New("has a { without its }")
		}
		if !validExpression(expression) {
			return fmt.Errorf("holds {%s}, which is no expression of RFC 6570", clean(expression))
		}
	}
	return nil
}

// checkLiteral checks what is outside of expressions (RFC 6570, 2.1).
func checkLiteral(text string) error {
	for i, r := range text {
		switch {
		case r == '%':
			if !percentEncoded(text[i:]) {
				return errPercent
			}
		case r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`|}", r):
			return fmt.Errorf("holds %q outside of expressions: percent-encode it", r)
		}
	}
	return nil
}

// validExpression checks what is between braces: an operator, then variables
// with modifiers (RFC 6570, 2.2 to 2.4).
func validExpression(expression string) bool {
	if expression != "" && strings.IndexByte("+#./;?&", expression[0]) >= 0 {
		expression = expression[1:]
	}
	for variable := range strings.SplitSeq(expression, ",") {
		name, length, prefixed := strings.Cut(variable, ":")
		if prefixed && !validLength(length) {
			return false
		}
		if !prefixed {
			name = strings.TrimSuffix(name, "*")
		}
		if !validVariable(name) {
			return false
		}
	}
	return true
}

// validLength checks the length of a prefix: 1 to 9999.
func validLength(digits string) bool {
	if len(digits) < 1 || len(digits) > 4 || digits[0] == '0' {
		return false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// validVariable checks a name: parts that dots separate, none of them empty.
func validVariable(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" {
			return false
		}
		for i, r := range part {
			if r != '_' && !alphanumeric(r) && (r != '%' || !percentEncoded(part[i:])) {
				return false
			}
		}
	}
	return true
}

// percentEncoded reports whether a text begins with a % and two hex digits.
func percentEncoded(text string) bool {
	return len(text) >= 3 && text[0] == '%' && hexDigit(text[1]) && hexDigit(text[2])
}

func hexDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
