// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// sessionRig is a rig whose sessions can be reached from the test, and tell how
// they ended.
type sessionRig struct {
	*rig
	opened chan *Session // buffered
	ended  chan error    // buffered; the cause of the session's context
}

func newSessionRig(t *testing.T, opts HTTPOptions, handle func(context.Context, *jsonrpc.Frame)) *sessionRig {
	r := &sessionRig{opened: make(chan *Session, 64), ended: make(chan error, 64)}
	serve := serveEach(handle)
	opts.Serve = func(ctx context.Context, s *Session) error {
		r.opened <- s
		err := serve(ctx, s)
		r.ended <- context.Cause(ctx)
		return err
	}
	r.rig = newRig(t, opts)
	return r
}

// listen opens the GET stream of a session.
func (r *sessionRig) listen(id string) *eventReader {
	r.t.Helper()
	resp := r.do("GET", "", "Accept: text/event-stream", "Mcp-Session-Id: "+id)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("GET: status %d, content type %q", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return events(resp.Body)
}

func (r *sessionRig) wantStatus(id string, want int) {
	r.t.Helper()
	if status, body := r.inSession(id); status != want {
		r.t.Errorf("status %d, want %d: %s", status, want, body)
	}
}

func TestSessionLivesFromInitializeToDelete(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
	id := rig.open()
	if s := <-rig.opened; s.ID() != id || len(id) < 26 {
		t.Errorf("session id %q, the client has %q", s.ID(), id)
	}
	if strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("session id %q is not plain visible ASCII", id)
	}
	for range 2 {
		resp := rig.do("POST", "{}", "X-Mode: session", "Mcp-Session-Id: "+id)
		if body := readBody(t, resp); resp.StatusCode != 200 || body != emptyAnswer {
			t.Errorf("status %d, body %q", resp.StatusCode, body)
		}
	}

	if resp := rig.do("DELETE", "", "Mcp-Session-Id: "+id); resp.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE: status %d, want 204", resp.StatusCode)
	}
	if cause := <-rig.ended; !errors.Is(cause, errDeleted) {
		t.Errorf("the session ended by %v", cause)
	}
	rig.wantStatus(id, http.StatusNotFound)
	for _, method := range []string{"GET", "DELETE"} {
		if resp := rig.do(method, "", "Mcp-Session-Id: "+id); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s after DELETE: status %d, want 404", method, resp.StatusCode)
		}
	}
}

func TestSessionsHaveTheirOwnIDs(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
	first, second := rig.open(), rig.open()
	if first == second {
		t.Fatal("two sessions share an id")
	}
	rig.do("DELETE", "", "Mcp-Session-Id: "+first)
	rig.wantStatus(first, http.StatusNotFound)
	rig.wantStatus(second, http.StatusOK)
}

// A 404 to a request with a session id means that the session is gone, so an
// error in a session is never one.
func TestSessionErrorsAreNotStatuses(t *testing.T) {
	opts := HTTPOptions{Status: func(stateless bool, err *jsonrpc.Error) int {
		if stateless {
			return http.StatusNotFound
		}
		return http.StatusOK
	}}
	rig := newSessionRig(t, opts, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		if f.Header["X-Mode"][0] == "open" {
			_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
			return
		}
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), &jsonrpc.Error{Code: jsonrpc.MethodNotFound})
	})
	rig.wantStatus(rig.open(), http.StatusOK)
}

func TestRefusedInitializeLeavesNoSession(t *testing.T) {
	tests := map[string]func(context.Context, *jsonrpc.Frame){
		"error": func(ctx context.Context, f *jsonrpc.Frame) {
			_ = f.Reply.Answer(ctx, []byte(emptyAnswer), &jsonrpc.Error{Code: jsonrpc.InvalidParams})
			f.Reply.Close()
		},
		"no answer": func(_ context.Context, f *jsonrpc.Frame) { f.Reply.Close() },
	}
	for name, handle := range tests {
		t.Run(name, func(t *testing.T) {
			rig := newSessionRig(t, HTTPOptions{}, handle)
			resp := rig.do("POST", "{}", "X-Mode: open")
			if id, ok := resp.Header["Mcp-Session-Id"]; ok {
				t.Errorf("a session id %q was given", id)
			}
			if cause := <-rig.ended; !errors.Is(cause, errNotOpened) {
				t.Errorf("the session ended by %v", cause)
			}
			rig.wantStatus((<-rig.opened).ID(), http.StatusNotFound)
		})
	}
}

