// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestFirstListsShareOneStart(t *testing.T) {
	a, b := scripted("a", takes(time.Second, "one")), scripted("b", takes(2*time.Second, "two"))
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		lists := make([]*mcp.ToolList, 100)
		var readers sync.WaitGroup
		for i := range lists {
			readers.Go(func() { lists[i], _ = r.ListTools(t.Context()) })
		}
		readers.Wait()
		for _, list := range lists {
			if list != lists[0] {
				t.Fatal("readers saw different lists")
			}
		}
		wantNames(t, lists[0], "a__one", "b__two")
		if a.started() != 1 || b.started() != 1 {
			t.Errorf("%d and %d starts, want 1 each", a.started(), b.started())
		}
	})
}

func TestFirstCallerWhoLeavesCancelsNobody(t *testing.T) {
	a := scripted("a", takes(time.Second, "one"))
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		ctx, leave := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		readers.Go(func() {
			if _, err := r.ListTools(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the one who left got %v", err)
			}
		})
		synctest.Wait()
		readers.Go(func() { wantNames(t, mustList(t, r), "a__one") })
		synctest.Wait()
		leave()
		readers.Wait()
		if a.started() != 1 {
			t.Errorf("%d starts, want 1", a.started())
		}
	})
}

func TestNothingStartsBeforeTheFirstRead(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		if _, ok := r.lookupTool("a__one"); ok || len(r.States()) != 0 {
			t.Error("something is known before the first read")
		}
		r.EndConnection(t.Context(), "c")
		pass(time.Hour)
		if a.started() != 0 {
			t.Error("a plugin was started without a read")
		}
		mustList(t, r)
		if _, ok := r.lookupTool("a__one"); !ok {
			t.Error("a listed tool cannot be looked up")
		}
	})
}

func TestListIsServedWithinBudgetAndCompletedOnce(t *testing.T) {
	good, bad := fake("good", "one"), scripted("bad", failsUntil(3, "two"))
	slow := scripted("slow", takes(10*time.Second, "three"))
	opts := Options{Backoff: Backoff{Min: 5 * time.Second, Max: 5 * time.Second}}
	bubble(t, opts, of(good, bad, slow), func(t *testing.T, r *Registry) {
		changes, start := count(r), time.Now()
		list := mustList(t, r)
		wantLasted(t, start, 3*time.Second)
		wantNames(t, list, "good__one")
		if list.Complete {
			t.Error("the list is complete without two of three plugins")
		}
		changes.want(t, 0)
		pass(8 * time.Second) // both arrive at 10 s
		changes.want(t, 1)
		list = mustList(t, r)
		wantNames(t, list, "bad__two", "good__one", "slow__three")
		if !list.Complete {
			t.Error("the list is not complete with all plugins ready")
		}
		pass(time.Hour)
		changes.want(t, 1)
	})
}

func TestListWaitsLongerWhileThereIsNothing(t *testing.T) {
	slow, slower := scripted("slow", takes(4*time.Second, "one")), scripted("slower", hangs)
	bubble(t, Options{}, of(slow, slower), func(t *testing.T, r *Registry) {
		start := time.Now()
		wantNames(t, mustList(t, r), "slow__one")
		wantLasted(t, start, 4*time.Second)
	})
	bubble(t, Options{}, of(slower), func(t *testing.T, r *Registry) {
		start := time.Now()
		if list := mustList(t, r); list.Complete || len(list.Items) != 0 {
			t.Errorf("list = %+v, want an incomplete empty one", list)
		}
		wantLasted(t, start, 4500*time.Millisecond)
	})
}

func TestWaitModes(t *testing.T) {
	for _, tt := range []struct {
		wait  Wait
		lasts time.Duration
		tools int
	}{
		{"", 3 * time.Second, 1},
		{WaitBudget, 3 * time.Second, 1},
		{WaitAll, 20 * time.Second, 2},
		{WaitNone, 0, 0},
	} {
		t.Run(string(tt.wait), func(t *testing.T) {
			sources := of(scripted("a", takes(time.Second, "one")), scripted("b", takes(20*time.Second, "two")))
			bubble(t, Options{Wait: tt.wait}, sources, func(t *testing.T, r *Registry) {
				start := time.Now()
				if list := mustList(t, r); len(list.Items) != tt.tools {
					t.Errorf("tools = %q, want %d", names(list), tt.tools)
				}
				wantLasted(t, start, tt.lasts)
				pass(time.Minute)
				wantNames(t, mustList(t, r), "a__one", "b__two")
			})
		})
	}
}

func TestAllFailedIsAnErrorNotAnEmptyList(t *testing.T) {
	bubble(t, Options{}, of(scripted("a", fails), scripted("b", failsPermanently)), func(t *testing.T, r *Registry) {
		_, err := r.ListTools(t.Context())
		e := wantReason(t, err, mcp.ReasonInternal)
		const want = `{"sources":[` +
			`{"name":"a","state":"backoff","reason":"failed to start and is tried again"},` +
			`{"name":"b","state":"disabled","reason":"cannot be started as it is installed or configured"}]}`
		if string(e.Data) != want {
			t.Errorf("data = %s\nwant   %s", e.Data, want)
		}
	})
}

