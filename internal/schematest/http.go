// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"sync"
)

// RoundTripper returns a transport that carries requests by way of next
// (http.DefaultTransport if nil) and checks every MCP message that comes back,
// as it is read: a session is one conversation, any other POST its own. Other
// HTTP traffic passes through it unseen.
func (c *Checker) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &roundTripper{checker: c, next: next, sessions: make(map[string]*Conversation)}
}

type roundTripper struct {
	checker *Checker
	next    http.RoundTripper

	mu       sync.Mutex
	sessions map[string]*Conversation
}

const sessionHeader = "Mcp-Session-Id"

// RoundTrip implements http.RoundTripper.
func (r *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	conversation := r.conversation(req.Header.Get(sessionHeader))
	if err := listen(conversation, req); err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if id := resp.Header.Get(sessionHeader); id != "" {
		r.mu.Lock()
		r.sessions[id] = conversation
		r.mu.Unlock()
	}
	switch kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind {
	case "application/json":
		resp.Body = &heard{ReadCloser: resp.Body, server: conversation.Server}
	case "text/event-stream":
		resp.Body = &heard{ReadCloser: resp.Body, server: conversation.Server, events: true}
	}
	return resp, nil
}

// CloseIdleConnections makes that of an http.Client reach the transport below.
func (r *roundTripper) CloseIdleConnections() {
	if next, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (r *roundTripper) conversation(session string) *Conversation {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.sessions[session]; c != nil && session != "" {
		return c
	}
	return r.checker.Conversation()
}

// listen tells the conversation what a request says.
func listen(c *Conversation, req *http.Request) error {
	if req.Method != http.MethodPost || req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return err
	}
	c.Client(body)
	req.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// heard is a body that is checked as it is read.
type heard struct {
	io.ReadCloser
	server func(message []byte)
	events bool // one message an event, else the body is the message

	buf  []byte
	data []byte // of the event that is being read
	done bool
}

// Read implements io.Reader.
func (h *heard) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.buf = append(h.buf, p[:n]...)
	if h.events {
		h.lines()
	}
	if err == io.EOF && !h.done && !h.events && len(bytes.TrimSpace(h.buf)) > 0 {
		h.server(h.buf)
	}
	h.done = h.done || err != nil
	return n, err
}

// lines takes the whole lines of an event stream. Servers here end them in \n.
func (h *heard) lines() {
	for {
		line, rest, whole := bytes.Cut(h.buf, []byte{'\n'})
		if !whole {
			return
		}
		h.buf = rest
		h.line(bytes.TrimSuffix(line, []byte{'\r'}))
	}
}

// line takes one line. An event without data, and one whose data is no JSON-RPC
// message, such as the address in the first one of HTTP+SSE, says nothing.
func (h *heard) line(line []byte) {
	if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
		h.data = append(append(h.data, bytes.TrimPrefix(data, []byte(" "))...), '\n')
		return
	}
	if len(line) > 0 {
		return
	}
	if text := bytes.TrimSpace(h.data); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		h.server(text)
	}
	h.data = nil
}
