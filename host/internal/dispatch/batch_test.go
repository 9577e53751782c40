// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

func batching(opts dispatch.Options) dispatch.Options {
	opts.AllowBatch = func() bool { return true }
	return opts
}

func TestBatchIsAnsweredAsOne(t *testing.T) {
	var release chan struct{}
	opts := batching(dispatch.Options{Handle: handler{
		"quick": echo,
		"slow": func(ctx context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			_ = req.Channel.Notify(ctx, "progress", nil)
			<-release
			return nil, nil
		},
	}.Handle})
	overRaw(t, opts, func(t *testing.T, r *raw) {
		release = make(chan struct{})
		reply := r.send("[" + request("1", "quick") + `,{"jsonrpc":"2.0","method":"n"},7,` + request("2", "slow") + "]")
		reply.wants(t)
		reply.wantsClosed(t, false)
		if len(reply.sends) != 1 {
			t.Errorf("sent %q, want the progress at once", reply.sends)
		}
		close(release)
		synctest.Wait()
		if len(reply.answers) != 1 || reply.errs[0] != nil {
			t.Fatalf("answers = %q", reply.answers)
		}
		parts, err := jsonrpc.SplitBatch([]byte(reply.answers[0]))
		if err != nil || len(parts) != 3 || string(parts[2]) != response("2", "{}") {
			t.Errorf("answer = %s, %v", reply.answers[0], err)
		}
		reply.wantsClosed(t, true)
	})
}

func TestBatchOfNotificationsIsNotAnswered(t *testing.T) {
	overRaw(t, batching(serving(echo)), func(t *testing.T, r *raw) {
		reply := r.send(`[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":9,"result":{}}]`)
		reply.wants(t)
		reply.wantsClosed(t, true)
	})
}

func TestBatchIsRefusedAsAWhole(t *testing.T) {
	many := "[" + strings.Repeat("1,", jsonrpc.MaxBatch) + "1]"
	for name, c := range map[string]struct {
		opts        dispatch.Options
		frame, want string
	}{
		"not allowed": {serving(echo), "[" + request("1", "m") + "]", `"code":-32600,"message":"batches are not allowed here"`},
		"empty":       {batching(serving(echo)), " []", `"code":-32600,"message":"a batch must not be empty"`},
		"broken":      {batching(serving(echo)), "[1", `"code":-32700`},
		"too large":   {batching(serving(echo)), many, `"code":-32600,"message":"a batch of more than 256 messages"`},
	} {
		t.Run(name, func(t *testing.T) {
			overRaw(t, c.opts, func(t *testing.T, r *raw) {
				reply := r.send(c.frame)
				if len(reply.answers) != 1 || !strings.Contains(reply.answers[0], c.want) {
					t.Errorf("answers = %q, want %s", reply.answers, c.want)
				}
				reply.wantsClosed(t, true)
			})
		})
	}
}

func TestInlineMethodIsRefusedInABatch(t *testing.T) {
	opts := batching(serving(echo))
	opts.Inline = func(method string) bool { return method == "m" }
	overRaw(t, opts, func(t *testing.T, r *raw) {
		r.send("["+request("1", "m")+"]").
			wants(t, `[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"m is not allowed in a batch"}}]`)
	})
}

func TestHooksInABatchWaitForItsAnswer(t *testing.T) {
	ran := false
	var release chan struct{}
	opts := batching(dispatch.Options{Handle: handler{
		"hook": func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
			req.Channel.AfterAnswer(func() { ran = true })
			return nil, nil
		},
		"slow": func(context.Context, *jsonrpc.Request) (jsonrpc.Result, error) {
			<-release
			return nil, nil
		},
	}.Handle})
	overRaw(t, opts, func(t *testing.T, r *raw) {
		release = make(chan struct{})
		r.send("[" + request("1", "hook") + "," + request("2", "slow") + "]")
		if ran {
			t.Error("the hook ran before the answer was written")
		}
		close(release)
		synctest.Wait()
		if !ran {
			t.Error("the hook did not run")
		}
	})
}

func TestCancelledMessageIsMissingFromTheAnswerOfItsBatch(t *testing.T) {
	opts := batching(dispatch.Options{Handle: handler{"quick": echo, "slow": untilCancelled}.Handle})
	overRaw(t, opts, func(t *testing.T, r *raw) {
		reply := r.send("[" + request("1", "quick") + "," + request("2", "slow") + "]")
		reply.wants(t)
		r.send(cancelOf("2"))
		reply.wants(t, "["+response("1", "{}")+"]")
	})
}
