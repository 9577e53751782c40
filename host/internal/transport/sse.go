// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"
)

// eventStream writes server-sent events. It is for one goroutine at a time.
type eventStream struct {
	w       http.ResponseWriter
	control http.ResponseController
	timeout time.Duration // of one write
}

func newEventStream(w http.ResponseWriter, timeout time.Duration) eventStream {
	return eventStream{w: w, control: *http.NewResponseController(w), timeout: timeout}
}

// begin commits the response to being an event stream.
func (s *eventStream) begin() error {
	header := s.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Accel-Buffering", "no") // asked for by the specification: proxies must not hold events back
	s.extend()
	s.w.WriteHeader(http.StatusOK)
	return s.control.Flush()
}

// message writes one message event and sends it on its way. The id may be empty.
func (s *eventStream) message(id string, data []byte) error {
	s.extend()
	if err := writeID(s.w, id); err != nil {
		return err
	}
	if err := writeEvent(s.w, data); err != nil {
		return err
	}
	return s.control.Flush()
}

// prime writes an id without a message, which gives the client a place to go on
// from before there is anything to go on with.
func (s *eventStream) prime(id string) error { return s.raw("id: " + id + "\ndata: \n\n") }

// retry tells the client when to come back once the stream has ended.
func (s *eventStream) retry(after time.Duration) error {
	return s.raw("retry: " + strconv.FormatInt(after.Milliseconds(), 10) + "\n\n")
}

// endpoint writes the event with which the HTTP+SSE transport begins.
func (s *eventStream) endpoint(uri string) error {
	return s.raw("event: endpoint\ndata: " + uri + "\n\n")
}

// comment writes an empty comment, which clients ignore, so that no proxy takes
// the stream for dead.
func (s *eventStream) comment() error { return s.raw(":\n\n") }

func (s *eventStream) raw(text string) error {
	s.extend()
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.control.Flush()
}

// extend gives the next write its time. A writer without deadlines, as in
// tests, never blocks for long.
func (s *eventStream) extend() {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout))
}

func writeID(w io.Writer, id string) error {
	if id == "" {
		return nil
	}
	_, err := io.WriteString(w, "id: "+id+"\n")
	return err
}

// writeEvent writes data as one message event. A frame holds no newline, but
// one that did must not break the stream: each line becomes a data line, which
// the client joins again.
func writeEvent(w io.Writer, data []byte) error {
	if _, err := io.WriteString(w, "event: message\n"); err != nil {
		return err
	}
	for more := true; more; {
		var line []byte
		line, data, more = cutLine(data)
		if err := writeDataLine(w, line); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func writeDataLine(w io.Writer, line []byte) error {
	if _, err := io.WriteString(w, "data: "); err != nil {
		return err
	}
	if _, err := w.Write(line); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// cutLine cuts data after its first line. A line ends in \r\n, \n or \r, as the
// event stream format has it.
func cutLine(data []byte) (line, rest []byte, more bool) {
	i := bytes.IndexAny(data, "\r\n")
	if i < 0 {
		return data, nil, false
	}
	line, rest = data[:i], data[i+1:]
	if data[i] == '\r' {
		rest = bytes.TrimPrefix(rest, []byte{'\n'})
	}
	return line, rest, true
}
