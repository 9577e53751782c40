// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// script is a handler that is told what to do, frame by frame: the reply to a
// frame is handed to the test, which writes to it. Every other frame is answered
// at once.
type script struct{ replies chan jsonrpc.Reply }

func (s script) handle(ctx context.Context, f *jsonrpc.Frame) {
	if string(f.Data) == "scripted" {
		s.replies <- f.Reply
		return
	}
	answerEmpty(ctx, f)
}

// resumeRig is a session of a client that can resume, with one request in it
// that has sent "first".
type resumeRig struct {
	*sessionRig
	script script
	mode   string
	id     string // of the session
	asked
}

// asked is a request, from both sides.
type asked struct {
	reply *exchange
	in    *eventReader       // the response
	hang  context.CancelFunc // disconnects it
}

func newResumeRig(t *testing.T, mode string, opts HTTPOptions) *resumeRig {
	t.Helper()
	s := script{make(chan jsonrpc.Reply, 1)}
	r := &resumeRig{sessionRig: newSessionRig(t, opts, s.handle), script: s, mode: mode}
	r.id = r.open()
	r.asked = r.ask()
	return r
}

// ask posts a request and has its handler send one message.
func (r *resumeRig) ask() asked {
	r.t.Helper()
	ctx, hang := context.WithCancel(r.t.Context())
	r.t.Cleanup(hang)
	req := r.request(ctx, "POST", "scripted", "X-Mode: "+r.mode, "Mcp-Session-Id: "+r.id)
	replies := make(chan *exchange, 1)
	go func() {
		reply := (<-r.script.replies).(*exchange)
		replies <- reply
		_ = reply.Send(r.t.Context(), []byte("first"))
	}()
	resp := r.send(req)
	return asked{reply: <-replies, in: eager(r.t, resp.Body), hang: hang}
}

// eager reads a stream in the background, as a client does, so that the server
// can write whatever the test reads.
func eager(t *testing.T, body io.ReadCloser) *eventReader {
	out, in := io.Pipe()
	chunks := make(chan []byte, 64)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(chunks)
		for {
			buf := make([]byte, 4096)
			n, err := body.Read(buf)
			if n > 0 {
				chunks <- buf[:n]
			}
			if err != nil {
				return
			}
		}
	})
	reading.Go(func() {
		for chunk := range chunks {
			_, _ = in.Write(chunk)
		}
		_ = in.Close()
	})
	t.Cleanup(func() {
		_ = body.Close()
		_ = out.Close()
		reading.Wait()
	})
	return events(out)
}

// resume opens a GET that goes on after an event.
func (r *resumeRig) resume(lastEventID string) *eventReader {
	r.t.Helper()
	resp := r.do("GET", "", "Mcp-Session-Id: "+r.id, "Last-Event-ID: "+lastEventID)
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("GET after %s: status %d", lastEventID, resp.StatusCode)
	}
	return eager(r.t, resp.Body)
}

func (r *resumeRig) say(text string) {
	r.t.Helper()
	if err := r.reply.Send(r.t.Context(), []byte(text)); err != nil {
		r.t.Errorf("send %s: %v", text, err)
	}
}

func (r *resumeRig) answer(text string) {
	r.t.Helper()
	if err := r.reply.Answer(r.t.Context(), []byte(text), nil); err != nil {
		r.t.Errorf("answer: %v", err)
	}
	r.reply.Close()
}

func TestBrokenStreamIsHeardToItsEnd(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	r.in.want(t, "message", "first")
	r.hang()
	r.say("while nobody listened")

	again := r.resume(r.in.id)
	again.want(t, "message", "while nobody listened")
	r.say("live")
	again.want(t, "message", "live")
	r.answer("the answer")
	again.want(t, "message", "the answer")
	again.wantEnd(t)
}

func TestAnswerToNobodyWaitsToBeHeard(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	r.in.want(t, "message", "first")
	r.hang()
	r.answer("the answer")
	for range 2 { // a client may lose this connection as well
		again := r.resume(r.in.id)
		again.want(t, "message", "the answer")
		again.wantEnd(t)
	}
}

func TestResumedStreamLeavesItsOldConnection(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	// It never hung up: the client knows more than we do.
	r.in.want(t, "message", "first")
	second := r.resume(r.in.id)
	r.say("once")
	second.want(t, "message", "once")
	r.in.wantEnd(t)
	third := r.resume(second.id)
	r.say("twice")
	third.want(t, "message", "twice")
	second.wantEnd(t)
	r.answer("the answer")
	third.want(t, "message", "the answer")
	third.wantEnd(t)
}

