// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// overRaw runs one test against a dispatcher whose client writes by hand.
func overRaw(t *testing.T, opts dispatch.Options, test func(t *testing.T, r *raw)) {
	opts.CancelMethod = cancelMethod
	synctest.Test(t, func(t *testing.T) {
		r, _ := startRaw(t, opts)
		test(t, r)
	})
}

func request(id, method string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{}}`
}

func cancelOf(id string) string {
	return `{"jsonrpc":"2.0","method":"` + cancelMethod + `","params":{"requestId":` + id + `,"reason":"why"}}`
}

func response(id, result string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"result":` + result + `}`
}

func TestEachRequestIsAnsweredOnceOnItsOwnReply(t *testing.T) {
	overRaw(t, serving(echo), func(t *testing.T, r *raw) {
		reply := r.send(request("1", "m"))
		reply.wants(t, response("1", "{}"))
		reply.wantsClosed(t, true)
		r.send(request(`"é"`, "m")).wants(t, response(`"é"`, "{}"))
		r.send(request("12345678901234567890", "m")).wants(t, response("12345678901234567890", "{}"))
	})
}

func TestCancelledRequestIsNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			<-ctx.Done()
			_ = req.Channel.Notify(context.Background(), "progress", nil)
			return jsonrpc.Raw(`{}`), nil
		})
		opts.CancelMethod = cancelMethod
		r, _ := startRaw(t, opts)
		reply := r.send(request("1", "m"))
		reply.wantsClosed(t, false)
		r.send(cancelOf("1")).wantsClosed(t, true)
		reply.wants(t)
		reply.wantsClosed(t, true)
		if len(reply.sends) > 0 {
			t.Errorf("sent after the cancel: %q", reply.sends)
		}
	})
}

func TestCancelFindsAnIDThatIsEchoedAsAString(t *testing.T) {
	overRaw(t, serving(untilCancelled), func(t *testing.T, r *raw) {
		number, text := r.send(request("7", "m")), r.send(request(`"7"`, "m"))
		r.send(cancelOf(`"7"`))
		number.wantsClosed(t, false)
		text.wantsClosed(t, true)
		r.send(cancelOf(`"7"`))
		number.wantsClosed(t, true)
	})
}

func TestCancelOfNothingIsIgnored(t *testing.T) {
	overRaw(t, serving(untilCancelled), func(t *testing.T, r *raw) {
		reply := r.send(request("1", "m"))
		for _, id := range []string{"2", "true", "null", `"1_000"`, "1.0", "{}"} {
			r.send(cancelOf(id)).wants(t)
		}
		r.send(`{"jsonrpc":"2.0","method":"` + cancelMethod + `"}`).wants(t)
		reply.wantsClosed(t, false)
	})
}

