// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func subscribe(t *testing.T, r *Registry, uris ...string) []string {
	t.Helper()
	accepted, err := r.Subscribe(t.Context(), uris)
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	return accepted
}

// heard collects updates.
func heard(r *Registry) func() []string {
	var mu sync.Mutex
	var uris []string
	r.OnUpdate(func(uri string) {
		mu.Lock()
		defer mu.Unlock()
		uris = append(uris, uri)
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(uris)
	}
}

func TestSubscriptionsReachTheirOwnersOnly(t *testing.T) {
	a, b := full("a"), full("b")
	none := made("none", func(p *fakePlugin) { p.provides &^= mcp.KindSubscriptions })
	never := full("never")
	never.Provides = mcp.KindResources
	bubble(t, Options{}, of(a, b, none, never), func(t *testing.T, r *Registry) {
		got := subscribe(t, r, "test://b/2", "test://a", "test://none", "test://never", "test://unknown", "test://a")
		wantAll(t, "accepted", got, "test://a", "test://b/2")
		wantAll(t, "set of a", a.last().lastSet(), "test://a")
		wantAll(t, "set of b", b.last().lastSet(), "test://b/2")
		if none.last().setCount()+never.last().setCount() != 0 {
			t.Error("subscriptions were given to who has none")
		}
		if len(r.watched) != 2 {
			t.Errorf("%d URIs are kept, want those that were accepted", len(r.watched))
		}
	})
}

func TestUpdatesReachEveryListenerUntilItIsRemoved(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		first := heard(r)
		remove := r.OnUpdate(func(string) { t.Error("a removed listener was called") })
		remove()
		second := heard(r)
		subscribe(t, r, "test://a")
		a.last().updates <- "test://a#part"
		synctest.Wait()
		wantAll(t, "heard", first(), "test://a#part")
		wantAll(t, "heard", second(), "test://a#part")
	})
}

func TestSubscriptionsAreCounted(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		subscribe(t, r, "test://a")
		subscribe(t, r, "test://a", "test://a/1")
		r.Unsubscribe([]string{"test://a", "test://nobody's"})
		synctest.Wait()
		wantAll(t, "set", a.last().lastSet(), "test://a", "test://a/1")
		r.Unsubscribe([]string{"test://a"})
		synctest.Wait()
		wantAll(t, "set", a.last().lastSet(), "test://a/1")
		r.Unsubscribe([]string{"test://a/1"})
		synctest.Wait()
		wantAll(t, "set", a.last().lastSet())
		if n := a.last().setCount(); n != 4 {
			t.Errorf("%d sets were sent, want one for each change of it", n)
		}
	})
}

func TestRefusedURIsAreNotKept(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.subscribe = func(_ context.Context, uris []string) ([]string, error) {
			return slices.DeleteFunc(slices.Clone(uris), func(uri string) bool { return uri == "test://a/no" }), nil
		}
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		wantAll(t, "accepted", subscribe(t, r, "test://a/no", "test://a/yes"), "test://a/yes")
		synctest.Wait()
		wantAll(t, "set", a.last().lastSet(), "test://a/yes")
	})
}

func TestSetsAreSentOneByOneAndTheLatestWins(t *testing.T) {
	var now, most int
	var mu sync.Mutex
	a := made("a", func(p *fakePlugin) {
		p.subscribe = func(_ context.Context, uris []string) ([]string, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return uris, nil
		}
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		var users sync.WaitGroup
		start := time.Now()
		for _, uri := range []string{"test://a/1", "test://a/2", "test://a/3", "test://a/4"} {
			users.Go(func() { wantAll(t, "accepted", subscribe(t, r, uri), uri) })
		}
		users.Wait()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v: what came during the first set belongs into the second", took)
		}
		mu.Lock()
		defer mu.Unlock()
		if most != 1 || len(a.last().lastSet()) != 4 {
			t.Errorf("%d sets at a time, the last is %q", most, a.last().lastSet())
		}
	})
}

