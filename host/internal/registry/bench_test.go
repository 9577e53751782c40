// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// loadedRegistry returns a registry of n ready plugins with ten tools each.
func loadedRegistry(tb testing.TB, n int) *Registry {
	var sources []Source
	for i := range n {
		var tools []string
		for j := range 10 {
			tools = append(tools, fmt.Sprintf("tool%d", j))
		}
		sources = append(sources, fake(fmt.Sprintf("plugin%03d", i), tools...).Source)
	}
	r := New(Options{Wait: WaitAll, Discover: func(context.Context) ([]Source, error) { return sources, nil }})
	if list, err := r.ListTools(tb.Context()); err != nil || len(list.Items) != 10*n {
		tb.Fatalf("ListTools: %v, %v", list, err)
	}
	return r
}

func BenchmarkListToolsWarm(b *testing.B) {
	r := loadedRegistry(b, 100)
	defer r.Close(b.Context())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.ListTools(b.Context()); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkCallToolRouting(b *testing.B) {
	source := scripted("p", func(context.Context, int) (*fakePlugin, error) {
		p := offering("one")
		p.call = func(context.Context, *mcp.ToolCall) (mcp.Outcome, error) { return mcp.Outcome{}, nil }
		return p, nil
	})
	r := New(Options{Discover: func(context.Context) ([]Source, error) { return []Source{source.Source}, nil }})
	defer r.Close(b.Context())
	call := &mcp.ToolCall{Name: "p__one", Arguments: []byte("{}")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.CallTool(b.Context(), call, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkColdList(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				loadedRegistry(b, n).Close(b.Context())
			}
		})
	}
}
