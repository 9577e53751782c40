// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// eventLog remembers what a session has written to its event streams, so that a
// client whose connection broke, or was let go, can hear the rest on a GET. It is
// bounded: the oldest events make room for new ones, of whichever stream.
//
// An event's id is "S-N": S numbers its stream, N counts the events of the whole
// session, so that an id is unique in it and tells where to go on.
type eventLog struct {
	maxEvents, maxBytes int // immutable

	mu      sync.Mutex
	last    uint64  // N of the newest event
	opened  uint64  // S of the newest stream; that of the standalone one is 0
	events  []event // oldest first, by N
	bytes   int     // of their data
	streams map[uint64]*stream
}

type event struct {
	stream, number uint64
	data           []byte // not changed any more
}

func (e event) id() string {
	return strconv.FormatUint(e.stream, 10) + "-" + strconv.FormatUint(e.number, 10)
}

// stream is the event stream of one POST. It lives on without its connection,
// and is forgotten once it has ended and the log holds nothing of it.
type stream struct {
	log    *eventLog
	number uint64

	// Under the lock of log.
	stored int  // events that the log holds
	ended  bool // nothing more will come
	// reader is the GET that the stream is written to, whether it is still open
	// or not; nil while that is the response to the POST.
	reader *sessionGET
}

// open begins a stream. Its first event, which has no data, is not kept: it
// only gives the client something to go on from.
func (l *eventLog) open() (*stream, event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened++
	s := &stream{log: l, number: l.opened}
	if l.streams == nil {
		l.streams = make(map[uint64]*stream)
	}
	l.streams[s.number] = s
	return s, l.mark(s.number)
}

// mark returns an event without data that all earlier ones come before.
func (l *eventLog) mark(stream uint64) event {
	l.last++
	return event{stream: stream, number: l.last}
}

// standalone is mark for the standalone stream.
func (l *eventLog) standalone() event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mark(0)
}

// add keeps data, which it takes over, as the next event of a stream.
func (l *eventLog) add(stream uint64, data []byte) event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.addLocked(stream, data, false)
}

// addLocked drops what is too much, the oldest first. An event that is too large
// by itself is kept only if it is awaited: if it can reach the client in no other
// way than from here.
func (l *eventLog) addLocked(stream uint64, data []byte, awaited bool) event {
	l.last++
	e := event{stream: stream, number: l.last, data: data}
	if len(data) > l.maxBytes && !awaited {
		return e
	}
	l.events = append(l.events, e)
	l.bytes += len(data)
	if s := l.streams[stream]; s != nil {
		s.stored++
	}
	drop := 0
	for ; drop < len(l.events)-1 && (len(l.events)-drop > l.maxEvents || l.bytes > l.maxBytes); drop++ {
		l.bytes -= len(l.events[drop].data)
		l.dropped(l.events[drop].stream)
	}
	clear(l.events[:drop]) // or the array would hold their data
	l.events = l.events[drop:]
	return e
}

func (l *eventLog) dropped(number uint64) {
	if s := l.streams[number]; s != nil {
		s.stored--
		s.settle()
	}
}

// newest returns the number of the newest event.
func (l *eventLog) newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// after returns the first event of a stream that came after another, if its number
// is at most until.
func (l *eventLog) after(from event, until uint64) (event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.afterLocked(from, until)
}

func (l *eventLog) afterLocked(from event, until uint64) (event, bool) {
	first := sort.Search(len(l.events), func(i int) bool { return l.events[i].number > from.number })
	for _, e := range l.events[first:] {
		if e.number > until {
			break
		}
		if e.stream == from.stream {
			return e, true
		}
	}
	return event{}, false
}

// find returns what an event id names. The stream is nil for the standalone one.
func (l *eventLog) find(id string) (s *stream, from event, ok bool) {
	before, after, _ := strings.Cut(id, "-")
	number, errStream := strconv.ParseUint(before, 10, 64)
	n, errEvent := strconv.ParseUint(after, 10, 64)
	from = event{stream: number, number: n}
	// Other writings of the numbers are not ids of ours.
	if errStream != nil || errEvent != nil || from.id() != id {
		return nil, event{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s = l.streams[number]
	return s, from, n <= l.last && (s != nil || number == 0)
}

// add keeps a copy of data as the next event, and reports whether it is written
// to a GET, so not to the response to the POST.
func (s *stream) add(data []byte) (e event, followed bool) {
	data = append([]byte(nil), data...)
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	e = s.log.addLocked(s.number, data, s.reader != nil)
	if s.reader != nil {
		s.reader.poke()
	}
	return e, s.reader != nil
}

// follow makes g the one that writes the stream, from now to its end. An older
// one ends.
func (s *stream) follow(g *sessionGET) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.reader != nil {
		close(s.reader.replaced)
	}
	s.reader = g
	if s.ended {
		close(g.over)
	}
}

// after returns what g is to write after an event: nothing once another GET follows,
// which begins where the client says, so that no event is written to both; and what
// came before, once it was released.
func (s *stream) after(from event, g *sessionGET) (event, bool) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	until := g.until
	if s.reader == g {
		until = math.MaxUint64
	}
	return s.log.afterLocked(from, until)
}

func (s *stream) followed() bool {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.reader != nil
}

// release ends the GET that the stream is written to, if it is one already, and
// has the stream wait for the next.
func (s *stream) release(after time.Duration) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.reader != nil && !s.ended {
		s.reader.retry, s.reader.until = after, s.log.last
		close(s.reader.over)
	}
	s.reader = newSessionGET()
}

// end says that nothing more will come.
func (s *stream) end() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	if s.reader != nil {
		close(s.reader.over)
	}
	s.settle()
}

// settle forgets a stream of which nothing is left. The lock is held.
func (s *stream) settle() {
	if s.ended && s.stored == 0 {
		delete(s.log.streams, s.number)
	}
}