func TestSubscriptionsSurviveACrash(t *testing.T) {
	var taken chan struct{}
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		p := everything("a")
		if n == 2 {
			p.updates <- "test://a/early"
			p.subscribe = func(_ context.Context, uris []string) ([]string, error) {
				<-taken
				return uris, nil
			}
		}
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		taken = make(chan struct{})
		got := heard(r)
		subscribe(t, r, "test://a", "test://a/1")
		a.last().crash()
		synctest.Wait()
		if a.started() != 2 {
			t.Fatalf("%d starts: a watched plugin must come back by itself", a.started())
		}
		wantAll(t, "set", a.last().lastSet(), "test://a", "test://a/1")
		wantAll(t, "heard before the set was taken", got())
		close(taken)
		synctest.Wait()
		wantAll(t, "heard", got(), "test://a/early")
		r.Unsubscribe([]string{"test://a", "test://a/1"})
		synctest.Wait()
		a.last().crash()
		pass(time.Minute)
		if a.started() != 2 {
			t.Error("a plugin that nobody watches was started")
		}
		wantAll(t, "accepted", subscribe(t, r, "test://a"), "test://a") // starts it
		wantAll(t, "set", a.last().lastSet(), "test://a")
	})
}

func TestReloadedPluginGetsTheSetAsWell(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		got := heard(r)
		subscribe(t, r, "test://a")
		if err := r.Reload(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantAll(t, "set", a.last().lastSet(), "test://a")
		a.last().updates <- "test://a"
		synctest.Wait()
		wantAll(t, "heard", got(), "test://a")
	})
}

func TestSetThatDidNotArriveIsSentAgain(t *testing.T) {
	var broken atomic.Bool
	a := made("a", func(p *fakePlugin) {
		p.subscribe = func(_ context.Context, uris []string) ([]string, error) {
			if broken.Load() {
				return nil, errBroken
			}
			return uris, nil
		}
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		subscribe(t, r, "test://a")
		broken.Store(true)
		wantAll(t, "accepted", subscribe(t, r, "test://a/1"))
		synctest.Wait()
		before := a.last().setCount()
		broken.Store(false)
		pass(time.Second)
		wantAll(t, "set", a.last().lastSet(), "test://a")
		if after := a.last().setCount(); after == before {
			t.Error("the set was not sent again")
		}
		before = a.last().setCount()
		pass(time.Hour)
		if after := a.last().setCount(); after != before {
			t.Errorf("%d more sets were sent while nothing changed", after-before)
		}
	})
}

func TestPluginThatHangsOnASetDoesNotHoldUpItsCrash(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.subscribe = func(ctx context.Context, _ []string) ([]string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		start := time.Now()
		var user sync.WaitGroup
		user.Go(func() { wantAll(t, "accepted", subscribe(t, r, "test://a")) })
		pass(time.Second)
		a.last().crash()
		user.Wait()
		wantLasted(t, start, time.Second)
	})
}

func TestSubscriberWhoLeavesSubscribesToNothing(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.subscribe = func(_ context.Context, uris []string) ([]string, error) {
			<-time.After(2 * time.Second)
			return uris, nil
		}
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Subscribe(ctx, []string{"test://a"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		pass(10 * time.Second)
		wantAll(t, "set", a.last().lastSet())
		r.Close(t.Context())
		_, err := r.Subscribe(t.Context(), []string{"test://a"})
		wantReason(t, err, mcp.ReasonUnavailable)
	})
}

func TestSubscriptionFollowsAURIToItsNewOwner(t *testing.T) {
	first := made("first", func(p *fakePlugin) { p.resources = nil })
	second := made("second", func(p *fakePlugin) { p.resources = []string{"test://moves"} })
	bubble(t, Options{}, of(first, second), func(t *testing.T, r *Registry) {
		lists(t, r)
		subscribe(t, r, "test://moves")
		p := first.last()
		p.more.Lock()
		p.resources = []string{"test://moves"}
		p.more.Unlock()
		p.changes <- mcp.KindResources
		pass(time.Second)
		subscribe(t, r, "test://moves")
		synctest.Wait()
		wantAll(t, "set of the new owner", first.last().lastSet(), "test://moves")
		wantAll(t, "set of the old owner", second.last().lastSet())
	})
}

func TestClosedUpdatesAreTheEndOfThem(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		subscribe(t, r, "test://a")
		close(a.last().updates)
		synctest.Wait() // would never return if the supervisor span
		wantRead(t, r, "test://a", "prompta")
	})
}
