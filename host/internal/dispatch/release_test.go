// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/dispatch"
	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// releasing is a Reply that can let its peer go.
type releasing struct {
	recorder
	asked []time.Duration
}

func (r *releasing) Release(after time.Duration) { r.asked = append(r.asked, after) }

func TestReleaseReachesTheTransportWhileTheRequestLives(t *testing.T) {
	var late interface{ Release(time.Duration) }
	opts := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		late = req.Channel.(interface{ Release(time.Duration) })
		late.Release(time.Second)
		return nil, nil
	})
	reply := &releasing{}
	dispatch.One(t.Context(), &jsonrpc.Frame{Data: []byte(request("1", "m")), Reply: reply}, opts)
	late.Release(time.Minute)
	if want := []time.Duration{time.Second}; !slices.Equal(reply.asked, want) {
		t.Errorf("the transport was asked for %v, want %v: nothing after the answer", reply.asked, want)
	}
	reply.wants(t, response("1", "{}"))
}

func TestReleaseOnATransportWithoutItDoesNothing(t *testing.T) {
	opts := serving(func(_ context.Context, req *jsonrpc.Request) (jsonrpc.Result, error) {
		req.Channel.(interface{ Release(time.Duration) }).Release(time.Second)
		return nil, nil
	})
	one(t.Context(), request("1", "m"), opts).wants(t, response("1", "{}"))
}
