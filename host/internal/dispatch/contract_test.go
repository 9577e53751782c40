// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

func TestCallReachesTheHandlerWithItsHeaders(t *testing.T) {
	var got jsonrpc.Request
	server := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		got = *req
		return jsonrpc.Raw(`{"ok":true}`), nil
	})
	header := map[string][]string{"X-One": {"1", "2"}}
	overBoth(t, dispatch.Options{}, server, header, func(t *testing.T, c *connection) {
		result, err := c.client.Call(t.Context(), "m", []byte(`{"a":1}`))
		if err != nil || string(result) != `{"ok":true}` {
			t.Fatalf("result = %s, %v", result, err)
		}
		if got.Method != "m" || string(got.Params) != `{"a":1}` || got.ID.IsZero() || !slices.Equal(got.Header["X-One"], header["X-One"]) {
			t.Errorf("request = %+v", got)
		}
	})
}

func TestHeadersAreNilByDefault(t *testing.T) {
	server := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		if req.Header != nil {
			return nil, errors.New("there are headers")
		}
		return nil, nil
	})
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		if result, err := c.client.Call(t.Context(), "m", nil); err != nil || string(result) != "{}" {
			t.Errorf("result = %s, %v, want {}", result, err)
		}
	})
}

type badResult struct{ panics bool }

func (r badResult) AppendJSON(dst []byte) ([]byte, error) {
	if r.panics {
		panic("secret")
	}
	return append(dst, "half"...), &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: "secret"}
}

func TestOnlyProtocolErrorsAreShown(t *testing.T) {
	chosen := &jsonrpc.Error{Code: 42, Message: "chosen", Data: []byte(`{"a":1}`)}
	server := dispatch.Options{Handle: handler{
		"chosen": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
			return nil, fmt.Errorf("x: %w", chosen)
		},
		"fault":   func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { return nil, errors.New("secret") },
		"panic":   func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { panic("secret") },
		"encode":  func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { return badResult{}, nil },
		"explode": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { return badResult{true}, nil },
	}.Handle}
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		_, err := c.client.Call(t.Context(), "chosen", nil)
		wantCode(t, err, 42, "chosen")
		if e, ok := errors.AsType[*jsonrpc.Error](err); !ok || string(e.Data) != `{"a":1}` {
			t.Errorf("err = %v, want its data", err)
		}
		for _, method := range []string{"fault", "panic", "encode", "explode"} {
			_, err := c.client.Call(t.Context(), method, nil)
			wantCode(t, err, jsonrpc.InternalError, "internal error")
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s leaks: %v", method, err)
			}
		}
	})
}

func TestProgressArrivesInOrderBeforeTheAnswer(t *testing.T) {
	var seen []string
	client := dispatch.Options{
		Inline: func(string) bool { return true },
		Notify: func(_ context.Context, n *jsonrpc.Notification) { seen = append(seen, n.Method+string(n.Params)) },
	}
	server := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		for i := range 3 {
			if err := req.Channel.Notify(ctx, "p", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	OverBoth(t, client, server, func(t *testing.T, c *connection) {
		seen = nil
		if _, err := c.client.Call(t.Context(), "m", nil); err != nil {
			t.Fatal(err)
		}
		if want := []string{`p{"n":0}`, `p{"n":1}`, `p{"n":2}`}; !slices.Equal(seen, want) {
			t.Errorf("seen %q when the answer was there, want %q", seen, want)
		}
	})
}

func TestHandlersMayAskTheClient(t *testing.T) {
	client := dispatch.Options{Handle: handler{"ask": echo}.Handle}
	server := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		answer, err := req.Channel.Call(ctx, "ask", []byte(`{"q":1}`))
		if err != nil {
			return nil, err
		}
		_, err = req.Channel.Call(ctx, "unknown", nil)
		return jsonrpc.Raw(answer), errIfNot(err, jsonrpc.MethodNotFound)
	})
	OverBoth(t, client, server, func(t *testing.T, c *connection) {
		if result, err := c.client.Call(t.Context(), "m", nil); err != nil || string(result) != `{"q":1}` {
			t.Errorf("result = %s, %v", result, err)
		}
		if result, err := c.server.Call(t.Context(), "ask", []byte(`{}`)); err != nil || string(result) != `{}` {
			t.Errorf("unrelated question = %s, %v", result, err)
		}
	})
}

func errIfNot(err error, code jsonrpc.Code) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok && e.Code == code {
		return nil
	}
	return fmt.Errorf("err = %v, want %v", err, code)
}

