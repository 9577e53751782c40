// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mcphost/mcphost/pluginapi"
)

// The forms of the questions.
type (
	named struct {
		Name string `json:"name"`
	}
	colored struct {
		Color string `json:"color"`
	}
	confirmation struct {
		OK bool `json:"ok"`
	}
)

// addRounds adds the tools whose calls take several rounds.
func addRounds(p *pluginapi.Plugin) {
	for _, t := range []struct {
		name, description string
		run               func(context.Context, none) (string, error)
	}{
		{"elicitation", "Asks the user for a name, until there is one.", greet},
		{"sampling", "Asks the client's model a question.", askCapital},
		{"list_roots", "Asks for the client's roots.", listRoots},
		{"request_state", "Asks for a confirmation and finds its own state again.", keepState},
		{"multiple_inputs", "Asks the user, the model and for the roots at once.", askAll},
		{"multi_round", "Asks one question, and then another.", askTwice},
		{"tampered_state", "Asks for a confirmation; its state must not be tampered with.", confirm},
		{"capabilities", "Asks only what the client says it can answer.", askAble},
	} {
		pluginapi.AddTool(p, pluginapi.Tool{
			Name:        "test_input_required_result_" + t.name,
			Description: t.description,
		}, t.run)
	}
}

// greet looks at the answers itself: the suite sends one before it is asked.
func greet(ctx context.Context, _ none) (string, error) {
	var answer struct {
		Action  pluginapi.Action
		Content struct{ Name string }
	}
	err := json.Unmarshal(pluginapi.Answers(ctx)["user_name"].Result, &answer)
	switch {
	case err == nil && answer.Action == pluginapi.ActionAccept && answer.Content.Name != "":
		return "Hello, " + answer.Content.Name + "!", nil
	case err == nil && (answer.Action == pluginapi.ActionDecline || answer.Action == pluginapi.ActionCancel):
		return "Hello, whoever you are!", nil
	}
	return "", &pluginapi.InputRequired{Requests: []pluginapi.InputRequest{{
		Key:    "user_name",
		Method: pluginapi.MethodElicit,
		Params: json.RawMessage(`{"message":"What is your name?",` +
			`"requestedSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}}`),
	}}}
}

func askCapital(ctx context.Context, _ none) (string, error) {
	answer, err := pluginapi.Sample(ctx, "capital_question", sampling("What is the capital of France?", 100))
	return answer.Text(), err
}

func listRoots(ctx context.Context, _ none) (string, error) {
	roots, err := pluginapi.Roots(ctx, "client_roots")
	return describe(roots), err
}

// keepState carries state of its own from round to round.
func keepState(ctx context.Context, _ none) (string, error) {
	const state = "the first round was here"
	if _, answered := pluginapi.Answers(ctx)["confirm"]; answered {
		if string(pluginapi.State(ctx)) != state {
			return "", errors.New("the state is lost")
		}
		return "state-ok", nil
	}
	return "", &pluginapi.InputRequired{
		Requests: []pluginapi.InputRequest{{
			Key:    "confirm",
			Method: pluginapi.MethodElicit,
			Params: json.RawMessage(`{"message":"Please confirm",` +
				`"requestedSchema":{"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"]}}`),
		}},
		State: []byte(state),
	}
}

func askAll(ctx context.Context, _ none) (string, error) {
	var (
		name     pluginapi.Answer[named]
		greeting pluginapi.SampleResult
		roots    []pluginapi.Root
	)
	err := pluginapi.Ask(ctx,
		pluginapi.FormQuestion("user_name", "What is your name?", &name),
		pluginapi.SampleQuestion("greeting", sampling("Generate a greeting", 50), &greeting),
		pluginapi.RootsQuestion("client_roots", &roots),
	)
	return fmt.Sprintf("%s: %s %s", name.Value.Name, greeting.Text(), describe(roots)), err
}

func askTwice(ctx context.Context, _ none) (string, error) {
	name, err := pluginapi.Elicit[named](ctx, "step1", "Step 1: What is your name?")
	if err != nil {
		return "", err
	}
	color, err := pluginapi.Elicit[colored](ctx, "step2", "Step 2: What is your favorite color?")
	return fmt.Sprintf("%s likes %s.", name.Value.Name, color.Value.Color), err
}

func confirm(ctx context.Context, _ none) (string, error) {
	answer, err := pluginapi.Elicit[confirmation](ctx, "confirm", "Please confirm")
	return response(answer.Action, nil), err
}

func askAble(ctx context.Context, _ none) (string, error) {
	var (
		name     pluginapi.Answer[named]
		greeting pluginapi.SampleResult
		roots    []pluginapi.Root
		asks     []pluginapi.Question
	)
	able := pluginapi.Caller(ctx).Capabilities
	if able.ElicitationForm {
		asks = append(asks, pluginapi.FormQuestion("user_name", "What is your name?", &name))
	}
	if able.Sampling {
		asks = append(asks, pluginapi.SampleQuestion("greeting", sampling("Generate a greeting", 50), &greeting))
	}
	if able.Roots {
		asks = append(asks, pluginapi.RootsQuestion("client_roots", &roots))
	}
	err := pluginapi.Ask(ctx, asks...)
	return fmt.Sprintf("The client has answered %d questions.", len(asks)), err
}

func describe(roots []pluginapi.Root) string {
	var uris []string
	for _, root := range roots {
		uris = append(uris, root.URI)
	}
	return fmt.Sprintf("The client has %d roots: %s", len(roots), strings.Join(uris, ", "))
}
