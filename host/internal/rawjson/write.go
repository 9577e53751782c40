// SPDX-License-Identifier: Apache-2.0

package rawjson

import "unicode/utf8"

// AppendString appends s as a JSON string. It escapes no more than it must, so
// U+2028 and U+2029 stay, and writes U+FFFD for invalid UTF-8.
func AppendString[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start, i := 0, 0
	for i < len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, c)
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}

// AppendCompact appends a valid value without the whitespace between its
// tokens, and so without newlines.
func AppendCompact(dst, value []byte) []byte {
	for i := 0; i < len(value); {
		start := i
		switch c := value[i]; {
		case isSpace(c):
			i++
			continue
		case c == '"':
			i = skipString(value, i)
		default:
			i++
		}
		dst = append(dst, value[start:i]...)
	}
	return dst
}