func TestPluginWithoutToolsIsNotAFailure(t *testing.T) {
	bubble(t, Options{}, of(fake("a")), func(t *testing.T, r *Registry) {
		if list := mustList(t, r); len(list.Items) != 0 || !list.Complete {
			t.Errorf("list = %+v, want a complete empty one", list)
		}
	})
}

func TestStrictListIsWholeOrAnError(t *testing.T) {
	t.Run("failed", func(t *testing.T) {
		bubble(t, Options{Strict: true}, of(fake("a", "one"), scripted("b", fails)), func(t *testing.T, r *Registry) {
			_, err := r.ListTools(t.Context())
			wantReason(t, err, mcp.ReasonInternal)
			wantCall(t, r, "a__one", "one")
		})
	})
	t.Run("starting", func(t *testing.T) {
		bubble(t, Options{Strict: true}, of(fake("a", "one"), scripted("b", takes(10*time.Second))), func(t *testing.T, r *Registry) {
			_, err := r.ListTools(t.Context())
			wantReason(t, err, mcp.ReasonUnavailable)
			pass(10 * time.Second)
			wantNames(t, mustList(t, r), "a__one")
		})
	})
}

func TestPanicIsTheFailureOfItsPluginOnly(t *testing.T) {
	inStart := scripted("a", func(context.Context, int) (*fakePlugin, error) { panic("oops") })
	inList := scripted("b", func(context.Context, int) (*fakePlugin, error) {
		p := offering("two")
		p.list = func(context.Context) ([]mcp.Tool, error) { panic("oops") }
		return p, nil
	})
	bubble(t, Options{}, of(inStart, inList, fake("c", "three")), func(t *testing.T, r *Registry) {
		wantNames(t, mustList(t, r), "c__three")
		wantState(t, r, "a", "backoff")
		wantState(t, r, "b", "backoff")
	})
}

func TestPluginThatDoesNotListInTimeIsClosedAndRetried(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		p := offering("one")
		if n == 1 {
			p.list = func(ctx context.Context) ([]mcp.Tool, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}
		return p, nil
	})
	bubble(t, Options{Wait: WaitAll}, of(a), func(t *testing.T, r *Registry) {
		start := time.Now()
		_, err := r.ListTools(t.Context())
		wantReason(t, err, mcp.ReasonInternal)
		wantLasted(t, start, 5*time.Second)
		pass(250 * time.Millisecond)
		wantNames(t, mustList(t, r), "a__one")
		if a.alive() != 1 {
			t.Errorf("%d plugins are alive, want 1", a.alive())
		}
	})
}

func TestStartsAtTheSameTimeAreLimited(t *testing.T) {
	var now, most atomic.Int32
	var sources []*fakeSource
	for i := range 50 {
		sources = append(sources, scripted(fmt.Sprintf("p%02d", i), func(ctx context.Context, _ int) (*fakePlugin, error) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			return takes(100*time.Millisecond, "tool")(ctx, 1)
		}))
	}
	bubble(t, Options{StartLimit: 4, Wait: WaitAll}, sources, func(t *testing.T, r *Registry) {
		start := time.Now()
		if list := mustList(t, r); len(list.Items) != 50 {
			t.Errorf("%d tools, want 50", len(list.Items))
		}
		wantLasted(t, start, 1300*time.Millisecond) // 13 rounds of 4
		if most.Load() != 4 {
			t.Errorf("%d starts at the same time, want 4", most.Load())
		}
	})
}

func TestListIsMergedWhenItIsReadNotWithEveryArrival(t *testing.T) {
	var sources []*fakeSource
	for i := range 50 {
		sources = append(sources, scripted(fmt.Sprintf("p%02d", i), takes(time.Duration(i)*time.Millisecond, "tool")))
	}
	bubble(t, Options{Wait: WaitAll}, sources, func(t *testing.T, r *Registry) {
		wantCall(t, r, "p07__tool", "tool")
		if r.kinds.tools.merged.Load().of != nil {
			t.Error("a call had the list merged while plugins were still to come")
		}
		if list := mustList(t, r); len(list.Items) != 50 || list.Generation != 1 {
			t.Errorf("%d tools after %d merges, want 50 after 1", len(list.Items), list.Generation)
		}
	})
}

func TestOnlySourcesThatMayHaveToolsAreStartedForTools(t *testing.T) {
	prompts := fake("prompts", "ignored")
	prompts.Provides = mcp.KindPrompts
	bubble(t, Options{}, of(prompts, fake("a", "one")), func(t *testing.T, r *Registry) {
		wantNames(t, mustList(t, r), "a__one")
		if _, err := call(t, r, "ignored"); err == nil {
			t.Error("a tool of a source without tools was called")
		}
		if prompts.started() != 0 {
			t.Error("a source without tools was started for tools")
		}
		if err := r.load(t.Context(), "prompts"); err != nil {
			t.Errorf("Load: %v", err)
		}
		wantNames(t, mustList(t, r), "a__one")
	})
}

