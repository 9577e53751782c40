// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

// person answers as the suite does.
func person(content string) plugintest.Options {
	return plugintest.Options{Answer: func(_, method string, _ json.RawMessage) (any, error) {
		switch method {
		case "elicitation/create":
			return json.RawMessage(`{"action":"accept","content":` + content + `}`), nil
		case "sampling/createMessage":
			return json.RawMessage(`{"role":"assistant","model":"m","content":{"type":"text","text":"a model's words"}}`), nil
		case "roots/list":
			return json.RawMessage(`{"roots":[{"uri":"file:///test/root","name":"Test Root"}]}`), nil
		}
		return nil, fmt.Errorf("no answer to %s", method)
	}}
}

// asked are the questions of a call, one a line.
func asked(questions []plugintest.Question) string {
	var lines []string
	for _, q := range questions {
		lines = append(lines, q.Key+" "+q.Method+" "+string(q.Params))
	}
	return strings.Join(lines, "\n")
}

func TestQuestionsAreAskedAndAnswersReturned(t *testing.T) {
	const (
		nameForm    = `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}`
		colorForm   = `{"type":"object","properties":{"color":{"type":"string"}},"required":["color"]}`
		okForm      = `{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}`
		accountForm = `{"type":"object","properties":{"username":{"type":"string","description":"User's response"},` +
			`"email":{"type":"string","description":"User's email address"}},"required":["username","email"]}`
	)
	askConfirm := `confirm elicitation/create {"message":"Please confirm","requestedSchema":` + okForm + `}`
	for _, test := range []struct {
		tool, args, content string
		asked               []string
		text                string
	}{
		{
			"test_sampling", `{"prompt":"Test prompt"}`, "",
			[]string{`answer sampling/createMessage {"messages":[{"role":"user","content":{"type":"text","text":"Test prompt"}}],"maxTokens":100}`},
			"LLM response: a model's words",
		},
		{
			"test_elicitation", `{"message":"Please tell"}`, `{"username":"ann","email":"ann@example.com"}`,
			[]string{`account elicitation/create {"message":"Please tell","requestedSchema":` + accountForm + `}`},
			`User response: accept, content: {"username":"ann","email":"ann@example.com"}`,
		},
		{
			"test_elicitation_sep1034_defaults", `{}`, `{"name":"Jo","age":1,"score":2.5,"status":"pending","verified":false}`,
			[]string{`form elicitation/create {"message":"Please review and update the form fields with defaults","requestedSchema":` + defaultsForm + `}`},
			`User response: accept, content: {"name":"Jo","age":1,"score":2.5,"status":"pending","verified":false}`,
		},
		{
			"test_elicitation_sep1330_enums", `{}`, `{"untitledSingle":"option1","titledMulti":["value2"]}`,
			[]string{`form elicitation/create {"message":"Please select options from the enum fields","requestedSchema":` + choicesForm + `}`},
			`User response: accept, content: {"untitledSingle":"option1","titledMulti":["value2"]}`,
		},
		{"test_streaming_elicitation", `{}`, `{"ok":true}`, []string{askConfirm}, "User response: accept"},
		{"test_input_required_result_tampered_state", `{}`, `{"ok":true}`, []string{askConfirm}, "User response: accept"},
		{"test_input_required_result_request_state", `{}`, `{"ok":true}`, []string{askConfirm}, "state-ok"},
		{
			"test_input_required_result_elicitation", `{}`, `{"name":"Alice"}`,
			[]string{`user_name elicitation/create {"message":"What is your name?","requestedSchema":` + nameForm + `}`},
			"Hello, Alice!",
		},
		{
			"test_input_required_result_sampling", `{}`, "",
			[]string{`capital_question sampling/createMessage {"messages":[{"role":"user","content":{"type":"text","text":"What is the capital of France?"}}],"maxTokens":100}`},
			"a model's words",
		},
		{
			"test_input_required_result_list_roots", `{}`, "",
			[]string{`client_roots roots/list {}`},
			"The client has 1 roots: file:///test/root",
		},
		{
			"test_input_required_result_multiple_inputs", `{}`, `{"name":"Alice"}`,
			[]string{
				`user_name elicitation/create {"message":"What is your name?","requestedSchema":` + nameForm + `}`,
				`greeting sampling/createMessage {"messages":[{"role":"user","content":{"type":"text","text":"Generate a greeting"}}],"maxTokens":50}`,
				`client_roots roots/list {}`,
			},
			"Alice: a model's words The client has 1 roots: file:///test/root",
		},
		{
			"test_input_required_result_multi_round", `{}`, `{"name":"Alice","color":"blue"}`,
			[]string{
				`step1 elicitation/create {"message":"Step 1: What is your name?","requestedSchema":` + nameForm + `}`,
				`step2 elicitation/create {"message":"Step 2: What is your favorite color?","requestedSchema":` + colorForm + `}`,
			},
			"Alice likes blue.",
		},
	} {
		t.Run(test.tool, func(t *testing.T) {
			result := call(t, test.tool, json.RawMessage(test.args), person(test.content))
			if got, want := asked(result.Questions), strings.Join(test.asked, "\n"); got != want {
				t.Errorf("asked\n%s\nwant\n%s", got, want)
			}
			wantText(t, result, test.text)
		})
	}
}

