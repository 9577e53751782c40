// SPDX-License-Identifier: Apache-2.0

package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

type none = struct{}

type settings struct {
	Greeting string `json:"greeting"`
}

// greeter is configured, reports, asks and changes.
func greeter() *pluginapi.Plugin {
	p := pluginapi.New("greeter", "1")
	var greeting string
	pluginapi.OnConfigure(p, func(_ context.Context, s settings) error {
		if s.Greeting == "" {
			return errors.New("greet how?")
		}
		greeting = s.Greeting
		return nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "greet", Hints: pluginapi.Hints{ReadOnly: true, OpenWorld: new(false)},
	}, func(ctx context.Context, in struct {
		Who string `json:"who"`
	}) (string, error) {
		pluginapi.Progress(ctx, 1, 2, "greeting")
		pluginapi.Log(ctx, pluginapi.LevelInfo, "hello")
		pluginapi.ReleaseStream(ctx, time.Second)
		roots, err := pluginapi.Roots(ctx, "roots")
		return fmt.Sprintf("%s, %s from %d folders!", greeting, in.Who, len(roots)), err
	})
	return p
}

func roots(string, string, json.RawMessage) (any, error) {
	return json.RawMessage(`{"roots":[{"uri":"file:///a"}]}`), nil
}

func TestCallsAreReportedInFull(t *testing.T) {
	client := plugintest.Start(t, greeter(), settings{Greeting: "Hello"})
	got, err := client.CallTool(t.Context(), "greet", map[string]string{"who": "Ada"}, plugintest.Options{Answer: roots})
	if err != nil || got.Text() != "Hello, Ada from 1 folders!" {
		t.Errorf("got %q %v", got.Text(), err)
	}
	want := plugintest.Report{
		Progress:  []plugintest.Progress{{Done: 1, Total: 2, Message: "greeting"}, {Done: 1, Total: 2, Message: "greeting"}},
		Logs:      []plugintest.Log{{Level: pluginapi.LevelInfo, Data: json.RawMessage(`"hello"`)}, {Level: pluginapi.LevelInfo, Data: json.RawMessage(`"hello"`)}},
		Questions: []plugintest.Question{{Key: "roots", Method: "roots/list", Params: json.RawMessage(`{}`)}},
		Rounds:    2,
		Releases:  2,
	}
	if !reflect.DeepEqual(got.Report, want) {
		t.Errorf("report %+v", got.Report)
	}
	tools, err := client.ListTools(t.Context())
	if err != nil || len(tools) != 1 || !tools[0].Hints.ReadOnly || *tools[0].Hints.OpenWorld || tools[0].Hints.Destructive != nil {
		t.Errorf("tools %+v %v", tools, err)
	}
}

func TestCallsThatGoNowhereFail(t *testing.T) {
	client := plugintest.Start(t, greeter(), settings{Greeting: "Hello"})
	args := json.RawMessage(`{"who":"Ada"}`)
	for name, test := range map[string]struct {
		tool    string
		options plugintest.Options
		want    string
	}{
		"unknown tool": {"wave", plugintest.Options{}, `there is no tool "wave"`},
		"no answer":    {"greet", plugintest.Options{}, `asks "roots" (roots/list) and the test has no Answer`},
		"silence": {"greet", plugintest.Options{MaxRounds: 3, Answer: func(string, string, json.RawMessage) (any, error) {
			return nil, plugintest.ErrUnanswered
		}}, "the call asks on after 3 rounds"},
		"no JSON": {"greet", plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
			return func() {}, nil
		}}, `the answer to "roots": json: unsupported type`},
	} {
		got, err := client.CallTool(t.Context(), test.tool, args, test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) || got == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedSettingsAreTold(t *testing.T) {
	if got := plugintest.Refusal(t, greeter(), settings{}); got != "greet how?" {
		t.Errorf("got %q", got)
	}
	if got := plugintest.Refusal(t, greeter(), map[string]any{"greeting": 7}); !strings.Contains(got, "invalid settings: greeting") {
		t.Errorf("got %q", got)
	}
}

func TestOptionsAreWhatTheCallerIs(t *testing.T) {
	p := pluginapi.New("test", "1")
	infos := make(chan pluginapi.CallInfo, 1)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(ctx context.Context, _ none) (none, error) {
		infos <- pluginapi.Caller(ctx)
		return none{}, nil
	})
	ended := make(chan string, 1)
	p.OnEndConnection(func(id string) { ended <- id })
	client := plugintest.Start(t, p, nil)
	o := plugintest.Options{
		Capabilities: &pluginapi.Capabilities{Roots: true},
		ConnectionID: "c1",
		Principal:    pluginapi.Principal{Subject: "ada", Scopes: []string{"read"}},
		Headers:      http.Header{"X-Tenant": {"a", "b"}},
		Meta:         json.RawMessage(`{"k":1}`),
		LogLevel:     pluginapi.LevelError,
	}
	if _, err := client.CallTool(t.Context(), "t", nil, o); err != nil {
		t.Fatal(err)
	}
	got := <-infos
	want := pluginapi.CallInfo{
		RequestID: "r1", ConnectionID: "c1", Client: pluginapi.Client{Name: "plugintest"},
		Capabilities: *o.Capabilities, LogLevel: o.LogLevel, WantsProgress: true,
		Principal: o.Principal, Headers: http.Header(o.Headers), Meta: o.Meta,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if err := client.EndConnection(t.Context(), "c1"); err != nil || <-ended != "c1" {
		t.Errorf("end of the connection: %v", err)
	}
}

func TestAllContentComesBack(t *testing.T) {
	hints := pluginapi.Annotations{Audience: []pluginapi.Role{pluginapi.RoleUser}, LastModified: time.Unix(0, 0).UTC()}
	meta := json.RawMessage(`{"k":1}`)
	want := pluginapi.Result{
		Content: []pluginapi.Content{
			pluginapi.Text{Text: "a", Annotations: hints, Meta: meta},
			pluginapi.Image{Data: []byte("png"), MIMEType: "image/png", Annotations: hints},
			pluginapi.Audio{Data: []byte("wav"), MIMEType: "audio/wav", Meta: meta},
			pluginapi.ResourceLink{URI: "t://a", Name: "a", Title: "A", Description: "d", MIMEType: "m", Size: new(uint64(1)), Icons: []pluginapi.Icon{{Src: "data:,"}}},
			pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: "t://a", Text: "x"}},
			pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: "t://b", Blob: []byte{}, Meta: meta}},
			pluginapi.Raw{Block: json.RawMessage(`{"type":"new"}`), Fallback: "new"},
		},
		Structured: json.RawMessage(`[1]`), IsError: true, Meta: meta,
	}
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(context.Context, none) (pluginapi.Result, error) { return want, nil })
	got, err := plugintest.Start(t, p, nil).CallTool(t.Context(), "t", nil, plugintest.Options{})
	if err != nil || !reflect.DeepEqual(got.Result, want) {
		t.Errorf("got %+v %v", got.Result, err)
	}
}
