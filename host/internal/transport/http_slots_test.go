// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
)

// busyEndpoint serves stateless frames that last until release is closed.
func busyEndpoint(t *testing.T, opts HTTPOptions) (post func() int, begun chan struct{}, release chan struct{}) {
	begun, release = make(chan struct{}, 16), make(chan struct{})
	opts.One = func(_ context.Context, f *jsonrpc.Frame) {
		begun <- struct{}{}
		<-release
		f.Reply.Close()
	}
	server := httptest.NewServer(NewHTTP(opts))
	t.Cleanup(server.Close)
	post = func() int {
		resp, err := http.Post(server.URL+"/mcp", "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"x"}`))
		if err != nil {
			t.Error(err)
			return 0
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
			t.Error("a refusal does not say when to come back")
		}
		return resp.StatusCode
	}
	return post, begun, release
}

func TestRequestsAboveTheBoundAreRefusedAndOthersGoOn(t *testing.T) {
	for name, opts := range map[string]HTTPOptions{
		"requests": {MaxRequests: 2, Admit: func(*jsonrpc.Frame) Admission { return Admission{Mode: Stateless} }},
		"streams":  {MaxStreams: 2, Admit: func(*jsonrpc.Frame) Admission { return Admission{Mode: Stateless, Streams: true} }},
	} {
		t.Run(name, func(t *testing.T) {
			post, begun, release := busyEndpoint(t, opts)
			var open sync.WaitGroup
			for range 2 {
				open.Go(func() {
					if status := post(); status != http.StatusAccepted {
						t.Errorf("an open request ends with %d", status)
					}
				})
			}
			<-begun
			<-begun
			if status := post(); status != http.StatusServiceUnavailable {
				t.Errorf("one more is answered with %d", status)
			}
			close(release)
			open.Wait()
			if status := post(); status != http.StatusAccepted {
				t.Errorf("after they ended: %d", status)
			}
		})
	}
}