func TestDuplicateIDIsRefusedAndTheFirstCompletes(t *testing.T) {
	var release chan struct{}
	opts := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { <-release; return nil, nil })
	overRaw(t, opts, func(t *testing.T, r *raw) {
		release = make(chan struct{})
		first := r.send(request("1", "m"))
		second := r.send(request("1", "m"))
		second.wants(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"another request with this id is in flight"}}`)
		second.wantsClosed(t, true)
		text := r.send(request(`"1"`, "m")) // another id
		first.wantsClosed(t, false)
		text.wantsClosed(t, false)
		close(release)
		synctest.Wait()
		first.wants(t, response("1", "{}"))
		text.wants(t, response(`"1"`, "{}"))
		r.send(request("1", "m")).wants(t, response("1", "{}"))
	})
}

func TestMalformedMessagesAreAnsweredAsFarAsTheyMay(t *testing.T) {
	const invalid = `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,`
	const unknown = `{"jsonrpc":"2.0","error":{"code":-32600,`
	cases := []struct{ frame, want string }{
		{`{`, `{"jsonrpc":"2.0","error":{"code":-32700,`},
		{`1`, unknown},
		{`{"jsonrpc":"2.0","id":1}`, invalid},
		{`{"jsonrpc":"1.0","id":1,"method":"m"}`, invalid},
		{`{"jsonrpc":"2.0","id":1,"method":"m","params":[]}`, invalid},
		{`{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1,"a":2}}`, invalid},
		{`{"jsonrpc":"2.0","id":null,"method":"m"}`, unknown},
		{`{"jsonrpc":"2.0","id":1.5,"method":"m"}`, unknown},
		{`{"jsonrpc":"2.0","method":"m","params":[]}`, ""},
		{`{"jsonrpc":"1.0","method":"m"}`, ""},
		{`{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}`, ""},
		{`{"jsonrpc":"2.0","id":99,"result":{}}`, ""},
		{`{"jsonrpc":"2.0","method":"unknown"}`, ""},
	}
	overRaw(t, serving(echo), func(t *testing.T, r *raw) {
		for _, c := range cases {
			reply := r.send(c.frame)
			got := strings.Join(reply.answers, "")
			if (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s was answered %q, want %q", c.frame, got, c.want)
			}
			reply.wantsClosed(t, true)
		}
	})
}

func TestUnknownIDIsNullWhereThePeerWantsThat(t *testing.T) {
	opts := serving(echo)
	opts.NullID = func() bool { return true }
	overRaw(t, opts, func(t *testing.T, r *raw) {
		if got := r.send(`{`).answers[0]; !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700`) {
			t.Errorf("answer = %s", got)
		}
	})
}

func TestFaultOfTheTransportIsAnswered(t *testing.T) {
	overRaw(t, serving(echo), func(t *testing.T, r *raw) {
		reply := &recorder{}
		r.deliver(&jsonrpc.Frame{Reply: reply, Fault: &jsonrpc.Error{Code: jsonrpc.InvalidRequest, Message: "too large"}})
		reply.wants(t, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"too large"}}`)
		reply.wantsClosed(t, true)
		if reply.errs[0] == nil || reply.errs[0].Code != jsonrpc.InvalidRequest {
			t.Errorf("the reply was told %v", reply.errs[0])
		}
	})
}

func TestAnswersCorrelateExactlyFirst(t *testing.T) {
	opts := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		result, err := req.Channel.Call(ctx, "ask", nil)
		return jsonrpc.Raw(result), err
	})
	overRaw(t, opts, func(t *testing.T, r *raw) {
		for i, echoed := range []string{`1`, `"2"`} {
			reply := r.send(request("10", "m"))
			if len(reply.sends) != 1 || !strings.Contains(reply.sends[0], `"method":"ask"`) {
				t.Fatalf("round %d: sent %q", i, reply.sends)
			}
			for _, stranger := range []string{`"1_0"`, `"01"`, `77`} {
				r.send(response(stranger, `{"wrong":1}`))
			}
			reply.wantsClosed(t, false)
			r.send(response(echoed, `{"a":1}`)).wantsClosed(t, true)
			reply.wants(t, response("10", `{"a":1}`))
		}
		reply := r.send(request("10", "m"))
		r.send(`{"jsonrpc":"2.0","id":3,"error":{"code":-1,"message":"rejected"}}`)
		reply.wants(t, `{"jsonrpc":"2.0","id":10,"error":{"code":-1,"message":"rejected"}}`)
		reply = r.send(request("10", "m"))
		r.send(`{"jsonrpc":"2.0","id":4,"result":1,"error":1}`)
		reply.wants(t, `{"jsonrpc":"2.0","id":10,"error":{"code":-32603,"message":"internal error"}}`)
	})
}

func TestSlowPeerHoldsOnlyItsOwnAnswer(t *testing.T) {
	overRaw(t, serving(echo), func(t *testing.T, r *raw) {
		slow := &recorder{block: make(chan struct{})}
		r.deliver(&jsonrpc.Frame{Data: []byte(request("1", "m")), Reply: slow})
		r.deliver(&jsonrpc.Frame{Data: []byte(`{`), Reply: slow})
		r.send(request("2", "m")).wants(t, response("2", "{}"))
		close(slow.block)
		synctest.Wait()
		if len(slow.answers) != 2 {
			t.Errorf("answers = %q, want both", slow.answers)
		}
	})
}

func TestPeerThatReadsNoRefusalsIsNotReadEither(t *testing.T) {
	opts := serving(echo)
	opts.MaxInFlight = 1
	overRaw(t, opts, func(t *testing.T, r *raw) {
		const frames = 10
		slow := &recorder{block: make(chan struct{})}
		delivered := make(chan struct{}, frames)
		go func() {
			for range frames {
				r.conn.frames <- &jsonrpc.Frame{Data: []byte("{"), Reply: slow}
				delivered <- struct{}{}
			}
		}()
		synctest.Wait()
		if n := len(delivered); n == 0 || n == frames {
			t.Errorf("%d of %d frames were taken while no answer was read", n, frames)
		}
		close(slow.block)
		synctest.Wait()
		if len(slow.answers) != frames {
			t.Errorf("%d of %d frames were answered", len(slow.answers), frames)
		}
	})
}

func TestIDMayBeUsedAgainBeforeTheAnswerIsThrough(t *testing.T) {
	overRaw(t, serving(echo), func(t *testing.T, r *raw) {
		slow := &recorder{block: make(chan struct{})}
		r.deliver(&jsonrpc.Frame{Data: []byte(request("1", "m")), Reply: slow})
		r.send(request("1", "m")).wants(t, response("1", "{}"))
		close(slow.block)
	})
}

func TestAnswersAreOneLine(t *testing.T) {
	opts := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		_ = req.Channel.Notify(context.Background(), "p", []byte("{\n}"))
		return jsonrpc.Raw("{\r\n \"a b\" : 1\n}"), nil
	})
	overRaw(t, opts, func(t *testing.T, r *raw) {
		reply := r.send(request("1", "m"))
		reply.wants(t, response("1", `{"a b":1}`))
		if reply.sends[0] != `{"jsonrpc":"2.0","method":"p","params":{}}` {
			t.Errorf("sent %q", reply.sends)
		}
	})
}

func TestInlineMethodsFinishBeforeTheNextFrame(t *testing.T) {
	ready := false
	opts := dispatch.Options{
		Inline: func(method string) bool { return method == "first" },
		Handle: handler{
			"first": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
				<-time.After(time.Second)
				ready = true
				return nil, nil
			},
			"second": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
				if !ready {
					return nil, errors.New("overtaken")
				}
				return nil, nil
			},
		}.Handle,
	}
	overRaw(t, opts, func(t *testing.T, r *raw) {
		r.send(request("1", "first"))
		r.send(request("2", "second")).wants(t, response("2", "{}"))
	})
}

func TestFailedConnectionEndsServe(t *testing.T) {
	overRaw(t, serving(untilCancelled), func(t *testing.T, r *raw) {
		reply := r.send(request("1", "m"))
		broken := errors.New("broken")
		r.conn.failed <- broken
		if err := r.serve(); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "receive: ") {
			t.Errorf("Serve = %v", err)
		}
		reply.wants(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"the server stopped before the answer"}}`)
	})
}

func TestCancelledRequestIsNotAnsweredAtTheEndEither(t *testing.T) {
	release := make(chan struct{})
	opts := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { <-release; return nil, nil })
	overRaw(t, opts, func(t *testing.T, r *raw) {
		release = make(chan struct{})
		reply := r.send(request("1", "m"))
		r.send(cancelOf("1"))
		r.stop()
		if err := r.serve(); err == nil {
			t.Error("Serve = nil with a handler that is hung")
		}
		close(release)
		synctest.Wait()
		reply.wants(t)
	})
}

