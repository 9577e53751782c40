// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestFailedStartIsRetriedAndAnnouncedWithoutARead(t *testing.T) {
	a := scripted("a", failsUntil(3, "one"))
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		changes := count(r)
		_, err := r.ListTools(t.Context())
		wantReason(t, err, mcp.ReasonInternal)
		pass(250*time.Millisecond + 500*time.Millisecond)
		wantState(t, r, "a", "ready")
		changes.want(t, 0)
		pass(150 * time.Millisecond)
		changes.want(t, 1)
		wantNames(t, mustList(t, r), "a__one")
	})
}

func TestReadStormInBackoffStartsNothing(t *testing.T) {
	a := scripted("a", fails)
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		start := time.Now()
		var readers sync.WaitGroup
		for range 1000 {
			readers.Go(func() {
				_, err := r.ListTools(t.Context())
				if err == nil {
					t.Error("a list of nothing succeeded")
				}
				_, _ = call(t, r, "a__one")
			})
		}
		readers.Wait()
		wantLasted(t, start, 0)
		if a.started() != 1 {
			t.Errorf("%d starts, want 1", a.started())
		}
	})
}

func TestRetryThatHangsDoesNotHoldUpLists(t *testing.T) {
	bad := scripted("bad", func(ctx context.Context, n int) (*fakePlugin, error) {
		if n == 1 {
			return nil, errBroken
		}
		return hangs(ctx, n)
	})
	bubble(t, Options{}, of(bad, fake("good", "one")), func(t *testing.T, r *Registry) {
		mustList(t, r)
		pass(time.Second) // into the second attempt
		start := time.Now()
		wantNames(t, mustList(t, r), "good__one")
		wantLasted(t, start, 0)
	})
}

func TestFailingPluginIsOnlyProbed(t *testing.T) {
	a := scripted("a", fails)
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		_, _ = r.ListTools(t.Context())
		pass(250*time.Millisecond + 500*time.Millisecond + time.Second + 2*time.Second)
		if a.started() != 5 {
			t.Fatalf("%d starts, want 5 before the circuit opens", a.started())
		}
		pass(59 * time.Second)
		if a.started() != 5 {
			t.Errorf("%d starts while the circuit is open", a.started())
		}
		pass(time.Second)
		if a.started() != 6 {
			t.Errorf("%d starts, want the probe", a.started())
		}
		pass(10 * time.Minute)
		if a.started() != 16 {
			t.Errorf("%d starts after ten more minutes, want 16", a.started())
		}
	})
}

func TestPermanentFailureIsNotRetried(t *testing.T) {
	a := scripted("a", failsPermanently)
	bubble(t, Options{}, of(a, fake("b", "two")), func(t *testing.T, r *Registry) {
		list := mustList(t, r)
		if !list.Complete {
			t.Error("the list waits for a plugin that never comes")
		}
		pass(time.Hour)
		if a.started() != 1 {
			t.Errorf("%d starts, want 1", a.started())
		}
		wantState(t, r, "a", "disabled")
	})
}

func TestLateResultOfAnAbandonedAttemptIsIgnored(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		if n == 1 {
			<-time.After(time.Minute) // deaf to its context
			return offering("old"), nil
		}
		return offering("new"), nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		pass(40 * time.Second)
		wantNames(t, mustList(t, r), "a__new")
		pass(time.Minute)
		wantNames(t, mustList(t, r), "a__new")
		if a.alive() != 1 || len(a.plugins) != 2 {
			t.Errorf("%d of %d plugins are alive, want 1 of 2", a.alive(), len(a.plugins))
		}
		wantCall(t, r, "a__new", "new")
	})
}

func TestCrashMidCallIsOneErrorAndTheNextCallWorks(t *testing.T) {
	crashed := &mcp.PluginError{Plugin: "a", Text: "stopped while it ran this call"}
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		p := offering("one")
		if n == 1 {
			p.call = func(context.Context, *mcp.ToolCall) (mcp.Outcome, error) {
				p.crash()
				return mcp.Outcome{}, crashed
			}
		}
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		before, changes := mustList(t, r), count(r)
		if _, err := call(t, r, "a__one"); err != error(crashed) {
			t.Errorf("error = %v, want the plugin's own", err)
		}
		synctest.Wait()
		wantState(t, r, "a", "restarting")
		list := mustList(t, r)
		wantNames(t, list, "a__one")
		if !list.Complete {
			t.Error("a crash made the list incomplete")
		}
		pass(time.Hour)
		if a.started() != 1 {
			t.Error("the plugin was restarted although nobody needed it")
		}

		start := time.Now()
		wantCall(t, r, "a__one", "one")
		wantLasted(t, start, 0)
		pass(time.Minute)
		changes.want(t, 0)
		after := mustList(t, r)
		if after.Generation != before.Generation || &after.Items[0] != &before.Items[0] {
			t.Error("an equal contribution made a new list")
		}
	})
}

func TestRestartWithOtherToolsIsAnnounced(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		if n == 1 {
			return offering("one", "old"), nil
		}
		return offering("one", "new"), nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		a.last().crash()
		synctest.Wait()
		wantCall(t, r, "a__one", "one")
		pass(time.Second)
		changes.want(t, 1)
		wantNames(t, mustList(t, r), "a__new", "a__one")
	})
}

