// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// Whatever happens at the same time, every call is answered with the right
// tool's outcome or an error of a known kind, and Close leaves nothing alive.
func TestEverythingAtOnce(t *testing.T) {
	var sources []*fakeSource
	for i := range 5 {
		name := fmt.Sprintf("p%d", i)
		sources = append(sources, scripted(name, func(ctx context.Context, n int) (*fakePlugin, error) {
			if n%4 == 3 {
				return nil, errBroken
			}
			<-time.After(time.Duration(n) * time.Millisecond)
			p := everything(name)
			p.tools = toolsNamed("one", fmt.Sprintf("two%d", n%2))
			p.provides = mcp.AllKinds
			return p, nil
		}))
	}
	opts := Options{StartLimit: 2, Rand: rand.Float64, Backoff: Backoff{Min: time.Millisecond, Failures: 1000}}
	bubble(t, opts, sources, func(t *testing.T, r *Registry) {
		count(r)
		r.OnUpdate(func(string) {})
		var users sync.WaitGroup
		for u := range 8 {
			users.Go(func() {
				for i := range 100 {
					use(t, r, sources[rand.IntN(len(sources))], fmt.Sprintf("mine%d", u), i)
				}
			})
		}
		users.Wait()
		if n := len(r.watched); n != 0 {
			t.Errorf("%d subscriptions are left of those that were taken back", n)
		}
	})
}

// use does one thing to the registry.
func use(t *testing.T, r *Registry, s *fakeSource, mine string, i int) {
	name := s.Name + "__one"
	switch i % 12 {
	case 0:
		_, _ = r.ListTools(t.Context())
		_, _ = r.ListPrompts(t.Context())
		_, _ = r.ListTemplates(t.Context())
	case 1:
		add(t, r, mine)
	case 2:
		wantCall(t, r, mine, "own "+mine)
		r.RemoveTool(mine)
	case 3:
		_ = r.Reload(t.Context(), s.Name)
	case 4:
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, p := range s.plugins {
			p.crash()
		}
	case 5:
		r.States()
		r.lookupTool(name)
		r.EndConnection(t.Context(), mine)
	case 6:
		useWatched(t, r, s)
	case 7:
		if got, err := read(t, r, "test://"+s.Name+"/1"); !known(err) || err == nil && got != "prompt"+s.Name {
			t.Errorf("read = %q, %v", got, err)
		}
	case 8:
		if _, err := r.Complete(t.Context(), &mcp.CompleteCall{Prompt: s.Name + "__prompt" + s.Name}); !known(err) {
			t.Errorf("Complete: %v", err)
		}
	default:
		got, err := call(t, r, name)
		if !known(err) || err == nil && got != "one" {
			t.Errorf("call %s = %q, %v", name, got, err)
		}
		<-time.After(time.Duration(rand.IntN(5)) * time.Millisecond)
	}
}

// known reports whether an error, if there is one, is of a kind that clients
// are told.
func known(err error) bool {
	_, isPlugin := errors.AsType[*mcp.PluginError](err)
	_, isProtocol := errors.AsType[*mcp.ProtocolError](err)
	return err == nil || isPlugin || isProtocol
}

// useWatched subscribes, has an update sent, and unsubscribes.
func useWatched(t *testing.T, r *Registry, s *fakeSource) {
	uris := []string{"test://" + s.Name, fmt.Sprintf("test://%s/%d", s.Name, rand.IntN(3))}
	accepted, err := r.Subscribe(t.Context(), uris)
	if err != nil {
		t.Errorf("Subscribe: %v", err)
	}
	if len(accepted) > 0 {
		select {
		case s.last().updates <- uris[0]:
		default:
		}
	}
	r.Unsubscribe(accepted)
}