func TestEventIsWrittenToTheLastGETAlone(t *testing.T) {
	l := &eventLog{maxEvents: 10, maxBytes: 1000}
	s, from := l.open()
	first, second, third := newSessionGET(), newSessionGET(), newSessionGET()
	has := func(g *sessionGET, from event, want string) (e event) {
		t.Helper()
		if e, _ = s.after(from, g); string(e.data) != want {
			t.Errorf("it is to write %q, want %q", e.data, want)
		}
		return e
	}
	s.follow(first)
	one, _ := s.add([]byte("one"))
	has(first, from, "one")
	s.follow(second)
	two, _ := s.add([]byte("two"))
	has(first, from, "") // although it may not know yet that it was replaced
	has(first, one, "")
	has(second, one, "two")
	s.release(time.Second)
	s.add([]byte("while nobody listens"))
	has(second, one, "two") // it has yet to write what came before
	has(second, two, "")
	s.follow(third)
	has(second, two, "")
	has(third, two, "while nobody listens")
}

func TestReplacedStandaloneStreamReplaysNoMore(t *testing.T) {
	s := &Session{log: eventLog{maxEvents: 10, maxBytes: 1000}}
	from := s.log.standalone()
	s.log.add(0, []byte("kept"))
	first := s.listen()
	until := s.log.newest()
	if e, _ := s.kept(first, from, until); string(e.data) != "kept" {
		t.Errorf("it is to replay %q", e.data)
	}
	second := s.listen()
	if e, ok := s.kept(first, from, until); ok {
		t.Errorf("it was replaced and replays %q", e.data)
	}
	if e, _ := s.kept(second, from, until); string(e.data) != "kept" {
		t.Errorf("what replaced it is to replay %q", e.data)
	}
}

func TestOnlyTheStreamOfTheEventIsResumed(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	other := r.ask()
	_ = (<-r.opened).Send(t.Context(), []byte("standalone"))
	get := r.listen(r.id)
	get.want(t, "message", "standalone")
	r.in.want(t, "message", "first")
	other.in.want(t, "message", "first")

	_ = other.reply.Send(t.Context(), []byte("of the other"))
	r.answer("the answer")
	again := r.resume(r.in.id)
	again.want(t, "message", "the answer")
	again.wantEnd(t)
	streams := map[string]bool{}
	for _, in := range []*eventReader{r.in, other.in, get} {
		name, _, _ := strings.Cut(in.id, "-")
		streams[name] = true
	}
	if len(streams) != 3 {
		t.Errorf("the ids %q, %q and %q name %d streams", r.in.id, other.in.id, get.id, len(streams))
	}
	other.reply.Close()
}

func TestStandaloneStreamIsResumedAsSuch(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	s := <-r.opened
	get := r.listen(r.id)
	var ids []string
	for _, text := range []string{"a", "b", "c"} {
		_ = s.Send(t.Context(), []byte(text))
		get.want(t, "message", text)
		ids = append(ids, get.id)
	}
	r.say("of the request") // never here
	again := r.resume(ids[0])
	get.wantEnd(t)
	again.want(t, "message", "b")
	again.want(t, "message", "c")
	_ = s.Send(t.Context(), []byte("d"))
	again.want(t, "message", "d")
	if ids[2] == again.id {
		t.Errorf("two events have the id %s", again.id)
	}
}

func TestPrimedStreamGivesAnIDFirst(t *testing.T) {
	r := newResumeRig(t, "priming", HTTPOptions{})
	r.in.want(t, "", "")
	primed := r.in.id
	if primed == "" {
		t.Fatal("the first event has no id")
	}
	r.hang()
	again := r.resume(primed)
	again.want(t, "message", "first")
	r.answer("the answer")
	again.want(t, "message", "the answer")

	get := r.listen(r.id)
	get.want(t, "", "")
	if get.id == "" || get.id == primed {
		t.Errorf("the GET stream begins with the id %q", get.id)
	}
}

func TestOlderClientsAreNotPrimed(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	r.in.want(t, "message", "first")
	s := <-r.opened
	get := r.listen(r.id)
	_ = s.Send(t.Context(), []byte("a"))
	get.want(t, "message", "a")
}

func TestClientsThatCannotResumeSeeNoIDs(t *testing.T) {
	r := newResumeRig(t, "session", HTTPOptions{})
	r.in.want(t, "message", "first")
	r.reply.Release(time.Second) // which does nothing
	get := events(r.do("GET", "", "Mcp-Session-Id: "+r.id, "Last-Event-ID: 1-1").Body)
	_ = (<-r.opened).Send(t.Context(), []byte("a"))
	get.want(t, "message", "a")
	r.answer("the answer")
	r.in.want(t, "message", "the answer")
	r.in.wantEnd(t)
	if r.in.id != "" || get.id != "" || r.in.retry != "" {
		t.Errorf("ids %q and %q, retry %q", r.in.id, get.id, r.in.retry)
	}
}

