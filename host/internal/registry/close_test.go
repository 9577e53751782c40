// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestCloseDuringStartLeavesNothingAlive(t *testing.T) {
	obeys := scripted("obeys", hangs)
	brings := scripted("brings", func(context.Context, int) (*fakePlugin, error) {
		<-time.After(20 * time.Second) // deaf, and successful in the end
		return offering("one"), nil
	})
	ready := fake("ready", "one")
	bubble(t, Options{StartLimit: 3}, of(obeys, brings, ready), func(t *testing.T, r *Registry) {
		listed := make(chan error)
		go func() {
			_, err := r.ListTools(t.Context())
			listed <- err
		}()
		pass(time.Second)
		closed := make(chan struct{})
		go func() {
			r.Close(t.Context())
			close(closed)
		}()
		wantReason(t, <-listed, mcp.ReasonUnavailable)
		<-closed
		for _, s := range of(obeys, brings, ready) {
			if s.alive() != 0 {
				t.Errorf("a plugin of %s is alive after Close", s.Name)
			}
		}
		if len(brings.plugins) != 1 {
			t.Error("Close did not wait for the start")
		}
	})
}

func TestNothingStartsAfterClose(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		r.Close(t.Context())
		_, err := r.ListTools(t.Context())
		wantReason(t, err, mcp.ReasonUnavailable)
		_, err = call(t, r, "a__one")
		wantReason(t, err, mcp.ReasonUnavailable)
		if err := r.load(t.Context(), "a"); err == nil {
			t.Error("a plugin was loaded after Close")
		}
		if a.started() != 0 {
			t.Error("a plugin was started after Close")
		}
		r.Close(t.Context())
	})
}

func TestCallsAreRefusedAfterClose(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a, scripted("b", fails)), func(t *testing.T, r *Registry) {
		mustList(t, r)
		r.Close(t.Context())
		_, err := call(t, r, "a__one")
		wantReason(t, err, mcp.ReasonUnavailable)
		wantState(t, r, "a", "idle")
		wantState(t, r, "b", "idle")
		if err := r.Reload(t.Context(), "a"); err == nil {
			t.Error("a plugin was reloaded after Close")
		}
		pass(time.Hour)
	})
}

// stubborn stops only when its grace is over, or never.
type stubborn struct {
	*fakePlugin
	never chan struct{}
}

func (p stubborn) Close(ctx context.Context) {
	select {
	case <-ctx.Done():
		p.fakePlugin.Close(ctx)
	case <-p.never:
	}
}

func TestPluginsAreClosedInParallelWithinTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sources []Source
		for _, name := range []string{"a", "b", "c"} {
			sources = append(sources, Source{Name: name, Start: func(context.Context) (Plugin, error) {
				return stubborn{fakePlugin: offering(name)}, nil
			}})
		}
		r := New(Options{Discover: func(context.Context) ([]Source, error) { return sources, nil }})
		mustList(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		r.Close(ctx)
		wantLasted(t, start, 3*time.Second)
	})
}

func TestCloseDoesNotHangOnAPluginThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := New(Options{Discover: func(context.Context) ([]Source, error) {
			return []Source{{Name: "a", Start: func(ctx context.Context) (Plugin, error) {
				<-release
				return nil, errBroken
			}}}, nil
		}, Wait: WaitNone})
		mustList(t, r)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		r.Close(ctx)
		wantLasted(t, start, 5*time.Second)
		close(release)
	})
}