func TestDeclineIsReturnedAsSuch(t *testing.T) {
	o := plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
		return json.RawMessage(`{"action":"decline"}`), nil
	}}
	for _, test := range []struct{ tool, args, want string }{
		{"test_elicitation", `{"message":"?"}`, "User response: decline"},
		{"test_elicitation_sep1034_defaults", `{}`, "User response: decline"},
		{"test_input_required_result_elicitation", `{}`, "Hello, whoever you are!"},
	} {
		wantText(t, call(t, test.tool, json.RawMessage(test.args), o), test.want)
	}
}

func TestDefaultsFillInWhatThePersonLeavesOut(t *testing.T) {
	result := call(t, "test_elicitation_sep1034_defaults", map[string]string{}, person(`{}`))
	for _, want := range []string{`"name":"John Doe"`, `"age":30`, `"score":95.5`, `"status":"active"`, `"verified":true`} {
		if !strings.Contains(result.Text(), want) {
			t.Errorf("%q lacks %s", result.Text(), want)
		}
	}
}

func TestGreetingAsksAgainUntilThereIsAName(t *testing.T) {
	for _, wrong := range []string{`12345`, `null`, `{}`, `{"action":"accept"}`, `{"action":"accept","content":{"data":"wrong"}}`} {
		times := 0
		o := plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
			if times++; times == 1 {
				return json.RawMessage(wrong), nil
			}
			return json.RawMessage(`{"action":"accept","content":{"name":"Alice"}}`), nil
		}}
		result := call(t, "test_input_required_result_elicitation", nil, o)
		if len(result.Questions) != 2 {
			t.Errorf("%s: asked %d times, want twice", wrong, len(result.Questions))
		}
		wantText(t, result, "Hello, Alice!")
	}
}

func TestOnlyAbleClientsAreAsked(t *testing.T) {
	for _, test := range []struct {
		able    pluginapi.Capabilities
		methods []string
		text    string
	}{
		{pluginapi.Capabilities{}, nil, "The client has answered 0 questions."},
		{pluginapi.Capabilities{Sampling: true}, []string{"sampling/createMessage"}, "The client has answered 1 questions."},
		{
			pluginapi.Capabilities{ElicitationForm: true, Roots: true}, []string{"elicitation/create", "roots/list"},
			"The client has answered 2 questions.",
		},
	} {
		o := person(`{"name":"Alice"}`)
		o.Capabilities = &test.able
		result := call(t, "test_input_required_result_capabilities", nil, o)
		var methods []string
		for _, q := range result.Questions {
			methods = append(methods, q.Method)
		}
		if !slices.Equal(methods, test.methods) {
			t.Errorf("%+v: asked %v, want %v", test.able, methods, test.methods)
		}
		wantText(t, result, test.text)
	}
}

func TestPromptAsksBeforeItIsFilledIn(t *testing.T) {
	c := plugintest.Start(t, newPlugin(), nil)
	result, err := c.GetPrompt(t.Context(), "test_input_required_result_prompt", nil, person(`{"context":"a test"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `user_context elicitation/create {"message":"What context should the prompt use?",` +
		`"requestedSchema":{"type":"object","properties":{"context":{"type":"string"}},"required":["context"]}}`
	if got := asked(result.Questions); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	wantMessages(t, result, pluginapi.Text{Text: "The context is: a test"})
}

func TestUnansweredQuestionIsAnErrorOfTheTool(t *testing.T) {
	o := plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) { return nil, errors.New("busy") }}
	if result := call(t, "test_sampling", map[string]string{"prompt": "?"}, o); !result.IsError || !strings.Contains(result.Text(), "busy") {
		t.Errorf("the result is %q, an error: %v; want an error that says busy", result.Text(), result.IsError)
	}
}
