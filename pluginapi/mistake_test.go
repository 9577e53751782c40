// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

func TestMistakesInQuestionsAreToolErrors(t *testing.T) {
	roots := func(ctx context.Context, key string) error {
		_, err := pluginapi.Roots(ctx, key)
		return err
	}
	byHand := func(requests ...pluginapi.InputRequest) func(context.Context) error {
		return func(context.Context) error { return &pluginapi.InputRequired{Requests: requests} }
	}
	many := make([]pluginapi.InputRequest, 33)
	for i := range many {
		many[i] = pluginapi.InputRequest{Key: fmt.Sprint(i), Method: pluginapi.MethodListRoots}
	}
	for name, test := range map[string]struct {
		ask  func(ctx context.Context) error
		want string
	}{
		"no key":   {func(ctx context.Context) error { return roots(ctx, "") }, `has the key "": it takes 1 to 128 bytes`},
		"long key": {func(ctx context.Context) error { return roots(ctx, strings.Repeat("x", 129)) }, "it takes 1 to 128 bytes"},
		"one key for two": {func(ctx context.Context) error {
			_ = roots(ctx, "k")
			_, err := pluginapi.Elicit[who](ctx, "k", "Who?")
			return err
		}, `two different questions have the key "k"`},
		"no form": {func(ctx context.Context) error {
			_, err := pluginapi.Elicit[map[string]string](ctx, "k", "Who?")
			return err
		}, `question "k": map[string]string is no struct`},
		"bad schema": {func(ctx context.Context) error {
			_, err := pluginapi.ElicitForm(ctx, "k", pluginapi.ElicitParams{Schema: raw(`{"type":"string"}`)})
			return err
		}, `must say "type": "object"`},
		"no message": {func(ctx context.Context) error {
			_, err := pluginapi.Sample(ctx, "k", pluginapi.SampleParams{})
			return err
		}, "a question to a model needs a message"},
		"link to a model": {func(ctx context.Context) error {
			_, err := pluginapi.Sample(ctx, "k", pluginapi.SampleParams{Messages: []pluginapi.SampleMessage{{
				Content: []pluginapi.Content{pluginapi.ResourceLink{URI: "t://a", Name: "a"}},
			}}})
			return err
		}, "a model is sent a Text, Image, Audio or Raw, no pluginapi.ResourceLink"},
		"no method":       {byHand(pluginapi.InputRequest{Key: "k"}), `question "k": there is no method 0`},
		"params":          {byHand(pluginapi.InputRequest{Key: "k", Method: pluginapi.MethodElicit, Params: raw(`[]`)}), "the params are not a JSON object"},
		"key twice":       {byHand(many[0], many[0]), `two questions have the key "0"`},
		"many questions":  {byHand(many...), "asks 33 questions at once; the most is 32"},
		"too large state": {func(context.Context) error { return &pluginapi.InputRequired{State: make([]byte, 64<<10)} }, "the most is 65536"},
		"too large memo": {func(ctx context.Context) error {
			_, _ = pluginapi.Memo(ctx, "m", func() (string, error) { return strings.Repeat("x", 64<<10), nil })
			return roots(ctx, "k")
		}, "the most is 65536: keep less in Memo"},
		"outside a call": {func(context.Context) error { return roots(context.Background(), "k") }, "a question outside of a call"},
	} {
		t.Run(name, func(t *testing.T) {
			got, report := tool(t, plugintest.Options{}, func(ctx context.Context) (string, error) { return "", test.ask(ctx) })
			if !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if !report.IsError {
				t.Error("no tool error")
			}
		})
	}
}