func TestReleasedClientComesBackForTheRest(t *testing.T) {
	r := newResumeRig(t, "priming", HTTPOptions{})
	r.reply.Release(1500 * time.Millisecond)
	r.in.want(t, "", "")
	r.in.want(t, "message", "first")
	r.in.wantEnd(t)
	if r.in.retry != "1500" {
		t.Errorf("retry %q, want 1500", r.in.retry)
	}
	r.say("meanwhile")
	again := r.resume(r.in.id)
	again.want(t, "message", "meanwhile")
	r.reply.Release(time.Second) // and once more
	again.wantEnd(t)
	if again.retry != "1000" {
		t.Errorf("retry %q, want 1000", again.retry)
	}
	r.answer("the answer")
	last := r.resume(again.id)
	last.want(t, "message", "the answer")
	last.wantEnd(t)
}

func TestReleaseBeforeTheFirstMessageOpensTheStream(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		if x := f.Reply.(*exchange); string(f.Data) == "released" {
			x.Release(time.Second)
			defer x.Release(time.Second) // too late
		}
		_ = f.Reply.Answer(ctx, []byte("the answer"), nil)
	})
	r := &resumeRig{sessionRig: rig, id: rig.open()}
	in := eager(t, r.do("POST", "released", "X-Mode: priming", "Mcp-Session-Id: "+r.id).Body)
	in.want(t, "", "")
	in.wantEnd(t)
	again := r.resume(in.id)
	again.want(t, "message", "the answer")
	again.wantEnd(t)
}

func TestWorkOfAReleasedClientKeepsItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newResumeRig(t, "priming", HTTPOptions{MaxSessions: 1})
		r.in.want(t, "", "")
		r.reply.Release(time.Second)
		r.in.want(t, "message", "first")
		r.in.wantEnd(t)
		time.Sleep(2 * time.Hour)
		if resp := r.do("POST", "{}", "X-Mode: open"); resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("another session took its place: status %d", resp.StatusCode)
		}
		r.answer("the answer")
		again := r.resume(r.in.id)
		again.want(t, "message", "the answer")
		again.wantEnd(t)
		time.Sleep(61 * time.Minute)
		r.wantStatus(r.id, http.StatusNotFound)
	})
}

func TestResumedStreamEndsWithItsSession(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	r.in.want(t, "message", "first")
	r.hang()
	again := r.resume(r.in.id)
	r.do("DELETE", "", "Mcp-Session-Id: "+r.id)
	r.reply.Close() // the cancelled handler ends
	again.wantEnd(t)
	if resp := r.do("GET", "", "Mcp-Session-Id: "+r.id, "Last-Event-ID: "+r.in.id); resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", resp.StatusCode)
	}
}

func TestUnknownEventIDIsRefused(t *testing.T) {
	r := newResumeRig(t, "resumable", HTTPOptions{})
	for _, id := range []string{"nonsense", "1", "1-", "-1", "9-1", "1-999", "0-999", "01-1", "1-18446744073709551616", "+1-1"} {
		resp := r.do("GET", "", "Mcp-Session-Id: "+r.id, "Last-Event-ID: "+id)
		if body := readBody(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "Last-Event-ID") {
			t.Errorf("id %q: status %d, body %s", id, resp.StatusCode, body)
		}
	}
}

func TestEventsBeyondTheBoundsAreForgotten(t *testing.T) {
	tests := map[string]HTTPOptions{
		"too many":  {ReplayEvents: 2},
		"too large": {ReplayBytes: 2 * len("message 0")},
	}
	for name, opts := range tests {
		t.Run(name, func(t *testing.T) {
			r := newResumeRig(t, "resumable", opts)
			r.in.want(t, "message", "first")
			r.hang()
			for i := range 4 {
				r.say(fmt.Sprint("message ", i))
			}
			again := r.resume(r.in.id)
			again.want(t, "message", "message 2")
			again.want(t, "message", "message 3")
		})
	}
}

// A result larger than all that may be kept still reaches a client that came
// back, or has been asked to.
func TestLargeAnswerReachesAClientThatIsAwaited(t *testing.T) {
	large := strings.Repeat("x", 100)
	r := newResumeRig(t, "priming", HTTPOptions{ReplayBytes: 50})
	r.in.want(t, "", "")
	r.reply.Release(time.Second)
	r.answer(large)
	again := r.resume(r.in.id)
	again.want(t, "message", large)
	again.wantEnd(t)
}

func TestForgottenStreamCannotBeResumed(t *testing.T) {
	l := &eventLog{maxEvents: 2, maxBytes: 100}
	ended, first := l.open()
	ended.add([]byte("a"))
	open, _ := l.open()
	ended.end()
	if _, _, ok := l.find(first.id()); !ok {
		t.Error("a stream of which something is kept is unknown")
	}
	open.add([]byte("b"))
	open.add([]byte("c"))
	if _, _, ok := l.find(first.id()); ok {
		t.Error("a stream of which nothing is left is known")
	}
	if len(l.streams) != 1 || len(l.events) != 2 || l.bytes != 2 {
		t.Errorf("%d streams, %d events of %d bytes are left", len(l.streams), len(l.events), l.bytes)
	}
	l.add(0, make([]byte, 101))
	if len(l.events) != 2 {
		t.Errorf("what is too large by itself drove out the rest: %d events", len(l.events))
	}
}
