// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A watcher accepts every subscription and counts them.
type watcher struct{ held map[string]int }

func (w *watcher) Subscribe(_ context.Context, uris []string) ([]string, error) {
	for _, uri := range uris {
		w.held[uri]++
	}
	return uris, nil
}

func (w *watcher) Unsubscribe(uris []string) {
	for _, uri := range uris {
		if w.held[uri]--; w.held[uri] == 0 {
			delete(w.held, uri)
		}
	}
}

func (w *watcher) OnUpdate(func(string)) (remove func()) { return func() {} }

// blockedWire is a wire whose peer does not read.
type blockedWire struct{}

func (blockedWire) Notify(ctx context.Context, _ string, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestSubscriptionTooManyIsRefused(t *testing.T) {
	w := &watcher{held: map[string]int{}}
	r := New(Options{Subscriptions: w})
	conn := r.NewPipe()
	conn.Attach(blockedWire{})
	defer conn.Close(t.Context())
	q := &Request{Conn: conn}
	uri := func(i int) string { return fmt.Sprintf("x://%d", i) }
	for i := range maxSubscriptions {
		if _, err := r.subscribe(t.Context(), q, uri(i)); err != nil {
			t.Fatalf("subscription %d: %v", i, err)
		}
	}
	_, err := r.subscribe(t.Context(), q, "x://more")
	var refused *mcp.ProtocolError
	if !errors.As(err, &refused) || refused.Reason != mcp.ReasonInvalidParams || !strings.Contains(refused.Message, "1024 subscriptions") {
		t.Errorf("one too many: %v", err)
	}
	if w.held["x://more"] != 0 || len(w.held) != maxSubscriptions {
		t.Errorf("%d resources are watched, want %d", len(w.held), maxSubscriptions)
	}
	if _, err := r.subscribe(t.Context(), q, uri(0)); err != nil || w.held[uri(0)] != 1 {
		t.Errorf("again what is watched: %v, held %d times", err, w.held[uri(0)])
	}
	if _, err := r.unsubscribe(t.Context(), q, uri(0)); err != nil {
		t.Error(err)
	}
	if _, err := r.subscribe(t.Context(), q, "x://more"); err != nil {
		t.Errorf("in a place that became free: %v", err)
	}
}

func TestPartOfAWatchedResourceIsTold(t *testing.T) {
	tests := []struct {
		watched, changed string
		told             bool
	}{
		{"x://clock", "x://clock", true},
		{"x://dir", "x://dir/a", true},
		{"x://dir", "x://dir/a/b?c#d", true},
		{"x://dir/", "x://dir/a", true},
		{"x://dir/", "x://dir/a/b", true},
		{"x://dir/", "x://dir/", true},
		{"x://clock", "x://clock?tz=1", true},
		{"x://doc", "x://doc#part", true},
		{"x://doc?v=1", "x://doc?v=1#part", true},
		{"x://dir/", "x://dir", false},
		{"x://dir/a", "x://dir", false},
		{"x://dir", "x://directory", false},
		{"x://doc?v=1", "x://doc?v=12", false},
		{"x://doc#part", "x://doc", false},
	}
	for _, test := range tests {
		var h hub
		l := h.listen(0, nil)
		l.want(test.watched)
		h.updated(test.changed)
		if got := l.takeUpdates(); (len(got) == 1) != test.told {
			t.Errorf("%s is watched and %s changes: told %q", test.watched, test.changed, got)
		}
	}
}

func TestUpdatesAreToldOnceAndTheirLossIsLoggedOnce(t *testing.T) {
	var logged bytes.Buffer
	r := New(Options{Log: hclog.New(&hclog.LoggerOptions{Output: &logged, Level: hclog.Debug})})
	l := r.hub.listen(0, nil)
	l.want("x://dir")
	for round := 1; round <= 2; round++ {
		for i := range maxSubscriptions + 3 {
			r.hub.updated(fmt.Sprintf("x://dir/%d", i))
			r.hub.updated(fmt.Sprintf("x://dir/%d", i))
		}
		if got := l.takeUpdates(); len(got) != maxSubscriptions || got[0] != "x://dir/0" || got[1] != "x://dir/1" {
			t.Errorf("%d updates, the first %q", len(got), got[:2])
		}
		if got := strings.Count(logged.String(), "updates are lost"); got != round {
			t.Errorf("the loss was logged %d times, want %d:\n%s", got, round, logged.String())
		}
	}
}

func TestListenersComeAndGoWhileChangesAreTold(t *testing.T) {
	var h hub
	stop := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		for {
			select {
			case <-stop:
				return
			default:
				h.updated("x://a")
				h.publish(mcp.KindTools)
			}
		}
	}()
	for range 100 {
		a, b := h.listen(mcp.KindTools, nil), h.listen(mcp.KindTools, nil)
		h.leave(a)
		<-b.wake // one that stays is told whoever else leaves
		h.leave(b)
	}
	close(stop)
	<-told
	if got := len(h.listeners); got != 0 {
		t.Errorf("%d listeners are left", got)
	}
}

func TestCloserThatComesAfterTheAnswerRunsAtOnce(t *testing.T) {
	r := New(Options{})
	for _, early := range []bool{false, true} {
		conn := r.NewExchange()
		var ran []string
		closer := func(name string) func(context.Context) error {
			return func(context.Context) error { ran = append(ran, name); return nil }
		}
		if early {
			conn.OnClose(closer("early"))
		}
		ch := &answered{}
		_, _ = r.Handle(t.Context(), conn, &jsonrpc.Request{ID: jsonrpc.NumberID(1), Method: mcp.MethodDiscover, Channel: ch})
		ch.answer()
		conn.OnClose(closer("late"))
		want := map[bool]string{false: "late", true: "early late"}[early]
		if got := strings.Join(ran, " "); got != want {
			t.Errorf("ran %q, want %q", got, want)
		}
	}
}

// answered is a channel whose request is answered when the test says so.
type answered struct {
	jsonrpc.Channel
	hooks []func()
}

func (c *answered) AfterAnswer(f func()) { c.hooks = append(c.hooks, f) }

func (c *answered) answer() {
	for _, hook := range c.hooks {
		hook()
	}
}
