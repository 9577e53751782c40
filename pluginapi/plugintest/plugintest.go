// SPDX-License-Identifier: Apache-2.0

// Package plugintest turns a plugin into what its clients would see, inside a
// test: it serves the plugin over gRPC in the same process, calls it as the host
// does, answers its questions and enters the calls again. It knows the plugin
// protocol and nothing of MCP's versions, of processes and of the host's checks.
package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// Identity is the name that Start gives a plugin.
const Identity = "test"

// maxEvents is how many changes of each kind wait to be read; a test that never
// reads them loses those above it.
const maxEvents = 1024

// A Client is the host's end of one plugin. Its methods may be called by many
// goroutines at once.
type Client struct {
	conn      *grpc.ClientConn
	abilities []pluginapi.Ability
	updates   chan string
	changes   chan Revisions
}

// Revisions name the state of each list: what differs has changed.
type Revisions struct{ Tools, Resources, Prompts string }

// Start serves p until the test ends, with settings, which become a JSON object;
// nil gives none. It fails the test if the plugin does not start or refuses the
// settings, and when the plugin does not stop in order.
func Start(t testing.TB, p *pluginapi.Plugin, settings any) *Client {
	t.Helper()
	c, err := start(t, p)
	if err == nil {
		err = c.configure(t, settings)
	}
	if err != nil {
		t.Fatalf("start the plugin: %v", err)
	}
	return c
}

// Refusal starts p with settings that it should refuse and returns what it says
// to the operator; it fails the test if p takes them.
func Refusal(t testing.TB, p *pluginapi.Plugin, settings any) string {
	t.Helper()
	c, err := start(t, p)
	if err != nil {
		t.Fatalf("start the plugin: %v", err)
	}
	err = c.configure(t, settings)
	if status.Code(err) != codes.InvalidArgument {
		t.Fatalf("the plugin takes the settings: %v", err)
	}
	return status.Convert(err).Message()
}

// Abilities are what the plugin says it provides.
func (c *Client) Abilities() []pluginapi.Ability { return c.abilities }

// Updates are the resources that the plugin reports as changed; see Subscribe.
func (c *Client) Updates() <-chan string { return c.updates }

// Changes are the revisions of the plugin's lists: those at the start first.
func (c *Client) Changes() <-chan Revisions { return c.changes }

// Subscribe replaces the set of resources that are watched and returns those
// whose changes the plugin will report.
func (c *Client) Subscribe(ctx context.Context, uris ...string) ([]string, error) {
	response, err := pluginv1.NewResourceServiceClient(c.conn).
		SetSubscriptions(ctx, &pluginv1.SetSubscriptionsRequest{Uris: uris})
	return response.GetAcceptedUris(), err
}

// EndConnection tells the plugin that a client's connection is gone.
func (c *Client) EndConnection(ctx context.Context, connectionID string) error {
	_, err := pluginv1.NewPluginServiceClient(c.conn).
		EndConnection(ctx, &pluginv1.EndConnectionRequest{ConnectionId: connectionID})
	return err
}

// start serves p and calls Describe.
func start(t testing.TB, p *pluginapi.Plugin) (*Client, error) {
	lis := bufconn.Listen(1 << 20)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	var served error
	serving.Go(func() { served = p.ServeListener(ctx, lis) })

	conn, err := grpc.NewClient("passthrough:plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize),
			grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		stop()
		serving.Wait()
		return nil, err
	}
	c := &Client{conn: conn, updates: make(chan string, maxEvents), changes: make(chan Revisions, maxEvents)}
	t.Cleanup(func() {
		stop()
		serving.Wait()
		if err := errors.Join(served, conn.Close()); err != nil {
			t.Errorf("stop the plugin: %v", err)
		}
	})
	d, err := pluginv1.NewPluginServiceClient(conn).Describe(ctx, &pluginv1.DescribeRequest{})
	if err != nil {
		stop()
		serving.Wait()
		return nil, errors.Join(served, err) // the plugin's own mistake says more
	}
	for _, a := range d.GetAbilities() {
		c.abilities = append(c.abilities, pluginapi.Ability(a))
	}
	return c, nil
}

// configure hands over the settings and opens the watch.
func (c *Client) configure(t testing.TB, settings any) error {
	raw := []byte("{}")
	if settings != nil {
		var err error
		if raw, err = json.Marshal(settings); err != nil {
			return err
		}
	}
	client := pluginv1.NewPluginServiceClient(c.conn)
	_, err := client.Configure(t.Context(), &pluginv1.ConfigureRequest{
		SettingsJson: raw,
		PluginName:   Identity,
		DataDir:      t.TempDir(),
	})
	if err != nil && (settings != nil || status.Code(err) != codes.Unimplemented) {
		return err
	}

	ctx, stop := context.WithCancel(context.Background())
	stream, err := client.Watch(ctx, &pluginv1.WatchRequest{})
	var watching sync.WaitGroup
	if err == nil {
		watching.Go(func() { c.watch(stream) })
	}
	t.Cleanup(func() { stop(); watching.Wait() })
	return err
}

// watch passes the plugin's changes on until the stream ends.
func (c *Client) watch(stream grpc.ServerStreamingClient[pluginv1.WatchResponse]) {
	for {
		event, err := stream.Recv()
		if err != nil {
			return
		}
		if r := event.GetRevisions(); r != nil {
			offer(c.changes, Revisions{Tools: r.GetTools(), Resources: r.GetResources(), Prompts: r.GetPrompts()})
		}
		if u := event.GetResourceUpdated(); u != nil {
			offer(c.updates, u.GetUri())
		}
	}
}

func offer[T any](to chan<- T, value T) {
	select {
	case to <- value:
	default:
	}
}

// receive reads a stream to its end.
func receive[R any](stream grpc.ServerStreamingClient[R], take func(*R)) error {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		take(event)
	}
}
