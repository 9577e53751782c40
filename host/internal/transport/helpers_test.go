// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// memListener is a net.Listener in memory. Its connections are pipes, so that a
// whole server and its clients can live in a synctest bubble.
type memListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemListener() *memListener {
	return &memListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memListener) Addr() net.Addr { return &net.UnixAddr{Name: "mem", Net: "unix"} }

func (l *memListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// rig is a real server over an in-memory listener, and a client of it.
type rig struct {
	t        *testing.T
	http     *HTTP
	listener *memListener
	client   *http.Client
}

// newRig serves opts. What opts leaves out is filled with fakes: the header
// X-Mode says how a frame is admitted, and every frame is answered with {}.
func newRig(t *testing.T, opts HTTPOptions) *rig {
	t.Helper()
	h := NewHTTP(withFakes(opts))
	listener := newMemListener()
	server := h.Server()
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: listener.dial, DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_ = h.Shutdown(ctx) // cancels at once
		if err := h.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		serving.Wait()
	})
	return &rig{t: t, http: h, listener: listener, client: &http.Client{Transport: transport}}
}

func withFakes(opts HTTPOptions) HTTPOptions {
	opts.Loopback = true
	if opts.Admit == nil {
		opts.Admit = admitByHeader
	}
	if opts.One == nil {
		opts.One = answerEmpty
	}
	if opts.Serve == nil {
		opts.Serve = serveEach(answerEmpty)
	}
	return opts
}

func admitByHeader(f *jsonrpc.Frame) Admission {
	switch http.Header(f.Header).Get("X-Mode") {
	case "open":
		return Admission{Mode: OpensSession}
	case "session":
		return Admission{Mode: InSession}
	case "resumable":
		return Admission{Mode: InSession, Resumable: true}
	case "priming":
		return Admission{Mode: InSession, Resumable: true, Priming: true}
	case "notice":
		return Admission{Mode: Stateless, NoAnswer: true}
	case "refuse":
		return Admission{ID: jsonrpc.NumberID(7), Err: &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: "no"}, Status: 418}
	}
	return Admission{Mode: Stateless}
}

const emptyAnswer = `{"jsonrpc":"2.0","id":1,"result":{}}`

func answerEmpty(ctx context.Context, f *jsonrpc.Frame) {
	_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
	f.Reply.Close()
}

// serveEach is a small dispatcher: one goroutine per frame, until the input
// ends or ctx does.
func serveEach(handle func(context.Context, *jsonrpc.Frame)) func(context.Context, *Session) error {
	return func(ctx context.Context, s *Session) error {
		var handlers sync.WaitGroup
		defer handlers.Wait()
		for {
			frame, err := s.Recv(ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			handlers.Go(func() { handle(ctx, frame) })
		}
	}
}

// request makes a POST of body, or a bodyless request of another method. Each
// of headers is "Name: value".
func (r *rig) request(ctx context.Context, method, body string, headers ...string) *http.Request {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost/mcp", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	return req
}

// do sends a request and returns its response, which is closed with the test.
func (r *rig) do(method, body string, headers ...string) *http.Response {
	r.t.Helper()
	return r.send(r.request(r.t.Context(), method, body, headers...))
}

// send does not stop the test when it fails, so that any goroutine may call it.
func (r *rig) send(req *http.Request) *http.Response {
	r.t.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Errorf("%s: %v", req.Method, err)
		return &http.Response{Body: http.NoBody}
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// open opens a session and returns its id.
func (r *rig) open() string {
	r.t.Helper()
	resp := r.do("POST", "{}", "X-Mode: open")
	id := resp.Header.Get("Mcp-Session-Id")
	if resp.StatusCode != http.StatusOK || id == "" {
		r.t.Fatalf("open: status %d, session id %q", resp.StatusCode, id)
	}
	readBody(r.t, resp)
	return id
}

// inSession sends a frame on the session and returns status and body.
func (r *rig) inSession(id string) (int, string) {
	r.t.Helper()
	resp := r.do("POST", "{}", "X-Mode: session", "Mcp-Session-Id: "+id)
	return resp.StatusCode, readBody(r.t, resp)
}

func readBody(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("read body: %v", err)
	}
	return string(body)
}

// eventReader reads an event stream, independently of what writes it: it
// follows the parsing rules of the HTML standard.
type eventReader struct {
	r     *bufio.Reader
	id    string // of the last event that had one
	retry string // as last told
}

func events(r io.Reader) *eventReader { return &eventReader{r: bufio.NewReader(r)} }

// next returns the type and the data of the next event, or "comment" and its
// text.
func (e *eventReader) next() (kind, data string, err error) {
	var lines []string
	for {
		line, err := e.line()
		if err != nil {
			return "", "", err
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && lines != nil:
			return kind, strings.Join(lines, "\n"), nil
		case line == "":
		case name == "":
			return "comment", value, nil
		case name == "event":
			kind = value
		case name == "id":
			e.id = value
		case name == "retry":
			e.retry = value
		case name == "data":
			lines = append(lines, value)
		}
	}
}

// line returns a line that ends in \r\n, \n or \r.
func (e *eventReader) line() (string, error) {
	var line []byte
	for {
		c, err := e.r.ReadByte()
		switch {
		case err != nil:
			return "", err
		case c == '\n':
			return string(line), nil
		case c == '\r':
			if next, err := e.r.Peek(1); err == nil && next[0] == '\n' {
				_, _ = e.r.Discard(1)
			}
			return string(line), nil
		}
		line = append(line, c)
	}
}

// wantEvent reads one event and compares it.
func (e *eventReader) want(t *testing.T, kind, data string) {
	t.Helper()
	gotKind, gotData, err := e.next()
	if err != nil || gotKind != kind || gotData != data {
		t.Fatalf("event %q %q (%v), want %q %q", gotKind, gotData, err, kind, data)
	}
}

func (e *eventReader) wantEnd(t *testing.T) {
	t.Helper()
	if kind, data, err := e.next(); !errors.Is(err, io.EOF) {
		t.Fatalf("event %q %q (%v), want the end of the stream", kind, data, err)
	}
}
