// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host"
)

func TestOversizedMessageIsRefusedAndDisturbsNothingElse(t *testing.T) {
	const max = 64 << 20 // the default
	huge := bytes.Repeat([]byte{'x'}, max+1<<20)
	const refused = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"message of more than 67108864 bytes refused"}}`

	t.Run("stdio", func(t *testing.T) {
		s := embed(t, "", host.Options{})
		in := io.MultiReader(
			strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`+"\n"),
			bytes.NewReader(huge), strings.NewReader("\n"),
			strings.NewReader(`{"jsonrpc":"2.0","id":2,"method":"ping"}`+"\n"),
		)
		var out bytes.Buffer
		if err := s.ServeStdio(t.Context(), in, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`{"jsonrpc":"2.0","id":1,"result":{}}`, refused, `{"jsonrpc":"2.0","id":2,"result":{}}`} {
			if strings.Count(out.String(), want+"\n") != 1 {
				t.Errorf("not said once: %s; but:\n%s", want, out.String())
			}
		}
	})
	t.Run("HTTP", func(t *testing.T) {
		server, err := host.New(host.Config{HTTP: host.HTTPConfig{MaxBody: 1 << 20}}, host.Options{Sources: fakeSources(t, "fake tools=echo")})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close(context.Background())
		url, stop := endpoint(t, server)
		defer stop()
		// Of unknown length, so that it is the reading that finds out.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, io.MultiReader(bytes.NewReader(huge[:2<<20])))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "message of more than 1048576 bytes refused") {
			t.Errorf("status %d, body %s", resp.StatusCode, body)
		}
		list := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{`+statelessMeta+`}}`, stateless("tools/list")...)
		if body := bodyOf(t, list); !strings.Contains(body, "fake__echo") {
			t.Errorf("the next request got %d %s", list.StatusCode, body)
		}
	})
}

func TestHugeHeadersAreRefused(t *testing.T) {
	url := serveHTTP(t, "fake tools=echo")
	resp := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "X-Padding: "+strings.Repeat("a", 80<<10))
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// endpoint serves s over HTTP until stop is called, which waits for the end.
func endpoint(t *testing.T, s *host.Server) (url string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeHTTP(ctx, l) }()
	ended := false
	stop = func() {
		cancel()
		if ended {
			return
		}
		ended = true
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
	t.Cleanup(stop)
	return checked(t, "http://"+l.Addr().String()) + "/mcp", stop
}

func TestSubscriptionOverHTTPEndsWithAResultWhenTheServerStops(t *testing.T) {
	url, stop := endpoint(t, embed(t, "fake tools=grow", host.Options{}))
	listen := `{"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + statelessMeta + `}}`
	stream := send(t, http.MethodPost, url, listen, stateless("subscriptions/listen")...)
	const tag = `"_meta":{"io.modelcontextprotocol/subscriptionId":"s"`
	events := wantEvent(t, stream, `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true},`+tag+`}}}`)
	stop()
	nextEvent(t, events, `{"jsonrpc":"2.0","id":"s","result":{"resultType":"complete",`+tag+`,"io.modelcontextprotocol/serverInfo":{"name":"test","version":"1"}}}}`)
	for events.Scan() {
		if line := events.Text(); line != "" {
			t.Errorf("after the result comes %s", line)
		}
	}
}

func TestHangingCloserDelaysNoResponse(t *testing.T) {
	s := embed(t, "", host.Options{})
	type none struct{}
	release := make(chan struct{})
	err := host.HandleRequest(s, "example/open", func(_ context.Context, req *host.Request, _ none) (none, error) {
		req.Conn.OnClose(func(context.Context) error { <-release; return nil })
		return none{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	url, _ := endpoint(t, s)
	defer close(release)
	begun := time.Now()
	resp := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"example/open","params":{`+statelessMeta+`}}`, stateless("example/open")...)
	body := bodyOf(t, resp)
	// The closer alone would hold it for 5 s.
	if took := time.Since(begun); resp.StatusCode != 200 || !strings.Contains(body, `"id":1`) || took > 4*time.Second {
		t.Errorf("status %d, body %s after %v", resp.StatusCode, body, took)
	}
}
