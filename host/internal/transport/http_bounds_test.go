// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// admitStreams is admitByHeader with one mode more: "stream" is a request that
// is nothing without a stream.
func admitStreams(f *jsonrpc.Frame) Admission {
	if http.Header(f.Header).Get("X-Mode") == "stream" {
		return Admission{Mode: Stateless, Streams: true, ID: jsonrpc.NumberID(7)}
	}
	return admitByHeader(f)
}

// lasting sends one message and stays until ctx ends, unless the frame is quick.
func lasting(ctx context.Context, f *jsonrpc.Frame) {
	if string(f.Data) != "{}" {
		_ = f.Reply.Send(ctx, []byte("began"))
		<-ctx.Done()
	}
	answerEmpty(ctx, f)
}

func TestRequestTooManyIsToldToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newRig(t, HTTPOptions{MaxRequests: 1, One: lasting})
		ctx, hang := context.WithCancel(t.Context())
		events(rig.send(rig.request(ctx, "POST", "lasting")).Body).want(t, "message", "began")

		for _, method := range []string{"POST", "GET", "DELETE"} {
			resp := rig.do(method, "{}", "Mcp-Session-Id: x")
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || !resp.Close {
				t.Errorf("%s: status %d, header %v, close %v", method, resp.StatusCode, resp.Header, resp.Close)
			}
			checkErrorBody(t, resp)
		}
		hang()
		synctest.Wait()
		if resp := rig.do("POST", "{}"); resp.StatusCode != http.StatusOK {
			t.Errorf("after it has ended: status %d", resp.StatusCode)
		}
	})
}

// streamRequests are the requests whose response is a stream that is counted.
func streamRequests(r sseRig, ctx context.Context, session string) map[string]*http.Request {
	return map[string]*http.Request{
		"GET":          r.request(ctx, "GET", "", "Mcp-Session-Id: "+session),
		"HTTP+SSE":     r.at(ctx, "GET", "/sse", ""),
		"subscription": r.request(ctx, "POST", "lasting", "X-Mode: stream"),
	}
}

func TestStreamsAreBoundedWhateverTheyAreFor(t *testing.T) {
	for _, holder := range []string{"GET", "HTTP+SSE", "subscription", "progress"} {
		t.Run(holder, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSSERig(t, HTTPOptions{MaxStreams: 1, Admit: admitStreams, One: lasting}, answerEmpty)
				id := r.open()
				ctx, hang := context.WithCancel(t.Context())
				open := streamRequests(r, ctx, id)
				open["progress"] = r.request(ctx, "POST", "lasting")
				eager(t, r.send(open[holder]).Body)
				synctest.Wait()

				for name, req := range streamRequests(r, t.Context(), id) {
					resp := r.send(req)
					body := readBody(t, resp)
					if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" {
						t.Errorf("%s besides it: status %d, header %v", name, resp.StatusCode, resp.Header)
					}
					if withID := strings.Contains(body, `"id":7`); withID != (name == "subscription") {
						t.Errorf("%s: %s", name, body)
					}
				}
				hang()
				synctest.Wait()
				if resp := r.send(streamRequests(r, t.Context(), id)["HTTP+SSE"]); resp.StatusCode != http.StatusOK {
					t.Errorf("after it has ended: status %d", resp.StatusCode)
				}
			})
		})
	}
}

// A request that can do without its stream is served, and keeps its status.
func TestWhereNoStreamIsLeftTheAnswerStillArrives(t *testing.T) {
	for accept, want := range map[string]string{
		"application/json, text/event-stream": "application/json",
		"text/event-stream":                   "text/event-stream",
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := make(chan error, 1)
			rig := newSessionRig(t, HTTPOptions{MaxStreams: 1, One: func(ctx context.Context, f *jsonrpc.Frame) {
				sent <- f.Reply.Send(ctx, []byte("progress"))
				time.Sleep(time.Minute) // several times KeepAlive
				answerEmpty(ctx, f)
			}}, answerEmpty)
			eager(t, rig.do("GET", "", "Mcp-Session-Id: "+rig.open()).Body)
			resp := rig.do("POST", "{}", "Accept: "+accept)
			body := readBody(t, resp)
			if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != want || strings.Count(body, emptyAnswer) != 1 {
				t.Errorf("status %d, %s: %q", resp.StatusCode, resp.Header.Get("Content-Type"), body)
			}
			if strings.Contains(body, ":\n\n") || strings.Contains(body, "progress") {
				t.Errorf("it was a stream for a while: %q", body)
			}
			if err := <-sent; !errors.Is(err, errStreams) {
				t.Errorf("the handler was told %v", err)
			}
		})
	}
}

// A question to the client travels on such a stream: it must not get lost.
func TestStreamsWithinSessionsAreNotCounted(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{MaxStreams: 1}, func(ctx context.Context, f *jsonrpc.Frame) {
		if f.Header["X-Mode"][0] == "session" {
			_ = f.Reply.Send(ctx, []byte("question"))
		}
		answerEmpty(ctx, f)
	})
	id := rig.open()
	rig.listen(id)
	in := events(rig.do("POST", "{}", "X-Mode: session", "Mcp-Session-Id: "+id).Body)
	in.want(t, "message", "question")
	in.want(t, "message", emptyAnswer)
}