func TestAbandonedQuestionIsCancelledAtTheClient(t *testing.T) {
	cause := make(chan error, 1)
	client := dispatch.Options{Handle: handler{"ask": func(ctx context.Context, _ *jsonrpc.Request) (jsonrpc.Result, error) {
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return nil, nil
	}}.Handle}
	server := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := req.Channel.Call(ctx, "ask", nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		return nil, nil
	})
	OverBoth(t, client, server, func(t *testing.T, c *connection) {
		if _, err := c.client.Call(t.Context(), "m", nil); err != nil {
			t.Fatal(err)
		}
		cancelled, ok := errors.AsType[*jsonrpc.Cancelled](<-cause)
		if !ok || cancelled.Reason != "timed out" {
			t.Errorf("cause = %v, want a Cancelled with the reason", cancelled)
		}
	})
}

func TestCancelledRequestHearsWhyAndMaySendNothing(t *testing.T) {
	var cause, notifyErr, callErr error
	returned := make(chan struct{}, 1)
	server := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		<-ctx.Done()
		cause = context.Cause(ctx)
		notifyErr = req.Channel.Notify(context.Background(), "p", nil)
		_, callErr = req.Channel.Call(context.Background(), "ask", nil)
		returned <- struct{}{}
		return nil, nil
	})
	var notices int
	client := dispatch.Options{Notify: func(context.Context, *jsonrpc.Notification) { notices++ }}
	OverBoth(t, client, server, func(t *testing.T, c *connection) {
		call := goCall(t, c.client, "m", "{}")
		call.cancel()
		if _, err := call.wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller saw %v", err)
		}
		<-returned
		synctest.Wait()
		if _, ok := errors.AsType[*jsonrpc.Cancelled](cause); !ok || !errors.Is(cause, context.Canceled) {
			t.Errorf("cause = %v, want a Cancelled", cause)
		}
		if !errors.Is(notifyErr, jsonrpc.ErrRetired) || !errors.Is(callErr, jsonrpc.ErrRetired) || notices != 0 {
			t.Errorf("after the cancel: %v, %v, %d notifications", notifyErr, callErr, notices)
		}
	})
}

func TestNothingFollowsTheAnswer(t *testing.T) {
	var channel jsonrpc.Channel
	server := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		channel = req.Channel
		return nil, nil
	})
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		if _, err := c.client.Call(t.Context(), "m", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := channel.Notify(t.Context(), "p", nil); !errors.Is(err, jsonrpc.ErrRetired) {
			t.Errorf("Notify after the answer = %v", err)
		}
		ran := false
		channel.AfterAnswer(func() { ran = true })
		if !ran {
			t.Error("a late AfterAnswer was not run")
		}
		channel.Standing() // must not disturb the drain in cleanup
	})
}

func TestOneRequestTooManyIsRefusedAtOnce(t *testing.T) {
	release := make(chan struct{})
	server := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
		<-release
		return nil, nil
	})
	server.MaxInFlight = 2
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		release = make(chan struct{})
		first, second := goCall(t, c.client, "m", "{}"), goCall(t, c.client, "m", "{}")
		_, err := c.client.Call(t.Context(), "m", nil)
		wantCode(t, err, jsonrpc.InternalError, "too many requests in flight")
		if first.isDone() || second.isDone() {
			t.Error("an earlier request was touched")
		}
		close(release)
		for _, p := range []*pending{first, second} {
			if _, err := p.wait(); err != nil {
				t.Error(err)
			}
		}
		if _, err := c.client.Call(t.Context(), "m", nil); err != nil {
			t.Errorf("there should be room again: %v", err)
		}
	})
}

func TestAnswersAfterEOF(t *testing.T) {
	server := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
		<-time.After(time.Minute)
		return jsonrpc.Raw(`{"late":true}`), nil
	})
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		call := goCall(t, c.client, "m", "{}")
		c.client.Close()
		if result, err := call.wait(); err != nil || string(result) != `{"late":true}` {
			t.Errorf("result = %s, %v", result, err)
		}
		if err := c.serverErr(); err != nil {
			t.Errorf("Serve = %v", err)
		}
		if err := c.clientErr(); err != nil {
			t.Errorf("the client's Serve = %v", err)
		}
	})
}

func TestStandingRequestsEndWhenOnlyTheyAreLeft(t *testing.T) {
	release := make(chan struct{})
	server := dispatch.Options{Handle: handler{
		"listen": func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			<-req.Channel.Standing()
			return jsonrpc.Raw(`{"ended":true}`), nil
		},
		"work": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { <-release; return nil, nil },
	}.Handle}
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		release = make(chan struct{})
		listen, work := goCall(t, c.client, "listen", "{}"), goCall(t, c.client, "work", "{}")
		c.client.Close()
		if listen.isDone() {
			t.Error("the standing request ended while another was in flight")
		}
		close(release)
		if _, err := work.wait(); err != nil {
			t.Error(err)
		}
		if result, err := listen.wait(); err != nil || string(result) != `{"ended":true}` {
			t.Errorf("result = %s, %v", result, err)
		}
		if err := c.serverErr(); err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

