// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"sync"
	"time"
)

// bodies knows the requests whose bodies are being read, so that none of them
// holds a shutdown back: nothing has been done for them yet. The zero value
// works.
type bodies struct {
	mu      sync.Mutex
	cut     bool
	reading map[*http.ResponseController]struct{}
}

// begin bounds the reading of a body. Once the bodies are cut, only what has
// arrived already can be read. The caller must end it.
func (b *bodies) begin(control *http.ResponseController, limit time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cut {
		expire(control)
		return
	}
	if b.reading == nil {
		b.reading = make(map[*http.ResponseController]struct{})
	}
	b.reading[control] = struct{}{}
	// A writer without deadlines, as in tests, has no slow client.
	_ = control.SetReadDeadline(time.Now().Add(limit))
}

// end leaves the limit as it is, for its caller to move or to lift.
func (b *bodies) end(control *http.ResponseController) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.reading, control)
}

// cutAll ends the reading of every body, now and from now on.
func (b *bodies) cutAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut = true
	for control := range b.reading {
		expire(control)
	}
}

func (b *bodies) areCut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cut
}

func expire(control *http.ResponseController) { _ = control.SetReadDeadline(time.Unix(1, 0)) }