func TestStreamedInitializeNamesTheSession(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		_ = f.Reply.Send(ctx, []byte("log"))
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
	})
	resp := rig.do("POST", "{}", "X-Mode: open")
	if got, want := resp.Header.Get("Mcp-Session-Id"), (<-rig.opened).ID(); got != want {
		t.Errorf("session id %q, want %q", got, want)
	}
}

func TestOnlyTheFirstAnswerNamesTheSession(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
	resp := rig.do("POST", "{}", "X-Mode: session", "Mcp-Session-Id: "+rig.open())
	if id, ok := resp.Header["Mcp-Session-Id"]; ok {
		t.Errorf("a later answer has the session id %q", id)
	}
}

// Before the 2026-07-28 protocol a disconnect is not a cancellation.
func TestSessionWorkOutlivesItsClient(t *testing.T) {
	proceed, results := make(chan struct{}), make(chan error, 3)
	rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		if string(f.Data) == "slow" {
			_ = f.Reply.Send(ctx, []byte("progress"))
			<-proceed
			results <- context.Cause(ctx)
			results <- f.Reply.Send(ctx, []byte("to nobody"))
			results <- f.Reply.Answer(ctx, []byte("to nobody"), nil)
			return
		}
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
	})
	id := rig.open()
	ctx, cancel := context.WithCancel(t.Context())
	resp := rig.send(rig.request(ctx, "POST", "slow", "X-Mode: session", "Mcp-Session-Id: "+id))
	events(resp.Body).want(t, "message", "progress")
	cancel()
	_ = resp.Body.Close()

	rig.wantStatus(id, http.StatusOK)
	close(proceed)
	for range 3 {
		if err := <-results; err != nil {
			t.Errorf("the handler was disturbed: %v", err)
		}
	}
	rig.wantStatus(id, http.StatusOK)
}

func TestDeleteCancelsTheWorkOfItsSession(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		if string(f.Data) == "slow" {
			_ = f.Reply.Send(ctx, []byte("began"))
			<-ctx.Done()
		}
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
	})
	id := rig.open()
	in := events(rig.do("POST", "slow", "X-Mode: session", "Mcp-Session-Id: "+id).Body)
	in.want(t, "message", "began")
	rig.do("DELETE", "", "Mcp-Session-Id: "+id)
	in.want(t, "message", emptyAnswer)
	in.wantEnd(t)
}

// A session whose dispatcher fails takes the frames with it that it never read.
func TestFramesOfADeadSessionAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := make(chan struct{})
		rig := newRig(t, HTTPOptions{Serve: func(ctx context.Context, s *Session) error {
			frame, err := s.Recv(ctx)
			if err != nil {
				return err
			}
			answerEmpty(ctx, frame)
			<-fail
			return errors.New("failed")
		}})
		id := rig.open()
		const waiting = inboxSize + 2 // so that some do not even fit
		statuses := make(chan int, waiting)
		var posts sync.WaitGroup
		for range waiting {
			posts.Go(func() {
				status, _ := rig.inSession(id)
				statuses <- status
			})
		}
		synctest.Wait()
		close(fail)
		posts.Wait()
		for range waiting {
			if status := <-statuses; status != http.StatusNotFound {
				t.Errorf("status %d, want 404", status)
			}
		}
	})
}

func TestFullInboxBlocksNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		rig := newRig(t, HTTPOptions{Serve: func(ctx context.Context, s *Session) error {
			frame, err := s.Recv(ctx)
			if err != nil {
				return err
			}
			answerEmpty(ctx, frame)
			if string(frame.Data) == "stuck" {
				<-release
			}
			return serveEach(answerEmpty)(ctx, s)
		}})
		stuck := rig.do("POST", "stuck", "X-Mode: open").Header.Get("Mcp-Session-Id")
		var posts sync.WaitGroup
		for range inboxSize + 2 {
			posts.Go(func() {
				if status, body := rig.inSession(stuck); status != 200 {
					t.Errorf("status %d: %s", status, body)
				}
			})
		}
		synctest.Wait()
		if status, _ := rig.inSession(rig.open()); status != http.StatusOK {
			t.Errorf("another session: status %d", status)
		}
		close(release)
		posts.Wait()
	})
}

func TestUnusedSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
		id := rig.open()
		for range 2 { // each use begins the hour anew
			time.Sleep(59 * time.Minute)
			rig.wantStatus(id, http.StatusOK)
		}
		time.Sleep(61 * time.Minute)
		rig.wantStatus(id, http.StatusNotFound)
		if cause := <-rig.ended; !errors.Is(cause, errExpired) {
			t.Errorf("the session ended by %v", cause)
		}
	})
}

func TestSessionInUseDoesNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
			if string(f.Data) == "slow" {
				time.Sleep(3 * time.Hour)
			}
			answerEmpty(ctx, f)
		})
		listening, working := rig.open(), rig.open()
		in := rig.listen(listening)
		var background sync.WaitGroup
		background.Go(func() {
			for { // until the session is deleted
				if _, _, err := in.next(); err != nil {
					return
				}
			}
		})
		background.Go(func() {
			readBody(t, rig.do("POST", "slow", "X-Mode: session", "Mcp-Session-Id: "+working))
		})
		time.Sleep(2*time.Hour + time.Minute)
		rig.wantStatus(listening, http.StatusOK)
		rig.wantStatus(working, http.StatusOK)
		rig.do("DELETE", "", "Mcp-Session-Id: "+listening)
		background.Wait()
	})
}

func TestLongestUnusedSessionMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{MaxSessions: 2}, answerEmpty)
		first := rig.open()
		time.Sleep(time.Second)
		second := rig.open()
		time.Sleep(time.Second)
		rig.wantStatus(first, http.StatusOK) // so that the second is the older
		synctest.Wait()                      // and no longer in use

		third := rig.open()
		rig.wantStatus(second, http.StatusNotFound)
		rig.wantStatus(first, http.StatusOK)
		rig.wantStatus(third, http.StatusOK)
		if cause := <-rig.ended; !errors.Is(cause, errEvicted) {
			t.Errorf("the session ended by %v", cause)
		}
	})
}

func TestSessionsInUseAreNotEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{MaxSessions: 1}, answerEmpty)
		rig.listen(rig.open())
		if resp := rig.do("POST", "{}", "X-Mode: open"); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", resp.StatusCode)
		}
	})
}

func TestRecvTakesWhatWasAcceptedBeforeTheEnd(t *testing.T) {
	table := newSessions(&HTTPOptions{}, &gate{})
	s := &Session{id: "x", inbox: make(chan *jsonrpc.Frame, 2), draining: make(chan struct{}), ended: make(chan struct{})}
	table.byID["x"] = s
	for range 2 {
		if !s.accept(t.Context(), &jsonrpc.Frame{}) {
			t.Fatal("not accepted")
		}
	}
	table.drain()
	if s.accept(t.Context(), &jsonrpc.Frame{}) {
		t.Error("accepted while draining")
	}
	for range 2 {
		if _, err := s.Recv(t.Context()); err != nil {
			t.Errorf("Recv: %v, want a frame", err)
		}
	}
	if _, err := s.Recv(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("Recv: %v, want io.EOF", err)
	}
}

// Clients that come, ask, listen and go, all at once, must end in an empty
// table; the race detector watches.
func TestManySessionsAtOnce(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{MaxSessions: 4}, func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Send(ctx, []byte("progress"))
		answerEmpty(ctx, f)
	})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for range 5 {
				resp := rig.do("POST", "{}", "X-Mode: open")
				readBody(t, resp)
				id := resp.Header.Get("Mcp-Session-Id") // none when all are in use
				get := rig.do("GET", "", "Mcp-Session-Id: "+id)
				readBody(t, rig.do("POST", "{}", "X-Mode: session", "Mcp-Session-Id: "+id))
				rig.do("DELETE", "", "Mcp-Session-Id: "+id)
				readBody(t, get) // ends with the session
			}
		})
	}
	clients.Wait()
	rig.http.sessions.mu.Lock()
	defer rig.http.sessions.mu.Unlock()
	if n := len(rig.http.sessions.byID); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}
