// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

func TestAuthorsMayKeepControlOfTheirQuestions(t *testing.T) {
	const params = `{"message":"Name?",  "requestedSchema":{"type":"object","properties":{"n":{"type":"string"}},"x<y":1}}`
	fn := func(ctx context.Context) (string, error) {
		state := string(pluginapi.State(ctx))
		var answer struct {
			Action  string `json:"action"`
			Content who    `json:"content"`
		}
		input, ok := pluginapi.Answers(ctx)["user_name"]
		if ok && json.Unmarshal(input.Result, &answer) == nil && answer.Action == "accept" {
			return state + answer.Content.Name, nil
		}
		return "", fmt.Errorf("ask: %w", &pluginapi.InputRequired{
			Requests: []pluginapi.InputRequest{{Key: "user_name", Method: pluginapi.MethodElicit, Params: raw(params)}},
			State:    []byte(state + "*"),
		})
	}
	tries := 0
	got, report := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
		switch tries++; tries {
		case 1:
			return nil, plugintest.ErrUnanswered
		case 2:
			return 7, nil
		}
		return raw(`{"action":"accept","content":{"name":"Ada"}}`), nil
	}}, fn)
	if got != "***Ada" || report.Rounds != 4 || string(report.Questions[0].Params) != params {
		t.Errorf("got %q in %d rounds: %s", got, report.Rounds, report.Questions[0].Params)
	}
	if pluginapi.Answers(t.Context()) != nil || pluginapi.State(t.Context()) != nil {
		t.Error("answers outside a call")
	}
}

func TestRoundsWithoutQuestionsAreEnteredAgain(t *testing.T) {
	got, report := tool(t, plugintest.Options{}, func(ctx context.Context) (string, error) {
		state := pluginapi.State(ctx)
		if len(state) == 2 {
			return "ready", nil
		}
		return "", &pluginapi.InputRequired{State: append(state, 'x')}
	})
	if got != "ready" || report.Rounds != 3 {
		t.Errorf("got %q in %d rounds", got, report.Rounds)
	}
}
