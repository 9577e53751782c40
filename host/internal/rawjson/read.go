// SPDX-License-Identifier: Apache-2.0

package rawjson

import (
	"bytes"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// A Kind is the type of a JSON value.
type Kind uint8

// The kinds of values. KindInvalid is what begins like none of them.
const (
	KindInvalid Kind = iota
	KindObject
	KindArray
	KindString
	KindNumber
	KindBool
	KindNull
)

// KindOf tells a value's kind by its first character. It validates nothing.
func KindOf(value []byte) Kind {
	i := skipSpace(value, 0)
	if i == len(value) {
		return KindInvalid
	}
	switch c := value[i]; c {
	case '{':
		return KindObject
	case '[':
		return KindArray
	case '"':
		return KindString
	case 't', 'f':
		return KindBool
	case 'n':
		return KindNull
	default:
		if c == '-' || isDigit(c) {
			return KindNumber
		}
		return KindInvalid
	}
}

// Members calls fn with each member of a valid object, the unescaped key and
// the raw value, until fn returns false. Both alias obj, but a key that had to
// be unescaped. Of what is no object it calls fn with nothing.
func Members(obj []byte, fn func(key, value []byte) bool) {
	i := skipSpace(obj, 0)
	if i == len(obj) || obj[i] != '{' {
		return
	}
	for i++; ; {
		i = skipSeparators(obj, i)
		if i == len(obj) || obj[i] != '"' {
			return
		}
		start := i + 1
		i = skipString(obj, i)
		key := obj[start:max(start, i-1)]
		if bytes.IndexByte(key, '\\') >= 0 {
			key = appendUnquoted(nil, key)
		}
		i = skipSeparators(obj, i)
		valueStart := i
		if i = skipValue(obj, i); i == valueStart || !fn(key, obj[valueStart:i:i]) {
			return
		}
	}
}

// Get returns the raw value of a member of a valid object.
func Get(obj []byte, key string) (value []byte, ok bool) {
	Members(obj, func(k, v []byte) bool {
		if string(k) == key {
			value, ok = v, true
		}
		return !ok
	})
	return value, ok
}

// Elements calls fn with the raw bytes of each element of a valid array until
// fn returns false. Of what is no array it calls fn with nothing.
func Elements(arr []byte, fn func(value []byte) bool) {
	i := skipSpace(arr, 0)
	if i == len(arr) || arr[i] != '[' {
		return
	}
	for i++; ; {
		i = skipSeparators(arr, i)
		start := i
		if i = skipValue(arr, i); i == start || !fn(arr[start:i:i]) {
			return
		}
	}
}

// String returns the text of a valid JSON string. A lone surrogate becomes
// U+FFFD.
func String(value []byte) (string, bool) {
	value = trimSpace(value)
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	content := value[1 : len(value)-1]
	if bytes.IndexByte(content, '\\') < 0 {
		return string(content), true
	}
	return string(appendUnquoted(make([]byte, 0, len(content)), content)), true
}

// IsInteger reports whether a number, of whatever size, is written as an integer:
// -?(0|[1-9][0-9]*).
func IsInteger[S string | []byte](number S) bool {
	if len(number) > 0 && number[0] == '-' {
		number = number[1:]
	}
	if len(number) == 0 || (number[0] == '0' && len(number) > 1) {
		return false
	}
	for i := range len(number) {
		if !isDigit(number[i]) {
			return false
		}
	}
	return true
}

// Int returns the value of a number that is written as an integer and fits.
// 1.0 and 1e3 are not.
func Int(value []byte) (int64, bool) {
	value = trimSpace(value)
	digits, negative := bytes.CutPrefix(value, []byte{'-'})
	if len(digits) == 0 || (digits[0] == '0' && len(digits) > 1) {
		return 0, false
	}
	// Counting downwards reaches the smallest number too.
	var n int64
	for _, c := range digits {
		d := int64(c - '0')
		if !isDigit(c) || n < (math.MinInt64+d)/10 {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	return -n, n != math.MinInt64
}

// Bool returns the value of true or false.
func Bool(value []byte) (b, ok bool) {
	switch string(trimSpace(value)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// trimSpace cuts the whitespace that JSON knows, and no other.
func trimSpace(value []byte) []byte {
	value = value[skipSpace(value, 0):]
	for len(value) > 0 && isSpace(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return value
}

func skipSeparators(data []byte, i int) int {
	for i < len(data) && (isSpace(data[i]) || data[i] == ',' || data[i] == ':') {
		i++
	}
	return i
}

// skipString returns the index after the string that begins at i.
func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		n := bytes.IndexByte(data[i:], '"')
		if n < 0 {
			return len(data)
		}
		i += n
		slashes := 0
		for data[i-1-slashes] == '\\' {
			slashes++ // ends at the opening quote at the latest
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
	return len(data)
}

// skipValue returns the index after the value that begins at i, or i if none
// does.
func skipValue(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch c := data[i]; {
		case c == '"':
			i = skipString(data, i)
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case depth > 0 && (isSpace(c) || c == ',' || c == ':'):
			i++
			continue
		default:
			i = skipScalar(data, i)
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

func skipScalar(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case ',', ':', '}', ']', ' ', '\n', '\r', '\t':
			return i
		}
		i++
	}
	return i
}

// appendUnquoted appends the text that the content of a string stands for.
func appendUnquoted(dst, content []byte) []byte {
	for {
		n := bytes.IndexByte(content, '\\')
		if n < 0 || n+1 == len(content) {
			return append(dst, content...)
		}
		dst = append(dst, content[:n]...)
		content = content[n:]
		size := 2
		switch c := content[1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			var r rune
			if r, size = escapedRune(content); size == 0 {
				return append(dst, content...)
			}
			dst = utf8.AppendRune(dst, r) // a lone surrogate as U+FFFD
		default:
			dst = append(dst, c)
		}
		content = content[size:]
	}
}

// escapedRune reads \uXXXX, or two of them that make a surrogate pair. The rune
// is -1 for a lone surrogate; the size is 0 where there is no such escape.
func escapedRune(data []byte) (r rune, size int) {
	r, ok := hex4(data)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	low, ok := hex4(data[6:])
	if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
		return pair, 12
	}
	return -1, 6
}

func hex4(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range data[2:6] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
