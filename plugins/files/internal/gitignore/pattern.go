// SPDX-License-Identifier: Apache-2.0

package gitignore

import "strings"

// pattern is a path pattern, one element between slashes each.
type pattern []element

// element matches one element of a path.
type element struct {
	any   bool // "**": any number of path elements
	atoms []atom
}

// atom matches one byte: lit, or one of class. With star it matches any number
// of any bytes.
type atom struct {
	star  bool
	lit   byte
	class *class // nil: lit
}

// match reports whether the whole of path matches.
//
// Wildcards are matched greedily with a single way back, to the last star:
// elements cannot overlap, so no more is needed, and hostile patterns such as
// "*a*a*a*b" stay quadratic.
func (p pattern) match(path string) bool {
	star, retry := -1, "" // the last "**", and what to try it on next
	i, rest, more := 0, path, true
	for more {
		head, tail, hasTail := strings.Cut(rest, "/")
		switch {
		case i < len(p) && p[i].any:
			if i == len(p)-1 {
				return true // a trailing "**" takes one element or more
			}
			star, retry = i, rest
			i++
			continue
		case i < len(p) && p[i].match(head):
			i, rest, more = i+1, tail, hasTail
			continue
		}
		if star < 0 {
			return false
		}
		_, retry, more = strings.Cut(retry, "/")
		i, rest = star+1, retry
	}
	return i == len(p)
}

// match reports whether the whole of s, which has no slash, matches.
func (e *element) match(s string) bool {
	star, retry := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(e.atoms) && e.atoms[i].star:
			star, retry = i, j
			i++
		case i < len(e.atoms) && e.atoms[i].match(s[j]):
			i, j = i+1, j+1
		case star >= 0:
			retry++
			i, j = star+1, retry
		default:
			return false
		}
	}
	for i < len(e.atoms) && e.atoms[i].star {
		i++
	}
	return i == len(e.atoms)
}

func (a *atom) match(b byte) bool {
	if a.class != nil {
		return a.class.has(b)
	}
	return a.lit == b
}

// compile reads a pattern. It reports false for one that can never match, such
// as one with an open class.
func compile(s string) (pattern, bool) {
	var p pattern
	var e element
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '/':
			p, e = append(p, e.closed()), element{}
			i++
		case '*':
			n := len(s[i:]) - len(strings.TrimLeft(s[i:], "*"))
			// Two stars or more are special only as a whole element.
			e.any = n > 1 && len(e.atoms) == 0 && (i+n == len(s) || s[i+n] == '/')
			e.atoms = append(e.atoms, atom{star: true})
			i += n
		case '?':
			e.atoms = append(e.atoms, atom{class: anyByte()})
			i++
		case '[':
			set, n, ok := compileClass(s[i:])
			if !ok {
				return nil, false
			}
			e.atoms = append(e.atoms, atom{class: set})
			i += n
		case '\\':
			if i+1 == len(s) {
				return nil, false
			}
			e.atoms = append(e.atoms, atom{lit: s[i+1]})
			i += 2
		default:
			e.atoms = append(e.atoms, atom{lit: c})
			i++
		}
	}
	return append(p, e.closed()), true
}

// closed returns the finished element.
func (e element) closed() element {
	if e.any {
		e.atoms = nil
	}
	return e
}