func TestStopGrantsGraceThenAnswersWithConnectionClosed(t *testing.T) {
	server := dispatch.Options{Handle: handler{
		"quick": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
			<-time.After(time.Second)
			return nil, nil
		},
		"slow": untilCancelled,
	}.Handle}
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		quick, slow := goCall(t, c.client, "quick", "{}"), goCall(t, c.client, "slow", "{}")
		start := time.Now()
		c.stopServer()
		if _, err := quick.wait(); err != nil {
			t.Errorf("the request that ends within the grace: %v", err)
		}
		_, err := slow.wait()
		wantCode(t, err, jsonrpc.ConnectionClosed, "stopped")
		if err := c.serverErr(); !errors.Is(err, context.Canceled) {
			t.Errorf("Serve = %v", err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("stopping took %v, want the grace of 2s", took)
		}
	})
}

func TestCauseThatIsMeantForThePeerIsTheAnswer(t *testing.T) {
	overRaw(t, serving(untilCancelled), func(t *testing.T, r *raw) {
		reply := r.send(request("1", "m"))
		r.conn.failed <- &jsonrpc.Error{Code: jsonrpc.ConnectionClosed, Message: "the session has ended"}
		_ = r.serve()
		reply.wants(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"the session has ended"}}`)
	})
}

func TestHungHandlerCannotHoldTheExit(t *testing.T) {
	for name, end := range map[string]func(*connection){
		"after EOF":  func(c *connection) { c.client.Close() },
		"when stops": func(c *connection) { c.stopServer() },
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			server := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { <-release; return nil, nil })
			OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
				release = make(chan struct{})
				call := goCall(t, c.client, "m", "{}")
				end(c)
				_, err := call.wait()
				wantCode(t, err, jsonrpc.ConnectionClosed, "stopped")
				if err := c.serverErr(); err == nil || !strings.Contains(err.Error(), "ignored their cancellation") {
					t.Errorf("Serve = %v", err)
				}
				close(release)
			})
		})
	}
}

func TestQuestionsFailWhenTheClientIsGone(t *testing.T) {
	client := dispatch.Options{Handle: handler{"ask": untilCancelled}.Handle}
	server := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		_, err := req.Channel.Call(ctx, "ask", nil)
		if err := errIfNot(err, jsonrpc.ConnectionClosed); err != nil {
			return nil, err
		}
		_, err = req.Channel.Call(ctx, "ask", nil)
		return nil, errIfNot(err, jsonrpc.ConnectionClosed)
	})
	client.DrainTimeout = time.Second
	OverBoth(t, client, server, func(t *testing.T, c *connection) {
		call := goCall(t, c.client, "m", "{}")
		c.client.Close()
		if _, err := call.wait(); err != nil {
			t.Error(err)
		}
		if err := c.serverErr(); err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

func TestHooksRunAfterTheAnswerAndBeforeTheEnd(t *testing.T) {
	var order []string
	var mu sync.Mutex
	note := func(s string) { mu.Lock(); defer mu.Unlock(); order = append(order, s) }
	server := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		req.Channel.AfterAnswer(func() { note("first"); req.Channel.AfterAnswer(func() { note("nested") }) })
		req.Channel.AfterAnswer(func() { panic("a hook may fail") })
		req.Channel.AfterAnswer(func() { note("last") })
		return nil, nil
	})
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		order = nil
		if _, err := c.client.Call(t.Context(), "m", nil); err != nil {
			t.Fatal(err)
		}
		c.client.Close()
		if err := c.serverErr(); err != nil {
			t.Errorf("Serve = %v", err)
		}
		if want := []string{"first", "last", "nested"}; !slices.Equal(order, want) {
			t.Errorf("hooks = %q, want %q", order, want)
		}
	})
}

func TestNotificationsAreHandledInOrderAndSurviveAPanic(t *testing.T) {
	var seen []string
	server := dispatch.Options{Notify: func(_ context.Context, n *jsonrpc.Notification) {
		if n.Method == "bad" {
			panic("bad")
		}
		seen = append(seen, n.Method)
	}}
	OverBoth(t, dispatch.Options{}, server, func(t *testing.T, c *connection) {
		seen = nil
		for _, method := range []string{"a", "bad", "b", "c"} {
			if err := c.client.Notify(t.Context(), method, nil); err != nil {
				t.Fatal(err)
			}
		}
		c.client.Close()
		if err := c.serverErr(); err != nil {
			t.Errorf("Serve = %v", err)
		}
		if want := []string{"a", "b", "c"}; !slices.Equal(seen, want) {
			t.Errorf("seen %q, want %q", seen, want)
		}
	})
}

func TestNothingCanBeSentOnAClosedEnd(t *testing.T) {
	OverBoth(t, dispatch.Options{}, serving(echo), func(t *testing.T, c *connection) {
		c.client.Close()
		if err := c.serverErr(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.client.Call(t.Context(), "m", nil); err == nil {
			t.Error("Call succeeded")
		}
		if err := c.client.Notify(t.Context(), "m", nil); err == nil {
			t.Error("Notify succeeded")
		}
	})
}
