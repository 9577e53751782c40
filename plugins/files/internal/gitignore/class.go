// SPDX-License-Identifier: Apache-2.0

package gitignore

import "strings"

// class is a set of bytes.
type class [4]uint64

func (c *class) has(b byte) bool { return c[b>>6]&(1<<(b&63)) != 0 }

func (c *class) addRange(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		c[b>>6] |= 1 << (b & 63)
	}
}

func (c *class) negate() {
	for i := range c {
		c[i] = ^c[i]
	}
}

// anyByte is what "?" matches.
func anyByte() *class {
	set := new(class)
	set.negate()
	return set
}

// compileClass reads the class that s begins with, and returns how many bytes
// of s it took. It reports false when the class does not end, or names a POSIX
// class that does not exist.
func compileClass(s string) (*class, int, bool) {
	set := new(class)
	i := 1
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	prev, hasPrev := byte(0), false // what a "-" would start from
	for first := true; ; first = false {
		if i >= len(s) {
			return nil, 0, false
		}
		switch {
		case s[i] == ']' && !first:
			if negated {
				set.negate()
			}
			return set, i + 1, true
		case s[i] == '-' && hasPrev && i+1 < len(s) && s[i+1] != ']':
			hi, n, ok := classByte(s[i+1:])
			if !ok {
				return nil, 0, false
			}
			set.addRange(prev, hi)
			hasPrev, i = false, i+1+n
		case strings.HasPrefix(s[i:], "[:"):
			n, ok := set.addNamed(s[i:])
			if !ok {
				return nil, 0, false
			}
			hasPrev, i = n == 1, i+n
			prev = '['
		default:
			b, n, ok := classByte(s[i:])
			if !ok {
				return nil, 0, false
			}
			set.addRange(b, b)
			prev, hasPrev, i = b, true, i+n
		}
	}
}

// classByte reads one byte of a class, which a backslash may protect.
func classByte(s string) (b byte, n int, ok bool) {
	if s[0] != '\\' {
		return s[0], 1, true
	}
	if len(s) == 1 {
		return 0, 0, false
	}
	return s[1], 2, true
}

// addNamed adds the POSIX class, such as "[:alpha:]", that s begins with, and
// returns how many bytes it took. Without its end, "[" stands for itself.
func (c *class) addNamed(s string) (int, bool) {
	end := strings.IndexByte(s[2:], ']')
	if end < 0 {
		return 0, false
	}
	name, ok := strings.CutSuffix(s[2:2+end], ":")
	if !ok {
		c.addRange('[', '[')
		return 1, true
	}
	for _, r := range namedRanges(name) {
		c.addRange(r[0], r[1])
	}
	return 2 + end + 1, namedRanges(name) != nil
}

// namedRanges returns the bytes of a POSIX class in the C locale, or nil when
// there is no such class.
func namedRanges(name string) [][2]byte {
	switch name {
	case "alnum":
		return [][2]byte{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}
	case "alpha":
		return [][2]byte{{'A', 'Z'}, {'a', 'z'}}
	case "blank":
		return [][2]byte{{' ', ' '}, {'\t', '\t'}}
	case "cntrl":
		return [][2]byte{{0, 31}, {127, 127}}
	case "digit":
		return [][2]byte{{'0', '9'}}
	case "graph":
		return [][2]byte{{33, 126}}
	case "lower":
		return [][2]byte{{'a', 'z'}}
	case "print":
		return [][2]byte{{32, 126}}
	case "punct":
		return [][2]byte{{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}
	case "space":
		return [][2]byte{{' ', ' '}, {'\t', '\r'}}
	case "upper":
		return [][2]byte{{'A', 'Z'}}
	case "xdigit":
		return [][2]byte{{'0', '9'}, {'A', 'F'}, {'a', 'f'}}
	}
	return nil
}
