// SPDX-License-Identifier: Apache-2.0

package rawjson

import (
	"bytes"
	"hash/maphash"
)

const (
	// inlineNames is how many keys of open objects fit without an allocation.
	inlineNames = 48
	// comparedNames is up to how many keys comparing beats hashing.
	comparedNames = 16
)

// names holds the keys of all open objects, innermost last, to find those that
// come twice.
type names struct {
	few    [inlineNames][]byte // the first count keys, until there are more
	many   [][]byte            // then all of them
	count  int
	seed   maphash.Seed // random, so that no peer can choose keys that collide
	seeded bool
}

// nameIndex is a hash table over the keys of one large object. A slot holds the
// position of a key in the object plus one, or zero.
type nameIndex []int32

// all returns the keys of every open object. The slice must not be kept: a field
// that held it would move the scanner to the heap.
func (n *names) all() [][]byte {
	if n.many == nil {
		return n.few[:n.count]
	}
	return n.many[:n.count]
}

func (n *names) push(name []byte) {
	switch {
	case n.many != nil:
		n.many = append(n.many[:n.count], name)
	case n.count < inlineNames:
		n.few[n.count] = name
	default:
		n.many = append(append(make([][]byte, 0, 2*inlineNames), n.few[:]...), name)
	}
	n.count++
}

// add records name in the object whose keys begin at base, and reports whether
// it is new there.
func (n *names) add(base int, index *nameIndex, name []byte) bool {
	own := n.all()[base:]
	if len(own) < comparedNames {
		for _, other := range own {
			if bytes.Equal(other, name) {
				return false
			}
		}
		n.push(name)
		return true
	}
	if 2*len(own) >= len(*index) {
		*index = n.rehash(own)
	}
	slot := n.slot(own, *index, name)
	if (*index)[slot] != 0 {
		return false
	}
	n.push(name)
	(*index)[slot] = int32(len(own) + 1)
	return true
}

func (n *names) rehash(own [][]byte) nameIndex {
	if !n.seeded {
		n.seed, n.seeded = maphash.MakeSeed(), true
	}
	size := 4 * comparedNames
	for size < 4*len(own) {
		size *= 2
	}
	index := make(nameIndex, size)
	for i, name := range own {
		index[n.slot(own, index, name)] = int32(i + 1)
	}
	return index
}

// slot returns the slot that holds name, or the free one where it belongs.
func (n *names) slot(own [][]byte, index nameIndex, name []byte) uint64 {
	mask := uint64(len(index) - 1)
	for slot := maphash.Bytes(n.seed, name) & mask; ; slot = (slot + 1) & mask {
		i := index[slot]
		if i == 0 || bytes.Equal(own[i-1], name) {
			return slot
		}
	}
}
