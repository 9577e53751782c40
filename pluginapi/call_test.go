// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// inCall runs fn as a tool called in the context info and returns the events.
func inCall(t *testing.T, info *pluginv1.CallContext, fn func(ctx context.Context)) []*pluginv1.CallToolResponse {
	t.Helper()
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(ctx context.Context, _ none) (none, error) {
		fn(ctx)
		return none{}, nil
	})
	events, err := callTool(t.Context(), serve(t, p), &pluginv1.CallToolRequest{Name: "t", Context: info})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestEventsArriveInOrderBeforeTheOutcome(t *testing.T) {
	info := &pluginv1.CallContext{WantsProgress: true, LogLevel: pluginv1.LogLevel_LOG_LEVEL_WARNING}
	events := inCall(t, info, func(ctx context.Context) {
		pluginapi.Progress(ctx, 1, 2, "one")
		pluginapi.Progress(ctx, 2, 0, "")
		pluginapi.Log(ctx, pluginapi.LevelInfo, "too quiet")
		pluginapi.Log(ctx, pluginapi.LevelError, "bad")
		pluginapi.Log(ctx, pluginapi.LevelWarning, "hm", "n", 1, "err", errors.New("no"), "f", func() {}, "odd")
		pluginapi.ReleaseStream(ctx, 3*time.Second)
	})
	want := []string{
		`{"progress":{"progress":1,"total":2,"message":"one"}}`,
		`{"progress":{"progress":2}}`,
		`{"log":{"level":"LOG_LEVEL_ERROR","dataJson":"ImJhZCI="}}`,
		"", // holds an address: below
		`{"releaseStream":{"retryAfterMs":3000}}`,
		`{"result":{}}`,
	}
	if len(events) != len(want) {
		t.Fatalf("%d events: %v", len(events), events)
	}
	for i, event := range events {
		if got := strings.ReplaceAll(protojson.MarshalOptions{}.Format(event), " ", ""); want[i] != "" && got != want[i] {
			t.Errorf("event %d: %s", i, got)
		}
	}
	if got := string(events[3].GetLog().GetDataJson()); !strings.HasPrefix(got, `{"err":"no","extra":"odd","f":"0x`) ||
		!strings.HasSuffix(got, `","message":"hm","n":1}`) {
		t.Errorf("log data %s", got)
	}
}

func TestUnwantedEventsAreNotSent(t *testing.T) {
	events := inCall(t, &pluginv1.CallContext{}, func(ctx context.Context) {
		pluginapi.Progress(ctx, 1, 2, "one")
		pluginapi.Log(ctx, pluginapi.LevelEmergency, "fire")
	})
	if len(events) != 1 {
		t.Errorf("got %v", events)
	}
}

func TestEventsMayComeFromManyGoroutines(t *testing.T) {
	const each = 50
	events := inCall(t, &pluginv1.CallContext{WantsProgress: true}, func(ctx context.Context) {
		var tellers sync.WaitGroup
		for range 4 {
			tellers.Go(func() {
				for i := range each {
					pluginapi.Progress(ctx, float64(i), each, "")
				}
			})
		}
		tellers.Wait()
	})
	if len(events) != 4*each+1 || events[4*each].GetResult() == nil {
		t.Errorf("%d events", len(events))
	}
}

func TestEventsAfterTheHandlerAreDropped(t *testing.T) {
	var late context.Context
	events := inCall(t, &pluginv1.CallContext{WantsProgress: true}, func(ctx context.Context) {
		late = context.WithoutCancel(ctx)
	})
	pluginapi.Progress(late, 1, 1, "too late") // would write to a stream that is over
	if len(events) != 1 {
		t.Errorf("got %v", events)
	}
}

func TestCallerIsTold(t *testing.T) {
	var got pluginapi.CallInfo
	inCall(t, &pluginv1.CallContext{
		RequestId:     "r1",
		ConnectionId:  "c1",
		Client:        &pluginv1.ClientInfo{Name: "client", Version: "2", Title: "Client"},
		Capabilities:  &pluginv1.ClientCapabilities{ElicitationUrl: true, Roots: true},
		LogLevel:      pluginv1.LogLevel_LOG_LEVEL_NOTICE,
		WantsProgress: true,
		Principal:     &pluginv1.Principal{Subject: "ada", Issuer: "i", Scopes: []string{"read"}},
		Headers:       []*pluginv1.Header{{Name: "X-Tenant", Value: "a"}, {Name: "X-Tenant", Value: "b"}},
		MetaJson:      []byte(`{"k":1}`),
	}, func(ctx context.Context) { got = pluginapi.Caller(ctx) })
	want := pluginapi.CallInfo{
		RequestID:     "r1",
		ConnectionID:  "c1",
		Client:        pluginapi.Client{Name: "client", Version: "2", Title: "Client"},
		Capabilities:  pluginapi.Capabilities{ElicitationURL: true, Roots: true},
		LogLevel:      pluginapi.LevelNotice,
		WantsProgress: true,
		Principal:     pluginapi.Principal{Subject: "ada", Issuer: "i", Scopes: []string{"read"}},
		Headers:       http.Header{"X-Tenant": {"a", "b"}},
		Meta:          []byte(`{"k":1}`),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestHelpersDoNothingOutsideACall(t *testing.T) {
	ctx := t.Context()
	pluginapi.Progress(ctx, 1, 1, "")
	pluginapi.Log(ctx, pluginapi.LevelInfo, "")
	pluginapi.ReleaseStream(ctx, time.Second)
	pluginapi.Logger(ctx).Error("nobody hears this")
	if got := pluginapi.Caller(ctx); !reflect.DeepEqual(got, pluginapi.CallInfo{}) {
		t.Errorf("caller %+v", got)
	}
}
