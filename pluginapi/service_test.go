// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func addNamed(p *pluginapi.Plugin, name string) {
	pluginapi.AddTool(p, pluginapi.Tool{Name: name}, func(context.Context, none) (none, error) { return none{}, nil })
}

func TestPluginDescribesItself(t *testing.T) {
	p := pluginapi.New("weather", "1.2.3")
	p.SetDetails(pluginapi.Details{
		Title: "Weather", Description: "Looks out.", WebsiteURL: "https://weather.example",
		Extensions: []string{"io.modelcontextprotocol/ui"}, Limits: pluginapi.Limits{MaxConcurrentCalls: 8},
	})
	pluginapi.OnConfigure(p, func(context.Context, struct {
		Key string `json:"key"`
	}) error {
		return nil
	})
	conn := serve(t, p)
	got, err := pluginv1.NewPluginServiceClient(conn).Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const schema = `{"type":"object","properties":{"key":{"type":"string"}},"required":["key"],"additionalProperties":false}`
	want := &pluginv1.DescribeResponse{
		Name: "weather", Version: "1.2.3", Title: "Weather", Description: "Looks out.", WebsiteUrl: "https://weather.example",
		Abilities: []pluginv1.Ability{pluginv1.Ability_ABILITY_TOOLS}, SettingsSchemaJson: []byte(schema),
		Limits: &pluginv1.Limits{MaxConcurrentCalls: 8}, Extensions: []string{"io.modelcontextprotocol/ui"},
	}
	if got, want := protojson.Format(got), protojson.Format(want); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}

	health, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	if err != nil || health.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health %v %v", health, err)
	}
}

func TestSettingsAreDecodedStrictly(t *testing.T) {
	type settings struct {
		Key string `json:"key"`
	}
	for name, test := range map[string]struct {
		raw  string
		code codes.Code
		text string
	}{
		"good":          {`{"key":"k"}`, codes.OK, ""},
		"unknown":       {`{"key":"k","keys":1}`, codes.InvalidArgument, `invalid settings: unexpected additional properties ["keys"]`},
		"refused":       {`{"key":"no"}`, codes.InvalidArgument, "that key is not valid"},
		"author panics": {`{"key":"panic"}`, codes.Internal, "internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			pluginapi.OnConfigure(p, func(_ context.Context, s settings) error {
				switch s.Key {
				case "no":
					return errors.New("that key is not valid")
				case "panic":
					panic(s.Key)
				}
				return nil
			})
			_, err := pluginv1.NewPluginServiceClient(serve(t, p)).Configure(t.Context(), &pluginv1.ConfigureRequest{
				SettingsJson: []byte(test.raw), PluginName: "id", DataDir: "dir",
			})
			if status.Code(err) != test.code || err != nil && status.Convert(err).Message() != test.text {
				t.Errorf("got %v", err)
			}
			if p.Identity() != "id" || p.DataDir() != "dir" {
				t.Errorf("identity %q, data %q", p.Identity(), p.DataDir())
			}
		})
	}
}

func TestSettingsOfOnePluginComeOnce(t *testing.T) {
	p := pluginapi.New("test", "1")
	pluginapi.OnConfigure(p, func(context.Context, none) error { return nil })
	client := pluginv1.NewPluginServiceClient(serve(t, p))
	req := &pluginv1.ConfigureRequest{SettingsJson: []byte("{}")}
	if _, err := client.Configure(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Configure(t.Context(), req); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v", err)
	}
}

func TestSettingsCanBeGivenAgainAfterARefusal(t *testing.T) {
	p := pluginapi.New("test", "1")
	pluginapi.OnConfigure(p, func(_ context.Context, s struct {
		Key string `json:"key"`
	}) error {
		if s.Key == "" {
			return errors.New("key is empty")
		}
		return nil
	})
	client := pluginv1.NewPluginServiceClient(serve(t, p))
	for _, try := range []struct {
		raw  string
		want codes.Code
	}{{`{"key":""}`, codes.InvalidArgument}, {`{"key":""}`, codes.InvalidArgument}, {`{"key":"k"}`, codes.OK}, {`{"key":"k"}`, codes.FailedPrecondition}} {
		if _, err := client.Configure(t.Context(), &pluginv1.ConfigureRequest{SettingsJson: []byte(try.raw)}); status.Code(err) != try.want {
			t.Errorf("%s: got %v, want %v", try.raw, err, try.want)
		}
	}
}