func TestFailedDiscoveryIsRetriedAndAnnounced(t *testing.T) {
	var tries atomic.Int32
	a := fake("a", "one")
	opts := Options{Discover: func(context.Context) ([]Source, error) {
		if tries.Add(1) < 3 {
			return nil, errBroken
		}
		return []Source{a.Source}, nil
	}}
	bubble(t, opts, of(a), func(t *testing.T, r *Registry) {
		changes := count(r)
		for range 100 {
			_, err := r.ListTools(t.Context())
			wantReason(t, err, mcp.ReasonInternal)
		}
		if n := tries.Load(); n != 1 {
			t.Errorf("%d discoveries within the backoff, want 1", n)
		}
		_, err := call(t, r, "a__one")
		wantReason(t, err, mcp.ReasonUnavailable)
		pass(time.Second)
		wantNames(t, mustList(t, r), "a__one")
		changes.want(t, 1)
	})
}

func TestWithoutSourcesTheListIsEmptyAndComplete(t *testing.T) {
	r := New(Options{})
	defer r.Close(t.Context())
	if list := mustList(t, r); !list.Complete || len(list.Items) != 0 {
		t.Errorf("list = %+v, want a complete empty one", list)
	}
}

func TestReasonsHoldNoInternals(t *testing.T) {
	a := scripted("a", func(context.Context, int) (*fakePlugin, error) {
		return nil, errors.New("exec /home/someone/secret: no such file")
	})
	b := scripted("b", func(context.Context, int) (*fakePlugin, error) {
		return nil, &mcp.PluginError{Plugin: "b", Text: "returned a bad list", Err: errBroken}
	})
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		_, _ = r.ListTools(t.Context())
		states := r.States()
		if strings.Contains(states[0].Reason, "secret") {
			t.Errorf("reason = %q", states[0].Reason)
		}
		if !strings.HasSuffix(states[1].Reason, ": returned a bad list") {
			t.Errorf("reason = %q, want the plugin's text for clients", states[1].Reason)
		}
	})
}

func TestCollisionsAreDecidedByConfigurationOrder(t *testing.T) {
	for _, firstIsSlow := range []bool{true, false} {
		delays := [2]time.Duration{0, time.Second}
		if firstIsSlow {
			delays = [2]time.Duration{time.Second, 0}
		}
		first := scripted("first", takes(delays[0], "same", "one")).unprefixed()
		second := scripted("second", takes(delays[1], "same", "two")).unprefixed()
		bubble(t, Options{}, of(first, second), func(t *testing.T, r *Registry) {
			list := mustList(t, r)
			wantNames(t, list, "one", "same", "two")
			if it := r.kinds.tools.find(r.current.Load(), "same"); it.owner.Name != "first" {
				t.Errorf("same is owned by %s, want first", it.owner.Name)
			}
			loser := list.Sources[1]
			if loser.Items != 1 || loser.Reason != "1 of its names are taken by others earlier in the configuration" {
				t.Errorf("the loser is reported as %+v", loser)
			}
		})
	}
}

func TestHiddenNameIsLoggedOnce(t *testing.T) {
	first, second := fake("first", "same").unprefixed(), fake("second", "same").unprefixed()
	var written bytes.Buffer
	opts := Options{Log: hclog.New(&hclog.LoggerOptions{Output: &written})}
	bubble(t, opts, of(first, second), func(t *testing.T, r *Registry) {
		mustList(t, r)
		second.last().change("same", "other")
		pass(time.Second)
		wantNames(t, mustList(t, r), "other", "same")
		r.Close(t.Context())
		if n := strings.Count(written.String(), "plugin=second list=tools name=same"); n != 1 {
			t.Errorf("logged %d times, want once:\n%s", n, &written)
		}
	})
}

func TestBadSourcesAreIgnored(t *testing.T) {
	opts := Options{Discover: func(context.Context) ([]Source, error) {
		return []Source{fake("a", "one").Source, {Name: "nostart"}, fake("a", "two").Source}, nil
	}}
	bubble(t, opts, nil, func(t *testing.T, r *Registry) {
		wantNames(t, mustList(t, r), "a__one")
	})
}

// plain is a plugin that offers nothing.
type plain struct{ p *fakePlugin }

func (p plain) Done() <-chan struct{}     { return p.p.Done() }
func (p plain) Err() error                { return p.p.Err() }
func (p plain) Changes() <-chan mcp.Kinds { return nil }
func (p plain) Close(ctx context.Context) { p.p.Close(ctx) }

func TestPluginWithoutAnyAbilityIsReadyWithNothing(t *testing.T) {
	source := Source{Name: "a", Start: func(context.Context) (Plugin, error) { return plain{offering("one")}, nil }}
	none := Source{Name: "b", Start: func(context.Context) (Plugin, error) { return nil, nil }}
	opts := Options{Discover: func(context.Context) ([]Source, error) { return []Source{source, none}, nil }}
	bubble(t, opts, nil, func(t *testing.T, r *Registry) {
		wantNames(t, mustList(t, r))
		wantState(t, r, "a", "ready")
		wantState(t, r, "b", "backoff")
		r.EndConnection(t.Context(), "c")
	})
}