func TestFloodOfNotificationsIsBounded(t *testing.T) {
	release := make(chan struct{})
	handled := 0
	opts := serving(echo)
	opts.MaxInFlight = 4
	opts.Notify = func(context.Context, *jsonrpc.Notification) { <-release; handled++ }
	overRaw(t, opts, func(t *testing.T, r *raw) {
		release = make(chan struct{})
		for range 100 {
			r.send(`{"jsonrpc":"2.0","method":"n"}`).wantsClosed(t, true)
		}
		r.send(request("1", "m")).wants(t, response("1", "{}"))
		close(release)
		synctest.Wait()
		if handled != 5 { // one in the handler, four that waited
			t.Errorf("%d notifications were handled, want 5", handled)
		}
	})
}

func TestUnrelatedMessagesGoToTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, d := startRaw(t, serving(echo))
		if err := d.Notify(t.Context(), "changed", nil); err != nil {
			t.Fatal(err)
		}
		answered := make(chan string, 1)
		go func() {
			result, err := d.Call(t.Context(), "ask", []byte(`{"a":1}`))
			if err != nil {
				t.Error(err)
			}
			answered <- string(result)
		}()
		synctest.Wait()
		r.send(response("1", `{"b":2}`))
		if got := <-answered; got != `{"b":2}` {
			t.Errorf("result = %s", got)
		}
		want := []string{`{"jsonrpc":"2.0","method":"changed"}`, `{"jsonrpc":"2.0","id":1,"method":"ask","params":{"a":1}}`}
		if got := r.conn.sent.sends; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("sent %q, want %q", got, want)
		}
	})
}

func TestServeReadsToTheEndOfAPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := newPipe(nil)
		d := dispatch.New(server, serving(echo))
		if err := client.Send(t.Context(), []byte(request("1", "m"))); err != nil {
			t.Fatal(err)
		}
		client.Close()
		if err := d.Serve(t.Context()); err != nil {
			t.Errorf("Serve = %v", err)
		}
		server.Close()
		frame, err := client.Recv(t.Context())
		if err != nil || string(frame.Data) != response("1", "{}") {
			t.Errorf("received %v, %v", frame, err)
		}
		if _, err := client.Recv(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("then %v, want EOF", err)
		}
	})
}
