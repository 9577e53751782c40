// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

func TestSamplingCarriesAllThatTheAuthorSays(t *testing.T) {
	text := pluginapi.Text{Text: "hi", Annotations: pluginapi.Annotations{Audience: []pluginapi.Role{pluginapi.RoleUser}}, Meta: raw(`{"k":1}`)}
	const toolUse = `{"type":"tool_use", "id":"1","name":"n","input":{}}`
	params := pluginapi.SampleParams{
		Messages: []pluginapi.SampleMessage{
			{Content: []pluginapi.Content{text}},
			{Role: pluginapi.RoleAssistant, Content: []pluginapi.Content{
				pluginapi.Image{Data: []byte("png"), MIMEType: "image/png"},
				pluginapi.Audio{Data: []byte("wav"), MIMEType: "audio/wav"},
				pluginapi.Raw{Block: raw(toolUse), Fallback: "a tool"},
			}},
		},
		MaxTokens: 7, SystemPrompt: "be kind", Temperature: new(0.0), StopSequences: []string{"END"},
		ModelPreferences: &pluginapi.ModelPreferences{Hints: []string{"small"}, SpeedPriority: new(1.0)},
		IncludeContext:   "none", Metadata: raw(`{"a": 1}`), Tools: raw(`[{"name": "n"}]`), ToolChoice: raw(`{"mode":"auto"}`),
	}
	const want = `{"messages":[{"role":"user","content":{"type":"text","text":"hi","annotations":{"audience":["user"]},"_meta":{"k":1}}},` +
		`{"role":"assistant","content":[{"type":"image","data":"cG5n","mimeType":"image/png"},` +
		`{"type":"audio","data":"d2F2","mimeType":"audio/wav"},` + toolUse + `]}],` +
		`"maxTokens":7,"systemPrompt":"be kind","temperature":0,"stopSequences":["END"],` +
		`"modelPreferences":{"hints":[{"name":"small"}],"speedPriority":1},"includeContext":"none",` +
		`"metadata":{"a": 1},"tools":[{"name": "n"}],"toolChoice":{"mode":"auto"}}`
	const reply = `{"role":"assistant","model":"m","stopReason":"toolUse","content":[{"type":"text","text":"a"},` +
		`{"type":"tool_use","id":"1"},{"type":"image","data":"cG5n","mimeType":"image/png"},{"type":"text","text":"b"}]}`
	var result pluginapi.SampleResult
	_, report := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) { return raw(reply), nil }},
		func(ctx context.Context) (text string, err error) {
			result, err = pluginapi.Sample(ctx, "k", params)
			return "", err
		})
	if got := string(report.Questions[0].Params); got != want {
		t.Errorf("params\n got %s\nwant %s", got, want)
	}
	wantResult := pluginapi.SampleResult{
		Role: pluginapi.RoleAssistant, Model: "m", StopReason: "toolUse", JSON: raw(reply),
		Content: []pluginapi.Content{
			pluginapi.Text{Text: "a"}, pluginapi.Raw{Block: raw(`{"type":"tool_use","id":"1"}`)},
			pluginapi.Image{Data: []byte("png"), MIMEType: "image/png"}, pluginapi.Text{Text: "b"},
		},
	}
	if !reflect.DeepEqual(result, wantResult) || result.Text() != "ab" {
		t.Errorf("got %+v", result)
	}
}
