// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

func one(ctx context.Context, data string, opts dispatch.Options) *recorder {
	reply := &recorder{}
	dispatch.One(ctx, &jsonrpc.Frame{Data: []byte(data), Reply: reply, Header: map[string][]string{"A": {"b"}}}, opts)
	return reply
}

func TestOneAnswersBeforeItReturns(t *testing.T) {
	var hook bool
	opts := serving(func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		req.Channel.AfterAnswer(func() { hook = true })
		if err := req.Channel.Notify(ctx, "p", nil); err != nil {
			return nil, err
		}
		if _, err := req.Channel.Call(ctx, "ask", nil); err == nil {
			t.Error("the client was asked")
		}
		return jsonrpc.Raw(`{"h":"` + req.Header["A"][0] + `"}`), nil
	})
	reply := one(t.Context(), request("1", "m"), opts)
	reply.wants(t, response("1", `{"h":"b"}`))
	reply.wantsClosed(t, true)
	if len(reply.sends) != 1 || reply.errs[0] != nil || !hook {
		t.Errorf("sent %q, told %v, hook ran = %v", reply.sends, reply.errs, hook)
	}
}

func TestOneTakesOneMessageThatItCanUnderstand(t *testing.T) {
	notices := 0
	opts := serving(echo)
	opts.CancelMethod = cancelMethod
	opts.Notify = func(context.Context, *jsonrpc.Notification) { notices++ }
	for frame, want := range map[string]string{
		`{`:                                    `{"jsonrpc":"2.0","error":{"code":-32700`,
		`[` + request("1", "m") + `]`:          `{"jsonrpc":"2.0","error":{"code":-32600,"message":"batches`,
		response("1", "{}"):                    `{"jsonrpc":"2.0","error":{"code":-32600`,
		request("1", "other"):                  `{"jsonrpc":"2.0","id":1,"error":{"code":-32601`,
		`{"jsonrpc":"1.0","method":"m"}`:       "",
		cancelOf("1"):                          "",
		`{"jsonrpc":"2.0","method":"welcome"}`: "",
	} {
		reply := one(t.Context(), frame, opts)
		got := strings.Join(reply.answers, "")
		if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s was answered %q, want %q", frame, got, want)
		}
		if want != "" && reply.errs[0] == nil {
			t.Errorf("%s: the reply was not told of the error", frame)
		}
		reply.wantsClosed(t, true)
	}
	if notices != 1 {
		t.Errorf("%d notifications were handled, want 1", notices)
	}
}

func TestOneWritesNothingToAClientThatIsGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opts := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		cancel()
		if err := req.Channel.Notify(context.Background(), "p", nil); err == nil {
			t.Error("a notification was sent")
		}
		return nil, nil
	})
	reply := one(ctx, request("1", "m"), opts)
	reply.wants(t)
	reply.wantsClosed(t, true)
}

func TestOneEndsStandingRequestsWhenClosing(t *testing.T) {
	opts := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		<-req.Channel.Standing()
		return nil, nil
	})
	closing := make(chan struct{})
	close(closing)
	opts.Closing = closing
	one(t.Context(), request("1", "m"), opts).wants(t, response("1", "{}"))
}

func TestOneSurvivesAPanic(t *testing.T) {
	opts := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { panic("secret") })
	opts.Notify = func(context.Context, *jsonrpc.Notification) { panic("secret") }
	one(t.Context(), request("1", "m"), opts).
		wants(t, `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal error"}}`)
	one(t.Context(), `{"jsonrpc":"2.0","method":"n"}`, opts).wantsClosed(t, true)
}

func TestOneNeedsFewAllocations(t *testing.T) {
	opts := serving(func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) { return jsonrpc.Raw(`{}`), nil })
	opts.Log = discard
	data := []byte(request("1", "m"))
	n := testing.AllocsPerRun(100, func() {
		dispatch.One(t.Context(), &jsonrpc.Frame{Data: data, Reply: nowhere{}}, opts)
	})
	if n > 8 {
		t.Errorf("%v allocations", n)
	}
}
