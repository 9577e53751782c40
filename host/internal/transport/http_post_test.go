// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// stateless makes a rig whose One is handle.
func stateless(t *testing.T, handle func(context.Context, *jsonrpc.Frame)) *rig {
	return newRig(t, HTTPOptions{
		One: handle,
		Status: func(stateless bool, err *jsonrpc.Error) int {
			if stateless && err != nil {
				return http.StatusNotFound
			}
			return http.StatusOK
		},
	})
}

func TestAnswerFirstIsPlainJSON(t *testing.T) {
	rig := stateless(t, answerEmpty)
	resp := rig.do("POST", "{}")
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if got := readBody(t, resp); got != emptyAnswer {
		t.Errorf("body %q", got)
	}
	if _, ok := resp.Header["Mcp-Session-Id"]; ok {
		t.Error("a stateless response names a session")
	}
}

func TestErrorAnswerHasTheStatusOfItsEra(t *testing.T) {
	fail := func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), &jsonrpc.Error{Code: jsonrpc.MethodNotFound})
		f.Reply.Close()
	}
	rig := stateless(t, fail)
	for _, accept := range []string{"*/*", "text/event-stream"} {
		if resp := rig.do("POST", "{}", "Accept: "+accept); resp.StatusCode != http.StatusNotFound {
			t.Errorf("Accept %s: status %d, want 404", accept, resp.StatusCode)
		}
	}
}

func TestSendFirstCommitsToAStream(t *testing.T) {
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		_ = f.Reply.Send(ctx, []byte(`"progress"`))
		// Too late for a status: the error is the last event.
		_ = f.Reply.Answer(ctx, []byte(`"answer"`), &jsonrpc.Error{Code: jsonrpc.MethodNotFound})
	})
	resp := rig.do("POST", "{}")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	in := events(resp.Body)
	in.want(t, "message", `"progress"`)
	in.want(t, "message", `"answer"`)
	in.wantEnd(t)
}

func TestEventsArriveWhenTheyAreSent(t *testing.T) {
	proceed := make(chan struct{})
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		_ = f.Reply.Send(ctx, []byte("1"))
		<-proceed
		_ = f.Reply.Answer(ctx, []byte("2"), nil)
	})
	in := events(rig.do("POST", "{}").Body)
	in.want(t, "message", "1")
	close(proceed)
	in.want(t, "message", "2")
}

func TestAnswerArrivesBeforeTheHandlerIsDone(t *testing.T) {
	proceed := make(chan struct{})
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
		<-proceed
	})
	defer close(proceed)
	if got := readBody(t, rig.do("POST", "{}")); got != emptyAnswer {
		t.Errorf("body %q", got)
	}
}

func TestClientThatTakesOnlyEventsGetsThem(t *testing.T) {
	rig := stateless(t, answerEmpty)
	in := events(rig.do("POST", "{}", "Accept: text/event-stream").Body)
	in.want(t, "message", emptyAnswer)
	in.wantEnd(t)
}

func TestClientThatTakesOnlyJSONGetsNoStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := make(chan error, 1)
		rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
			sent <- f.Reply.Send(ctx, []byte("1"))
			time.Sleep(time.Hour) // no keep-alive may commit it either
			answerEmpty(ctx, f)
		})
		resp := rig.do("POST", "{}", "Accept: application/json")
		if got := readBody(t, resp); got != emptyAnswer {
			t.Errorf("body %q", got)
		}
		if <-sent == nil {
			t.Error("a message was sent where there is no stream")
		}
	})
}

func TestFrameWithoutAnswerIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := stateless(t, func(_ context.Context, f *jsonrpc.Frame) {
			time.Sleep(time.Hour)
			f.Reply.Close()
		})
		resp := rig.do("POST", "{}", "X-Mode: notice")
		if body := readBody(t, resp); resp.StatusCode != http.StatusAccepted || body != "" {
			t.Errorf("status %d, body %q, want an empty 202", resp.StatusCode, body)
		}
	})
}

func TestSilenceIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
			defer f.Reply.Close()
			time.Sleep(40 * time.Second)
			_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
		})
		began := time.Now()
		resp := rig.do("POST", "{}")
		if waited := time.Since(began); waited != 15*time.Second {
			t.Errorf("headers after %v, want 15s", waited)
		}
		in := events(resp.Body)
		in.want(t, "comment", "")
		in.want(t, "comment", "")
		in.want(t, "message", emptyAnswer)
		in.wantEnd(t)
		if waited := time.Since(began); waited != 40*time.Second {
			t.Errorf("answer after %v, want 40s", waited)
		}
	})
}

// The keep-alive comes at a moment when a handler holds the response.
func TestKeepAliveGoesOnAfterOneThatWasMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
			defer f.Reply.Close()
			e := f.Reply.(*exchange)
			e.mu.Lock()
			time.Sleep(20 * time.Second)
			e.mu.Unlock()
			time.Sleep(time.Minute)
			_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
		})
		began := time.Now()
		in := events(rig.do("POST", "{}").Body)
		in.want(t, "comment", "")
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("kept alive after %v, want 30s", waited)
		}
	})
}

func TestReplyIsRetiredByItsAnswer(t *testing.T) {
	results := make(chan error, 4)
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
		results <- f.Reply.Send(ctx, []byte("late"))
		results <- f.Reply.Answer(ctx, []byte("late"), nil)
		f.Reply.Close()
		f.Reply.Close()
		results <- f.Reply.Send(ctx, []byte("late"))
		results <- f.Reply.Answer(ctx, []byte("late"), nil)
	})
	if got := readBody(t, rig.do("POST", "{}")); got != emptyAnswer {
		t.Errorf("body %q", got)
	}
	for range 4 {
		if err := <-results; err != jsonrpc.ErrRetired {
			t.Errorf("%v, want ErrRetired", err)
		}
	}
}

// The 2026-07-28 protocol: a client that disconnects cancels its request.
func TestStatelessDisconnectCancels(t *testing.T) {
	for _, streamed := range []bool{false, true} {
		t.Run(fmt.Sprintf("streamed %v", streamed), func(t *testing.T) {
			began, cancelled := make(chan struct{}), make(chan struct{})
			rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
				defer f.Reply.Close()
				if streamed {
					_ = f.Reply.Send(ctx, []byte("1"))
				}
				close(began)
				<-ctx.Done()
				close(cancelled)
			})
			ctx, cancel := context.WithCancel(t.Context())
			var client sync.WaitGroup
			client.Go(func() {
				if resp, err := rig.client.Do(rig.request(ctx, "POST", "{}")); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
			<-began
			cancel()
			<-cancelled
			client.Wait()
		})
	}
}

func TestFrameHasBodyAndHeaders(t *testing.T) {
	frames := make(chan *jsonrpc.Frame, 1)
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		frames <- f
		answerEmpty(ctx, f)
	})
	req := rig.request(t.Context(), "POST", `{"some":"body"}`)
	req.Header["Mcp-Name"] = []string{"a", "b"}
	readBody(t, rig.send(req))
	f := <-frames
	if string(f.Data) != `{"some":"body"}` {
		t.Errorf("data %q", f.Data)
	}
	if got := f.Header["Mcp-Name"]; len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("header %q, want both values", got)
	}
}

func TestBodySizes(t *testing.T) {
	const limit = 3 << 20
	rig := newRig(t, HTTPOptions{MaxBody: limit, One: func(ctx context.Context, f *jsonrpc.Frame) {
		_ = f.Reply.Answer(ctx, fmt.Append(nil, len(f.Data)), nil)
		f.Reply.Close()
	}})
	for _, size := range []int{0, 1, trustedBody, trustedBody + 1, limit, limit + 1} {
		for _, chunked := range []bool{false, true} {
			req := rig.request(t.Context(), "POST", strings.Repeat(" ", size))
			if chunked {
				req.Body, req.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat(" ", size))), -1
			}
			resp := rig.send(req)
			body := readBody(t, resp)
			if size > limit {
				if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, fmt.Sprint(limit)) {
					t.Errorf("%d bytes, chunked %v: status %d, body %s", size, chunked, resp.StatusCode, body)
				}
				continue
			}
			if body != fmt.Sprint(size) {
				t.Errorf("%d bytes, chunked %v: status %d, body %s", size, chunked, resp.StatusCode, body)
			}
		}
	}
}

