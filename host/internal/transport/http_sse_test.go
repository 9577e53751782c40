// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// sseRig is a rig with the HTTP+SSE transport at /sse.
type sseRig struct{ *sessionRig }

func newSSERig(t *testing.T, opts HTTPOptions, handle func(context.Context, *jsonrpc.Frame)) sseRig {
	opts.SSEPath = "/sse"
	return sseRig{newSessionRig(t, opts, handle)}
}

// connect opens a stream and returns it with the URI to post to.
func (r sseRig) connect() (in *eventReader, uri string, hang context.CancelFunc) {
	r.t.Helper()
	ctx, hang := context.WithCancel(r.t.Context())
	r.t.Cleanup(hang)
	resp := r.send(r.at(ctx, "GET", "/sse", ""))
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("GET: status %d, content type %q", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	in = eager(r.t, resp.Body)
	kind, uri, err := in.next()
	if err != nil || kind != "endpoint" || !strings.HasPrefix(uri, "/sse?sessionId=") {
		r.t.Fatalf("first event %q %q (%v)", kind, uri, err)
	}
	return in, uri, hang
}

// at makes a request of a URI on this server.
func (r sseRig) at(ctx context.Context, method, uri, body string, headers ...string) *http.Request {
	r.t.Helper()
	req := r.request(ctx, method, body, headers...)
	u, err := req.URL.Parse(uri)
	if err != nil {
		r.t.Fatal(err)
	}
	req.URL = u
	return req
}

func (r sseRig) post(uri, body string, headers ...string) int {
	r.t.Helper()
	resp := r.send(r.at(r.t.Context(), "POST", uri, body, headers...))
	if text := readBody(r.t, resp); resp.StatusCode == http.StatusAccepted && text != "" {
		r.t.Errorf("202 with the body %q", text)
	}
	return resp.StatusCode
}

func TestSSEConversationIsOnOneStream(t *testing.T) {
	r := newSSERig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		_ = f.Reply.Send(ctx, append([]byte("about "), f.Data...))
		_ = f.Reply.Answer(ctx, append([]byte("answer to "), f.Data...), nil)
	})
	in, uri, _ := r.connect()
	for _, text := range []string{"one", "two"} {
		if status := r.post(uri, text); status != http.StatusAccepted {
			t.Errorf("POST: status %d, want 202", status)
		}
		in.want(t, "message", "about "+text)
		in.want(t, "message", "answer to "+text)
	}
	if err := (<-r.opened).Send(t.Context(), []byte("unasked")); err != nil {
		t.Error(err)
	}
	in.want(t, "message", "unasked")
}

func TestSSESessionEndsWithItsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSSERig(t, HTTPOptions{}, answerEmpty)
		_, uri, hang := r.connect()
		s := <-r.opened
		hang()
		if cause := <-r.ended; !errors.Is(cause, errLeft) {
			t.Errorf("the session ended by %v", cause)
		}
		if status := r.post(uri, "{}"); status != http.StatusNotFound {
			t.Errorf("POST: status %d, want 404", status)
		}
		if err := s.Send(t.Context(), []byte("late")); err == nil {
			t.Error("sent to a client that has left")
		}
	})
}

func TestSilentSSEStreamIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSSERig(t, HTTPOptions{}, answerEmpty)
		began := time.Now()
		in, _, _ := r.connect()
		in.want(t, "comment", "")
		in.want(t, "comment", "")
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("two comments after %v, want 30s", waited)
		}
	})
}

func TestSSESessionsCountAndDoNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSSERig(t, HTTPOptions{MaxSessions: 1, KeepAlive: 5 * time.Hour}, answerEmpty)
		in, uri, _ := r.connect()
		time.Sleep(3 * time.Hour)
		if status := r.post(uri, "{}"); status != http.StatusAccepted {
			t.Errorf("POST: status %d, want 202", status)
		}
		in.want(t, "message", emptyAnswer)
		if resp := r.do("POST", "{}", "X-Mode: open"); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("one session too many: status %d, want 503", resp.StatusCode)
		}
	})
}

func TestTransportsDoNotShareSessions(t *testing.T) {
	r := newSSERig(t, HTTPOptions{}, answerEmpty)
	_, uri, _ := r.connect()
	_, sse, _ := strings.Cut(uri, "=")
	r.wantStatus(sse, http.StatusNotFound)
	if status := r.post("/sse?sessionId="+r.open(), "{}"); status != http.StatusNotFound {
		t.Errorf("a session of the other transport: status %d", status)
	}
}

func TestSSEIsGuardedLikeTheEndpoint(t *testing.T) {
	r := newSSERig(t, HTTPOptions{MaxBody: 10}, answerEmpty)
	_, uri, _ := r.connect()
	tests := map[string]struct {
		method, uri, body string
		header            string
		status            int
	}{
		"foreign origin, GET":  {"GET", "/sse", "", "Origin: https://evil.example", 403},
		"foreign origin, POST": {"POST", uri, "{}", "Origin: https://evil.example", 403},
		"foreign host":         {"GET", "/sse", "", "Host: evil.example", 403},
		"too large":            {"POST", uri, "{          }", "", 413},
		"not JSON":             {"POST", uri, "{}", "Content-Type: text/plain", 415},
		"no stream accepted":   {"GET", "/sse", "", "Accept: application/json", 406},
		"no session":           {"POST", "/sse", "{}", "", 400},
		"unknown session":      {"POST", "/sse?sessionId=x", "{}", "", 404},
		"another method":       {"DELETE", uri, "", "", 405},
		"preflight":            {"OPTIONS", uri, "", "", 204},
	}
	for name, test := range tests {
		headers := []string{}
		if test.header != "" {
			headers = append(headers, test.header)
		}
		resp := r.send(r.at(t.Context(), test.method, test.uri, test.body, headers...))
		if resp.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, test.status)
		}
	}
}

func TestSSEIsOffUnlessAskedFor(t *testing.T) {
	for name, opts := range map[string]HTTPOptions{"no path": {}, "no legacy": {SSEPath: "/sse", NoLegacy: true}} {
		r := sseRig{newSessionRig(t, opts, answerEmpty)}
		if resp := r.send(r.at(t.Context(), "GET", "/sse", "")); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", name, resp.StatusCode)
		}
	}
}

func TestShutdownEndsSSEStreamsAfterTheirAnswers(t *testing.T) {
	proceed := make(chan struct{})
	r := newSSERig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Send(ctx, []byte("began"))
		<-proceed
		answerEmpty(ctx, f)
	})
	in, uri, _ := r.connect()
	r.post(uri, "{}")
	in.want(t, "message", "began")
	down := make(chan error, 1)
	go func() { down <- r.http.Shutdown(t.Context()) }()
	close(proceed)
	in.want(t, "message", emptyAnswer)
	in.wantEnd(t)
	if err := <-down; err != nil {
		t.Error(err)
	}
}