func TestSubscriptionOfAClientThatTakesNoStreamDoesNotBegin(t *testing.T) {
	rig := newRig(t, HTTPOptions{Admit: admitStreams, One: func(context.Context, *jsonrpc.Frame) {
		t.Error("it was handled")
	}})
	resp := rig.do("POST", "{}", "X-Mode: stream", "Accept: application/json")
	if body := readBody(t, resp); resp.StatusCode != http.StatusNotAcceptable || !strings.Contains(body, `"id":7`) {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}

func TestVersionIsCheckedOnEveryRequestOfASession(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{CheckVersion: func(header map[string][]string) *jsonrpc.Error {
		if len(header["Mcp-Protocol-Version"]) == 0 {
			return nil
		}
		return &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "wrong version"}
	}}, answerEmpty)
	id := rig.open()
	tests := []struct {
		method, mode string
		want         int
	}{
		{"GET", "", http.StatusBadRequest},
		{"DELETE", "", http.StatusBadRequest},
		{"POST", "session", http.StatusBadRequest},
		{"POST", "open", http.StatusBadRequest},
		{"POST", "stateless", http.StatusOK}, // whose version is checked above
	}
	for _, test := range tests {
		resp := rig.do(test.method, "", "X-Mode: "+test.mode, "Mcp-Session-Id: "+id, "Mcp-Protocol-Version: x")
		if body := readBody(t, resp); resp.StatusCode != test.want || strings.Contains(body, "wrong version") != (test.want == 400) {
			t.Errorf("%s %s: status %d: %s", test.method, test.mode, resp.StatusCode, body)
		}
	}
	rig.wantStatus(id, http.StatusOK) // in spite of the DELETE
}

func TestEqualMessagesWaitOnce(t *testing.T) {
	rig := newSessionRig(t, HTTPOptions{PendingNotices: 2}, answerEmpty)
	id := rig.open()
	s := <-rig.opened
	for _, text := range []string{"tools", "prompts", "tools", "tools", "prompts"} {
		if err := s.Send(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	in := rig.listen(id)
	in.want(t, "message", "tools")
	in.want(t, "message", "prompts")
	_ = s.Send(t.Context(), []byte("tools")) // it has been heard, so this is news
	in.want(t, "message", "tools")
}

// brokenWriter is a response that cannot be written.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestClientThatLeavesBeforeItsSessionIsOpenLeavesNone(t *testing.T) {
	tests := map[string]struct {
		leave  bool // just before the answer is written, which does not fail
		writer http.ResponseWriter
	}{
		"the write fails": {writer: brokenWriter{httptest.NewRecorder()}},
		"it has left":     {leave: true, writer: httptest.NewRecorder()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, hang := context.WithCancel(t.Context())
			defer hang()
			rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
				if test.leave {
					hang()
				}
				answerEmpty(ctx, f)
			})
			rig.http.ServeHTTP(test.writer, rig.request(ctx, "POST", "{}", "X-Mode: open"))
			if cause := <-rig.ended; !errors.Is(cause, errNotOpened) {
				t.Errorf("the session ended by %v", cause)
			}
			rig.wantStatus((<-rig.opened).ID(), http.StatusNotFound)
		})
	}
}

func TestNewSessionEndsWithAClientThatDoesNotWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, hang := context.WithCancel(t.Context())
		rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
			hang()
			<-ctx.Done()
			f.Reply.Close()
		})
		if resp, err := rig.client.Do(rig.request(ctx, "POST", "{}", "X-Mode: open")); err == nil {
			t.Errorf("status %d", resp.StatusCode)
		}
		if cause := <-rig.ended; !errors.Is(cause, errNotOpened) {
			t.Errorf("the session ended by %v", cause)
		}
	})
}

// A client that announces a body and never sends it must get its response all
// the same, and must not keep the connection.
func TestBodyThatNeverArrivesHoldsNothingBack(t *testing.T) {
	tests := map[string]struct {
		request string
		status  int
		within  time.Duration
	}{
		"GET":                       {"GET /mcp HTTP/1.1\r\nMcp-Session-Id: ID\r\n", 200, 0},
		"DELETE":                    {"DELETE /mcp HTTP/1.1\r\nMcp-Session-Id: ID\r\n", 204, 0},
		"refused before it is read": {"POST /mcp HTTP/1.1\r\nContent-Type: text/plain\r\n", 415, 10 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newSessionRig(t, HTTPOptions{}, answerEmpty)
				id := rig.open()
				conn, err := rig.listener.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				began := time.Now()
				text := strings.Replace(test.request, "ID", id, 1) + "Host: localhost\r\nContent-Length: 5\r\n\r\n"
				if _, err := conn.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); resp.StatusCode != test.status || !resp.Close || took > test.within {
					t.Errorf("status %d, close %v, after %v", resp.StatusCode, resp.Close, took)
				}
			})
		})
	}
}
