// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

func TestShutdownAnswersWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, f *jsonrpc.Frame) {
			if string(f.Data) == "slow" {
				time.Sleep(5 * time.Second)
			}
			answerEmpty(ctx, f)
		}
		rig := newSessionRig(t, HTTPOptions{One: slow}, slow)
		id := rig.open()
		in := rig.listen(id)
		answers := make(chan string, 2)
		var posts sync.WaitGroup
		for _, mode := range []string{"stateless", "session"} {
			posts.Go(func() {
				answers <- readBody(t, rig.do("POST", "slow", "X-Mode: "+mode, "Mcp-Session-Id: "+id))
			})
		}
		synctest.Wait()
		began := time.Now()
		var shutdown sync.WaitGroup
		shutdown.Go(func() {
			if err := rig.http.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		})
		synctest.Wait()
		for _, mode := range []string{"stateless", "session", "open"} {
			resp := rig.do("POST", "{}", "X-Mode: "+mode, "Mcp-Session-Id: "+id)
			if resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s while shutting down: status %d, want 503", mode, resp.StatusCode)
			}
		}
		shutdown.Wait()
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("Shutdown took %v, want the 5s of what was in flight", took)
		}
		in.wantEnd(t)
		posts.Wait()
		for range 2 {
			if got := <-answers; got != emptyAnswer {
				t.Errorf("answer %q", got)
			}
		}
		if cause := <-rig.ended; cause != nil {
			t.Errorf("the session was cancelled: %v", cause)
		}
	})
}

func TestShutdownCancelsSessionsWhenItsTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rig := newSessionRig(t, HTTPOptions{}, func(ctx context.Context, f *jsonrpc.Frame) {
			if string(f.Data) == "stuck" {
				<-ctx.Done()
			}
			answerEmpty(ctx, f)
		})
		id := rig.open()
		var posts sync.WaitGroup
		posts.Go(func() {
			readBody(t, rig.do("POST", "stuck", "X-Mode: session", "Mcp-Session-Id: "+id))
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := rig.http.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want the end of its time", err)
		}
		if err := rig.http.Shutdown(t.Context()); err != nil {
			t.Errorf("second Shutdown: %v", err)
		}
		if cause := <-rig.ended; !errors.Is(cause, errShutdown) {
			t.Errorf("the session ended by %v", cause)
		}
		posts.Wait()
	})
}

func TestShutdownDoesNotWaitForBodies(t *testing.T) {
	const head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
	tests := map[string]struct {
		headers string
		status  int
	}{
		"of known length":        {"Content-Type: application/json\r\n", http.StatusServiceUnavailable},
		"of a refused request":   {"Content-Type: text/plain\r\n", http.StatusUnsupportedMediaType},
		"of a session's request": {"Content-Type: application/json\r\nX-Mode: session\r\n", http.StatusServiceUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rig := newRig(t, HTTPOptions{})
				conn, err := rig.listener.dial(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				answered := make(chan *http.Response, 1)
				go func() {
					resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Errorf("no answer: %v", err)
					}
					answered <- resp
				}()
				if _, err := io.WriteString(conn, head+test.headers+"\r\n{"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				began := time.Now()
				if err := rig.http.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("Shutdown took %v with half a body", took)
				}
				if resp := <-answered; resp != nil && resp.StatusCode != test.status {
					t.Errorf("status %d, want %d", resp.StatusCode, test.status)
				}
			})
		})
	}
}
