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
		sources = append(sources, scripted(fmt.Sprintf("p%d", i), func(ctx context.Context, n int) (*fakePlugin, error) {
			if n%4 == 3 {
				return nil, errBroken
			}
			return takes(time.Duration(n)*time.Millisecond, "one", fmt.Sprintf("two%d", n%2))(ctx, n)
		}))
	}
	opts := Options{StartLimit: 2, Rand: rand.Float64, Backoff: Backoff{Min: time.Millisecond, Failures: 1000}}
	bubble(t, opts, sources, func(t *testing.T, r *Registry) {
		count(r)
		var users sync.WaitGroup
		for u := range 8 {
			users.Go(func() {
				for i := range 100 {
					use(t, r, sources[rand.IntN(len(sources))], fmt.Sprintf("mine%d", u), i)
				}
			})
		}
		users.Wait()
	})
}

// use does one thing to the registry.
func use(t *testing.T, r *Registry, s *fakeSource, mine string, i int) {
	name := s.Name + "__one"
	switch i % 8 {
	case 0:
		_, _ = r.ListTools(t.Context())
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
		r.LookupTool(name)
		r.EndConnection(t.Context(), mine)
	default:
		got, err := call(t, r, name)
		_, isPlugin := errors.AsType[*mcp.PluginError](err)
		_, isProtocol := errors.AsType[*mcp.ProtocolError](err)
		if err == nil && got != "one" || err != nil && !isPlugin && !isProtocol {
			t.Errorf("call %s = %q, %v", name, got, err)
		}
		<-time.After(time.Duration(rand.IntN(5)) * time.Millisecond)
	}
}