func TestPluginThatKeepsCrashingIsRestartedWithBackoff(t *testing.T) {
	a := fake("a", "one")
	opts := Options{Backoff: Backoff{Min: 4 * time.Second, Failures: 4}}
	bubble(t, opts, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		crash := func() {
			a.last().crash()
			synctest.Wait()
		}
		lasts := func(want time.Duration) {
			t.Helper()
			start := time.Now()
			wantCall(t, r, "a__one", "one")
			wantLasted(t, start, want)
		}
		crash()
		lasts(0)
		crash() // 8 s to go: longer than a call waits
		_, err := call(t, r, "a__one")
		wantPluginError(t, err, "is not available now; try again in 8 s")
		pass(3 * time.Second)
		lasts(5 * time.Second)
		crash()
		pass(time.Minute)
		lasts(0)

		pass(time.Minute)
		crash() // after a stable run it is as if nothing had happened
		lasts(0)
	})
}

func TestCrashLoopOpensTheCircuit(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{Backoff: Backoff{Failures: 3}}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		for range 2 {
			a.last().crash()
			synctest.Wait()
			wantState(t, r, "a", "restarting")
			wantCall(t, r, "a__one", "one")
		}
		a.last().crash()
		synctest.Wait()
		wantState(t, r, "a", "backoff")
		_, err := call(t, r, "a__one")
		wantPluginError(t, err, "is not available now; try again in 60 s")
		wantNames(t, mustList(t, r), "a__one")
		pass(time.Minute)
		wantState(t, r, "a", "ready") // probed without a call
		a.last().crash()
		synctest.Wait()
		wantState(t, r, "a", "backoff")
	})
}

func TestCallWaitsForOneAttemptNotForSuccess(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		if n == 1 {
			return offering("one"), nil
		}
		return nil, errBroken
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		a.last().crash()
		synctest.Wait()
		_, err := call(t, r, "a__one")
		wantPluginError(t, err, "is not available now; try again in 1 s")
		if !errors.Is(err, errBroken) {
			t.Errorf("error = %v, want the cause within", err)
		}
		wantNames(t, mustList(t, r), "a__one")
	})
}

func TestDisabledPluginsToolsAreWithdrawn(t *testing.T) {
	a := scripted("a", func(ctx context.Context, n int) (*fakePlugin, error) {
		if n == 1 {
			return offering("one"), nil
		}
		return failsPermanently(ctx, n)
	})
	bubble(t, Options{}, of(a, fake("b", "two")), func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		a.last().crash()
		synctest.Wait()
		_, err := call(t, r, "a__one")
		wantPluginError(t, err, "cannot be started as it is installed or configured")
		pass(time.Second)
		changes.want(t, 1)
		wantNames(t, mustList(t, r), "b__two")
		_, err = call(t, r, "a__one")
		wantReason(t, err, mcp.ReasonUnavailable)
	})
}

func TestPluginWhoseFileIsReplacedComesBack(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		switch n {
		case 1:
			return offering("old"), nil
		case 2:
			return nil, permanentFailure{fs.ErrNotExist}
		}
		return offering("new"), nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		a.last().crash()
		synctest.Wait()
		_, err := call(t, r, "a__old")
		wantPluginError(t, err, "is not available now; try again in 1 s")
		pass(time.Second)
		wantNames(t, mustList(t, r), "a__new")
	})
}

func TestReloadReplacesARunningPlugin(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		switch n {
		case 1:
			return offering("old"), nil
		case 2:
			return nil, errBroken
		}
		return offering("new"), nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		if err := r.Reload(t.Context(), "a"); !errors.Is(err, errBroken) {
			t.Errorf("Reload: %v, want the cause", err)
		}
		wantCall(t, r, "a__old", "old") // the old one stays
		if err := r.Reload(t.Context(), "a"); err != nil {
			t.Errorf("Reload: %v", err)
		}
		pass(time.Second)
		changes.want(t, 1)
		wantNames(t, mustList(t, r), "a__new")
		wantCall(t, r, "a__new", "new")
		if a.alive() != 1 {
			t.Errorf("%d plugins are alive, want 1", a.alive())
		}
	})
}

func TestReloadRevivesWhatFailed(t *testing.T) {
	for name, failure := range map[string]error{"backoff": errBroken, "disabled": permanentFailure{errBroken}} {
		t.Run(name, func(t *testing.T) {
			a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
				if n == 1 {
					return nil, failure
				}
				return offering("one"), nil
			})
			bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
				_, _ = r.ListTools(t.Context())
				wantState(t, r, "a", name)
				if err := r.Reload(t.Context(), "a"); err != nil {
					t.Fatalf("Reload: %v", err)
				}
				wantState(t, r, "a", "ready")
				wantNames(t, mustList(t, r), "a__one")
			})
		})
	}
}

func TestReloadRestartsWhatCrashed(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		for _, rest := range []time.Duration{0, time.Second} { // before and after the backoff
			a.last().crash()
			synctest.Wait()
			pass(rest)
			if err := r.Reload(t.Context(), "a"); err != nil {
				t.Fatalf("Reload: %v", err)
			}
			wantState(t, r, "a", "ready")
		}
	})
}

func TestReloadStartsWhatWasNeverStarted(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		if err := r.Reload(t.Context(), "a"); err != nil || a.started() != 1 {
			t.Errorf("Reload: %v, %d starts", err, a.started())
		}
		if err := r.Reload(t.Context(), "nobody"); err == nil {
			t.Error("an unknown plugin was reloaded")
		}
	})
}
