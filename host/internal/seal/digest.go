// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// Digest returns a digest of a request by its meaning: it is the same however
// its params are written, that is, under any order of keys, whitespace, escapes
// in strings and forms of numbers (1, 1.0 and 10e-1 are one, and integers count
// in full, beyond 2^53 too). Of the members at the top of params it leaves out
// _meta, inputResponses and requestState, in which a client that tries again
// differs, and those named by skip. Absent params are an empty object; params
// that are not valid JSON count as the bytes they are.
func Digest(method string, params []byte, skip ...string) [32]byte {
	d := sha256.New()
	part(d, []byte(method))
	if len(bytes.TrimSpace(params)) == 0 {
		params = []byte("{}")
	}
	if rawjson.Valid(params) != nil {
		d.Write([]byte{tagBytes})
		d.Write(params)
		return [32]byte(d.Sum(nil))
	}
	r := reader{data: params, skip: append([]string{"_meta", "inputResponses", "requestState"}, skip...)}
	value := r.value()
	d.Write([]byte{tagJSON})
	d.Write(value[:])
	return [32]byte(d.Sum(nil))
}

// Each kind of value has a tag, so that no two kinds hash the same bytes.
const (
	tagBytes byte = iota
	tagJSON
	tagObject
	tagArray
	tagString
	tagNumber
	tagWord
)

// A sum stands for a value. Objects and arrays are summed from the sums of
// what they hold, so that every byte of a document is read once, however deep.
type sum = [sha256.Size]byte

// reader walks a valid document.
type reader struct {
	data  []byte
	pos   int
	depth int
	skip  []string // members at the top
}

type member struct {
	key   string
	value sum
}

func (r *reader) value() sum {
	r.separators()
	switch r.data[r.pos] {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		return sumOf(tagString, []byte(r.text()))
	case 't', 'f', 'n':
		return sumOf(tagWord, r.scalar())
	default:
		return sumOf(tagNumber, appendNumber(nil, r.scalar()))
	}
}

func (r *reader) object() sum {
	var members []member
	for r.enter(); !r.leave('}'); {
		m := member{key: r.text()}
		m.value = r.value()
		if r.depth > 1 || !slices.Contains(r.skip, m.key) {
			members = append(members, m)
		}
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
	d := sha256.New()
	d.Write([]byte{tagObject})
	for _, m := range members {
		part(d, []byte(m.key))
		d.Write(m.value[:])
	}
	return sum(d.Sum(nil))
}

func (r *reader) array() sum {
	d := sha256.New()
	d.Write([]byte{tagArray})
	for r.enter(); !r.leave(']'); {
		element := r.value()
		d.Write(element[:])
	}
	return sum(d.Sum(nil))
}

func (r *reader) enter() {
	r.pos++
	r.depth++
}

// leave steps over the closing bracket, if that is what comes next.
func (r *reader) leave(closing byte) bool {
	r.separators()
	if r.data[r.pos] != closing {
		return false
	}
	r.pos++
	r.depth--
	return true
}

func (r *reader) separators() {
	for bytes.IndexByte([]byte(" \t\r\n,:"), r.data[r.pos]) >= 0 {
		r.pos++
	}
}

// text reads a string.
func (r *reader) text() string {
	start := r.pos
	for r.pos++; r.data[r.pos] != '"'; r.pos++ {
		if r.data[r.pos] == '\\' {
			r.pos++
		}
	}
	r.pos++
	s, _ := rawjson.String(r.data[start:r.pos])
	return s
}

// scalar reads a number or a word.
func (r *reader) scalar() []byte {
	start := r.pos
	for r.pos < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,]}"), r.data[r.pos]) < 0 {
		r.pos++
	}
	return r.data[start:r.pos]
}

func sumOf(tag byte, data []byte) sum {
	d := sha256.New()
	d.Write([]byte{tag})
	d.Write(data)
	return sum(d.Sum(nil))
}

// part writes data with its length, so that it cannot run into what follows.
func part(d hash.Hash, data []byte) {
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(data)))
	d.Write(size[:])
	d.Write(data)
}