// Over a real socket, with the default limit: the refusal must reach a client
// that is still writing.
func TestHugeBodyIsRefusedUnread(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewHTTP(withFakes(HTTPOptions{})).Server()
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(ln) })
	defer serving.Wait()
	defer func() { _ = server.Close() }()

	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", 65<<20)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write(make([]byte, 128<<10)) // a beginning; the server may have closed
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
		t.Errorf("status %d, close %v, want 413 and the end of the connection", resp.StatusCode, resp.Close)
	}
	checkErrorBody(t, resp)
}

func TestSlowBodyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := stateless(t, answerEmpty)
		conn, err := rig.listener.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		began := time.Now()
		_, err = io.WriteString(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusRequestTimeout || time.Since(began) != 60*time.Second {
			t.Errorf("status %d after %v, want 408 after 60s", resp.StatusCode, time.Since(began))
		}
		checkErrorBody(t, resp)
	})
}

// The time for the body is not a time for the answer.
func TestLongCallOutlivesTheBodyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
			select {
			case <-time.After(5 * time.Minute):
			case <-ctx.Done():
			}
			answerEmpty(context.WithoutCancel(ctx), f)
		})
		in := events(rig.do("POST", "{}").Body)
		for {
			kind, data, err := in.next()
			if err != nil {
				t.Fatalf("the stream broke: %v", err)
			}
			if kind == "message" {
				if data != emptyAnswer {
					t.Errorf("data %q", data)
				}
				return
			}
		}
	})
}

func TestClientThatNeverReadsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
			defer f.Reply.Close()
			failed <- f.Reply.Send(ctx, make([]byte, 1<<20))
		})
		conn, err := rig.listener.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		began := time.Now()
		_, err = io.WriteString(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
		if err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err == nil || time.Since(began) != 30*time.Second {
			t.Errorf("Send: %v after %v, want an error after 30s", err, time.Since(began))
		}
	})
}

func TestManyPostsAtOnceKeepTheirAnswersApart(t *testing.T) {
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		if len(f.Data)%2 == 0 {
			_ = f.Reply.Send(ctx, []byte("progress"))
		}
		_ = f.Reply.Answer(ctx, f.Data, nil)
	})
	var clients sync.WaitGroup
	for i := range 32 {
		clients.Go(func() {
			body := strings.Repeat("x", i+1)
			resp, err := rig.client.Do(rig.request(t.Context(), "POST", body))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			got, err := io.ReadAll(resp.Body)
			if want := "data: " + body + "\n"; len(body)%2 == 0 && !strings.Contains(string(got), want) ||
				len(body)%2 == 1 && string(got) != body {
				t.Errorf("body %q answered with %q (%v)", body, got, err)
			}
		})
	}
	clients.Wait()
}

// Handlers of one request may send at once; the events must not mix.
func TestConcurrentSendsDoNotMix(t *testing.T) {
	const senders, each = 8, 20
	rig := stateless(t, func(ctx context.Context, f *jsonrpc.Frame) {
		defer f.Reply.Close()
		var running sync.WaitGroup
		for range senders {
			running.Go(func() {
				for range each {
					_ = f.Reply.Send(ctx, []byte(`{"progress":1}`))
				}
			})
		}
		running.Wait()
		_ = f.Reply.Answer(ctx, []byte(emptyAnswer), nil)
	})
	in := events(rig.do("POST", "{}").Body)
	for range senders * each {
		in.want(t, "message", `{"progress":1}`)
	}
	in.want(t, "message", emptyAnswer)
	in.wantEnd(t)
}
