// SPDX-License-Identifier: Apache-2.0

package transport

import "sync/atomic"

// slots bounds how many of something there are at once. It is safe for
// concurrent use, and nobody ever waits for a slot.
type slots struct {
	limit int64 // immutable
	taken atomic.Int64
}

// take takes a slot, if one is free. The caller must give it back.
func (s *slots) take() bool {
	for {
		taken := s.taken.Load()
		if taken >= s.limit {
			return false
		}
		if s.taken.CompareAndSwap(taken, taken+1) {
			return true
		}
	}
}

func (s *slots) give() { s.taken.Add(-1) }

// tooManyStreams tells a client whose request is one more stream than there may
// be.
func tooManyStreams() *refusal {
	return unavailable("too many event streams are open; try again later")
}