func TestPluginWithoutHooksSaysSo(t *testing.T) {
	p := pluginapi.New("test", "1")
	client := pluginv1.NewPluginServiceClient(serve(t, p))
	_, err := client.Configure(t.Context(), &pluginv1.ConfigureRequest{SettingsJson: []byte("{}"), DataDir: "dir"})
	if status.Code(err) != codes.Unimplemented || p.DataDir() != "dir" {
		t.Errorf("got %v, data %q", err, p.DataDir())
	}
	_, err = client.EndConnection(t.Context(), &pluginv1.EndConnectionRequest{ConnectionId: "c"})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
}

func TestEndOfAConnectionIsTold(t *testing.T) {
	p := pluginapi.New("test", "1")
	told := make(chan string, 1)
	p.OnEndConnection(func(id string) { told <- id })
	client := pluginv1.NewPluginServiceClient(serve(t, p))
	if _, err := client.EndConnection(t.Context(), &pluginv1.EndConnectionRequest{ConnectionId: "c7"}); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != "c7" {
		t.Errorf("got %q", got)
	}
}

func TestListIsPagedAndWhole(t *testing.T) {
	p := pluginapi.New("test", "1")
	for i := range 1201 {
		addNamed(p, fmt.Sprintf("t%04d", i))
	}
	client := pluginv1.NewToolServiceClient(serve(t, p))
	var names []string
	var revision, token string
	pages := 0
	for {
		page, err := client.ListTools(t.Context(), &pluginv1.ListToolsRequest{PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, tool := range page.GetTools() {
			names = append(names, tool.GetName())
		}
		if revision == "" {
			revision = page.GetRevision()
			// A change between two pages: what is listed keeps the revision that
			// the list began with, so that it is seen to be out of date.
			p.RemoveTool("t0499")
		}
		if page.GetRevision() != revision {
			t.Errorf("page %d is of revision %s, the first of %s", pages, page.GetRevision(), revision)
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if pages != 3 || len(names) != 1201 {
		t.Fatalf("%d names in %d pages", len(names), pages)
	}
	for i, name := range names {
		if name != fmt.Sprintf("t%04d", i) {
			t.Fatalf("name %d is %s", i, name)
		}
	}
}

func TestWatchTellsEachRevision(t *testing.T) {
	p := pluginapi.New("test", "1")
	addNamed(p, "a")
	conn := serve(t, p)
	stream, err := pluginv1.NewPluginServiceClient(conn).Watch(t.Context(), &pluginv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() string {
		t.Helper()
		event, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return event.GetRevisions().GetTools()
	}

	first := next()
	list, err := pluginv1.NewToolServiceClient(conn).ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil || list.GetRevision() != first || first == "" {
		t.Fatalf("watch says %q, the list %q, %v", first, list.GetRevision(), err)
	}
	addNamed(p, "b")
	second := next()
	if second == first {
		t.Error("a new tool has not changed the revision")
	}
	addNamed(p, "b") // a mistake: logged, and nothing changes
	p.RemoveTool("none")
	p.RemoveTool("b")
	if third := next(); third != first {
		t.Errorf("the same list is revision %s and %s", first, third)
	}
}

func TestStoppingPluginLetsCallsFinishAndRunsItsHook(t *testing.T) {
	p := pluginapi.New("test", "1")
	started, finish := make(chan none), make(chan none)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(ctx context.Context, _ none) (string, error) {
		close(started)
		<-finish
		return "done", ctx.Err()
	})
	hook := make(chan error, 1)
	p.OnShutdown(func(ctx context.Context) { hook <- ctx.Err() })
	conn, stop, err := dial(p)
	if err != nil {
		t.Fatal(err)
	}

	watch, err := pluginv1.NewPluginServiceClient(conn).Watch(t.Context(), &pluginv1.WatchRequest{})
	if err != nil {
		t.Fatal(err)
	}
	call := make(chan []*pluginv1.CallToolResponse, 1)
	go func() {
		events, _ := callTool(context.Background(), conn, &pluginv1.CallToolRequest{Name: "t"})
		call <- events
	}()
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for err == nil { // the watch ends when the plugin takes no more calls
		_, err = watch.Recv()
	}
	if _, err := callTool(t.Context(), conn, &pluginv1.CallToolRequest{Name: "t"}); status.Code(err) != codes.Unavailable {
		t.Errorf("a call while stopping: %v", err)
	}
	close(finish)

	if events := <-call; len(events) != 1 || events[0].GetResult().GetContent()[0].GetText().GetText() != "done" {
		t.Errorf("the call in flight got %v", events)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if err := <-hook; err != nil {
		t.Errorf("the hook's context was over: %v", err)
	}
}

func TestServingEndsWellHoweverEarlyItIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lis := bufconn.Listen(1)
	if err := pluginapi.New("test", "1").ServeListener(ctx, lis); err != nil {
		t.Error(err)
	}
	if _, err := lis.Accept(); err == nil {
		t.Error("the listener is open")
	}
}
