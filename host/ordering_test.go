// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
)

// A conversation is a pipe to a server whose lists are slow to be written: a
// middleware holds them for a while after they were made.
type conversation struct {
	in    io.WriteCloser
	lines *bufio.Scanner
}

const slowness = 5 * time.Second

func slowLists(next host.Handler) host.Handler {
	return func(ctx context.Context, req *host.Request) (host.Result, error) {
		result, err := next(ctx, req)
		if req.Method == "tools/list" {
			time.Sleep(slowness)
		}
		return result, err
	}
}

// slowConversation must be called in a bubble. It ends with the test.
func slowConversation(t *testing.T) *conversation {
	t.Helper()
	server, err := host.New(host.Config{Name: "test", Version: "1"}, host.Options{
		Sources: fakeSources(t, "fake tools=grow"), Middleware: []host.Middleware{slowLists},
	})
	if err != nil {
		t.Fatal(err)
	}
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- server.ServeStdio(context.Background(), fromClient, toClient)
		toClient.Close()
	}()
	t.Cleanup(func() {
		toServer.Close()
		go io.Copy(io.Discard, fromServer)
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &conversation{in: toServer, lines: bufio.NewScanner(fromServer)}
}

func (c *conversation) say(t *testing.T, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		t.Fatal(err)
	}
}

// hear fails unless the next messages hold these texts, in this order.
func (c *conversation) hear(t *testing.T, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !c.lines.Scan() {
			t.Fatalf("the server said no more, want %s", part)
		}
		if got := c.lines.Text(); !strings.Contains(got, part) {
			t.Fatalf("the server said %s, want %s", got, part)
		}
	}
}

func TestListChangedNeverOvertakesTheListThatItInvalidates(t *testing.T) {
	const handshake = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":` + initialize + `}
{"jsonrpc":"2.0","method":"notifications/initialized"}`
	const listen = `{"jsonrpc":"2.0","id":0,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + statelessMeta + `}}`
	tests := map[string]struct{ opening, first, meta string }{
		"handshake era": {handshake, `"protocolVersion"`, ``},
		"stateless era": {listen, `notifications/subscriptions/acknowledged`, statelessMeta},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := slowConversation(t)
				ask := func(id int, method, params string) {
					if test.meta != "" {
						params += "," + test.meta
					}
					c.say(t, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s}}`, id, method, strings.TrimPrefix(params, ","))
				}
				c.say(t, "%s", test.opening)
				c.hear(t, test.first)
				ask(1, "tools/list", "")
				c.hear(t, `"id":1`) // now there is something that a change invalidates

				// The list is made, then the tools change, and the change would be
				// announced long before the list is written.
				ask(2, "tools/list", "")
				synctest.Wait()
				ask(3, "tools/call", `"name":"fake__grow"`)
				c.hear(t, `"id":3`, `"id":2`, `notifications/tools/list_changed`)
			})
		})
	}
}

func TestCancelledListReleasesTheChangesThatItHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := slowConversation(t)
		c.say(t, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":%s}`, initialize)
		c.hear(t, `"id":0`)
		c.say(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
		c.say(t, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		c.hear(t, `"id":1`)
		c.say(t, `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
		synctest.Wait()
		c.say(t, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`)
		c.say(t, `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"fake__grow"}}`)
		c.hear(t, `"id":3`, `notifications/tools/list_changed`)
	})
}
