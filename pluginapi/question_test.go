// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

type who struct {
	Name string `json:"name"`
}

// raw is JSON for an answer.
type raw = json.RawMessage

// accepting answers every form with content, every sample with "ok", and roots.
func accepting(content string) func(string, string, json.RawMessage) (any, error) {
	return func(_, method string, _ json.RawMessage) (any, error) {
		switch method {
		case "elicitation/create":
			return raw(`{"action":"accept","content":` + content + `}`), nil
		case "sampling/createMessage":
			return raw(`{"role":"assistant","content":{"type":"text","text":"ok"},"model":"m","stopReason":"endTurn"}`), nil
		}
		return raw(`{"roots":[{"uri":"file:///a","name":"a"}]}`), nil
	}
}

// asking is a plugin whose tool t, resource t://r and prompt p do the same.
func asking(fn func(ctx context.Context) (string, error)) *pluginapi.Plugin {
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(ctx context.Context, _ none) (string, error) { return fn(ctx) })
	pluginapi.AddResource(p, pluginapi.Resource{URI: "t://r", Name: "r"}, func(ctx context.Context, _ string) (string, error) { return fn(ctx) })
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, func(ctx context.Context, _ none) (string, error) { return fn(ctx) })
	return p
}

// tool calls the tool t of asking(fn) and returns what the model reads.
func tool(t *testing.T, o plugintest.Options, fn func(ctx context.Context) (string, error)) (string, *plugintest.ToolResult) {
	t.Helper()
	got, err := plugintest.Start(t, asking(fn), nil).CallTool(t.Context(), "t", nil, o)
	if err != nil {
		return err.Error(), got
	}
	return got.Text(), got
}

func TestQuestionsAreAskedInAStraightLine(t *testing.T) {
	effects := make(chan string, 10)
	fn := func(ctx context.Context) (string, error) {
		started, err := pluginapi.Memo(ctx, "started", func() (int, error) { effects <- "memo"; return 7, nil })
		if err != nil {
			return "", err
		}
		name, err := pluginapi.Elicit[who](ctx, "who", "Who are you?")
		if err != nil {
			return "", err
		}
		reply, err := pluginapi.Sample(ctx, "greeting", pluginapi.SampleParams{
			Messages: []pluginapi.SampleMessage{{Content: []pluginapi.Content{pluginapi.Text{Text: "Greet " + name.Value.Name}}}},
		})
		if err != nil {
			return "", err
		}
		roots, err := pluginapi.Roots(ctx, "roots")
		if err != nil {
			return "", err
		}
		effects <- "done"
		return fmt.Sprintf("%d %s %s %s %s %s", started, name.Value.Name, reply.Text(), reply.Model, reply.StopReason, roots[0].URI), nil
	}
	const want = "7 Ada ok m endTurn file:///a"
	client := plugintest.Start(t, asking(fn), nil)
	o := plugintest.Options{Answer: accepting(`{"name":"Ada"}`)}
	check := func(got string, report plugintest.Report, err error) {
		t.Helper()
		if got != want || err != nil || report.Rounds != 4 || len(report.Questions) != 3 {
			t.Errorf("got %q after %d rounds, %v", got, report.Rounds, err)
		}
		// What is in Memo, or after the questions, happens once in four rounds.
		if first, second := <-effects, <-effects; first != "memo" || second != "done" || len(effects) > 0 {
			t.Errorf("effects %s, %s and %d more", first, second, len(effects))
		}
	}

	called, err := client.CallTool(t.Context(), "t", nil, o)
	check(called.Text(), called.Report, err)
	read, err := client.ReadResource(t.Context(), "t://r", o)
	if err != nil {
		t.Fatal(err)
	}
	check(read.Contents[0].Text, read.Report, nil)
	prompt, err := client.GetPrompt(t.Context(), "p", nil, o)
	if err != nil {
		t.Fatal(err)
	}
	check(prompt.Messages[0].Content.(pluginapi.Text).Text, prompt.Report, nil)
}

func TestPluginMayBeReplacedBetweenQuestionAndAnswer(t *testing.T) {
	runs := 0
	fn := func(ctx context.Context) (string, error) {
		id, err := pluginapi.Memo(ctx, "id", func() (int, error) { runs++; return runs, nil })
		if err != nil {
			return "", err
		}
		answer, err := pluginapi.Elicit[who](ctx, "who", "Who?")
		return fmt.Sprintf("%d %s", id, answer.Value.Name), err
	}
	able := &pluginv1.CallContext{Capabilities: &pluginv1.ClientCapabilities{ElicitationForm: true}}
	first := outcomeOf(t, serve(t, asking(fn)), &pluginv1.CallToolRequest{Name: "t", Context: able}).GetInputRequired()
	if len(first.GetRequests()) != 1 {
		t.Fatalf("got %v", first)
	}
	second := outcomeOf(t, serve(t, asking(fn)), &pluginv1.CallToolRequest{Name: "t", Context: able, Resumption: &pluginv1.Resumption{
		State: first.GetState(),
		Responses: []*pluginv1.InputResponse{{
			Key:     first.GetRequests()[0].GetKey(),
			Outcome: &pluginv1.InputResponse_ResultJson{ResultJson: []byte(`{"action":"accept","content":{"name":"Ada"}}`)},
		}},
	}}).GetResult()
	if text := second.GetContent()[0].GetText().GetText(); text != "1 Ada" || runs != 1 {
		t.Errorf("got %q after %d runs of the memo", text, runs)
	}
}

func TestRefusalsReachTheAuthorAsSuch(t *testing.T) {
	for _, action := range []string{"decline", "cancel"} {
		got, _ := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
			return map[string]any{"action": action, "content": map[string]any{"name": "ignored"}}, nil
		}}, func(ctx context.Context) (string, error) {
			form, err := pluginapi.Elicit[who](ctx, "form", "Who?")
			if err != nil {
				return "", err
			}
			url, err := pluginapi.ElicitURL(ctx, "url", "Pay", "https://pay.example")
			return fmt.Sprintf("%s %v %q %s", form.Action, form.Accepted(), form.Value.Name, url), err
		})
		if want := fmt.Sprintf("%s false %q %s", action, "", action); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSwallowedQuestionStillEndsTheRound(t *testing.T) {
	for name, swallow := range map[string]func(error) (string, error){
		"dropped":  func(error) (string, error) { return "done", nil },
		"replaced": func(err error) (string, error) { return "", fmt.Errorf("no luck: %v", err) },
		"refused":  func(error) (string, error) { return "", pluginapi.InvalidParams("no") },
	} {
		t.Run(name, func(t *testing.T) {
			got, report := tool(t, plugintest.Options{Answer: accepting(`{"name":"Ada"}`)}, func(ctx context.Context) (string, error) {
				answer, err := pluginapi.Elicit[who](ctx, "who", "Who?")
				if err != nil {
					return swallow(err)
				}
				return answer.Value.Name, nil
			})
			if got != "Ada" || report.Rounds != 2 {
				t.Errorf("got %q after %d rounds", got, report.Rounds)
			}
		})
	}
}

func TestIndependentQuestionsAreAskedInOneRound(t *testing.T) {
	unanswered := true
	answer := accepting(`{"name":"Ada"}`)
	got, report := tool(t, plugintest.Options{Answer: func(key, method string, params json.RawMessage) (any, error) {
		if key == "greeting" && unanswered {
			unanswered = false
			return nil, plugintest.ErrUnanswered
		}
		return answer(key, method, params)
	}}, func(ctx context.Context) (string, error) {
		var name pluginapi.Answer[who]
		var greeting pluginapi.SampleResult
		var roots []pluginapi.Root
		err := pluginapi.Ask(ctx,
			pluginapi.FormQuestion("who", "Who?", &name),
			pluginapi.SampleQuestion("greeting", pluginapi.SampleParams{
				Messages: []pluginapi.SampleMessage{{Content: []pluginapi.Content{pluginapi.Text{Text: "hi"}}}},
			}, &greeting),
			pluginapi.RootsQuestion("roots", &roots))
		if !errors.Is(err, pluginapi.ErrAsked) && err != nil {
			return "", err
		}
		return name.Value.Name + greeting.Text() + fmt.Sprint(len(roots)), err
	})
	var keys []string
	for _, q := range report.Questions {
		keys = append(keys, q.Key)
	}
	// What the client left out is asked again, and nothing else.
	if got != "Adaok1" || report.Rounds != 3 || !slices.Equal(keys, []string{"who", "greeting", "roots", "greeting"}) {
		t.Errorf("got %q, asked %v in %d rounds", got, keys, report.Rounds)
	}
}

func TestChangedKeysAreReported(t *testing.T) {
	run := 0
	got, _ := tool(t, plugintest.Options{Answer: accepting(`{"name":"Ada"}`)}, func(ctx context.Context) (string, error) {
		run++
		_, err := pluginapi.Elicit[who](ctx, fmt.Sprint("who-", run), "Who?")
		return "", err
	})
	if !strings.Contains(got, `asks "who-2" where it asked "who-1" before`) {
		t.Errorf("got %q", got)
	}
}

func TestOnlyWhatTheClientCanDoIsAsked(t *testing.T) {
	message := []pluginapi.SampleMessage{{Content: []pluginapi.Content{pluginapi.Text{Text: "hi"}}}}
	for name, test := range map[string]struct {
		ask  func(ctx context.Context) error
		need pluginapi.Capabilities
	}{
		"form": {func(ctx context.Context) error {
			_, err := pluginapi.Elicit[who](ctx, "k", "Who?")
			return err
		}, pluginapi.Capabilities{ElicitationForm: true}},
		"url": {func(ctx context.Context) error {
			_, err := pluginapi.ElicitURL(ctx, "k", "Pay", "https://pay.example")
			return err
		}, pluginapi.Capabilities{ElicitationURL: true}},
		"roots": {func(ctx context.Context) error {
			_, err := pluginapi.Roots(ctx, "k")
			return err
		}, pluginapi.Capabilities{Roots: true}},
		"sampling with tools": {func(ctx context.Context) error {
			_, err := pluginapi.Sample(ctx, "k", pluginapi.SampleParams{Messages: message, Tools: raw(`[]`)})
			return err
		}, pluginapi.Capabilities{Sampling: true, SamplingTools: true}},
		"by hand": {func(context.Context) error {
			return &pluginapi.InputRequired{Requests: []pluginapi.InputRequest{{Key: "k", Method: pluginapi.MethodSample}}}
		}, pluginapi.Capabilities{Sampling: true}},
	} {
		t.Run(name, func(t *testing.T) {
			client := plugintest.Start(t, asking(func(ctx context.Context) (string, error) { return "", test.ask(ctx) }), nil)
			_, err := client.CallTool(t.Context(), "t", nil, plugintest.Options{Capabilities: &pluginapi.Capabilities{}})
			refused, ok := errors.AsType[*pluginapi.ProtocolError](err)
			if !ok || refused.Code != pluginapi.CodeMissingCapability || refused.Required != test.need {
				t.Errorf("got %v", err)
			}
			_, err = client.CallTool(t.Context(), "t", nil, plugintest.Options{Capabilities: &test.need})
			if err == nil || !strings.Contains(err.Error(), `the call asks "k"`) {
				t.Errorf("with the capability: %v", err)
			}
		})
	}
}

func TestFailuresOfTheClientReachTheAuthor(t *testing.T) {
	got, report := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
		return nil, errors.New("no model")
	}}, func(ctx context.Context) (string, error) {
		_, err := pluginapi.Roots(ctx, "k")
		if failed, ok := errors.AsType[*pluginapi.QuestionError](err); ok {
			return failed.Key + ": " + failed.Message, nil
		}
		return "", err
	})
	if got != "k: no model" || report.Rounds != 2 {
		t.Errorf("got %q", got)
	}
}

func TestAnswersThatDoNotFitAreAskedForOnceMore(t *testing.T) {
	for name, test := range map[string]struct{ bad, want string }{
		"no object":      {`7`, "cannot unmarshal number"},
		"null":           {`null`, `the action "" is none of`},
		"unknown action": {`{"action":"perhaps"}`, `the action "perhaps" is none of`},
		"missing member": {`{"action":"accept","content":{}}`, `required: missing properties: ["name"]`},
		"wrong type":     {`{"action":"accept","content":{"name":7}}`, `name: type: 7 has type`},
		"no content":     {`{"action":"accept"}`, `required: missing properties: ["name"]`},
		"null content":   {`{"action":"accept","content":null}`, "the content is not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			fn := func(ctx context.Context) (string, error) {
				answer, err := pluginapi.Elicit[who](ctx, "who", "Who?")
				return answer.Value.Name, err
			}
			tries := 0
			got, _ := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) {
				if tries++; tries == 1 {
					return raw(test.bad), nil
				}
				return raw(`{"action":"accept","content":{"name":"Ada"}}`), nil
			}}, fn)
			if got != "Ada" || tries != 2 {
				t.Errorf("got %q after %d tries", got, tries)
			}

			got, report := tool(t, plugintest.Options{Answer: func(string, string, json.RawMessage) (any, error) { return raw(test.bad), nil }}, fn)
			if !strings.HasPrefix(got, `no answer to the question "who": the answer does not fit: `) ||
				!strings.Contains(got, test.want) || report.Rounds != 3 || !report.IsError {
				t.Errorf("got %q after %d rounds", got, report.Rounds)
			}
		})
	}
}

func TestAnswersThatNobodyAskedForAreIgnored(t *testing.T) {
	conn := serve(t, asking(func(ctx context.Context) (string, error) {
		_, err := pluginapi.Elicit[who](ctx, "sure", "Really?")
		return "deleted", err
	}))
	got := outcomeOf(t, conn, &pluginv1.CallToolRequest{
		Name:    "t",
		Context: &pluginv1.CallContext{Capabilities: &pluginv1.ClientCapabilities{ElicitationForm: true}},
		Resumption: &pluginv1.Resumption{Responses: []*pluginv1.InputResponse{{
			Key:     "sure",
			Outcome: &pluginv1.InputResponse_ResultJson{ResultJson: []byte(`{"action":"accept","content":{"name":"x"}}`)},
		}}},
	})
	if got.GetInputRequired() == nil {
		t.Errorf("got %v", got)
	}
}

func TestForeignStateIsRefused(t *testing.T) {
	conn := serve(t, asking(func(context.Context) (string, error) { return "", nil }))
	got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: "t", Resumption: &pluginv1.Resumption{State: []byte("x")}}).GetResult()
	if !got.GetIsError() || !strings.Contains(got.GetContent()[0].GetText().GetText(), "start the call again") {
		t.Errorf("got %v", got)
	}
}

func TestQuestionsMayBeAskedFromManyGoroutines(t *testing.T) {
	got, report := tool(t, plugintest.Options{Answer: accepting(`{}`)}, func(ctx context.Context) (string, error) {
		errs := make(chan error)
		for i := range 8 {
			go func() {
				_, err := pluginapi.Roots(ctx, fmt.Sprint("k", i))
				errs <- err
			}()
		}
		var all error
		for range 8 {
			all = errors.Join(all, <-errs)
		}
		return "done", all
	})
	if got != "done" || report.Rounds != 2 || len(report.Questions) != 8 {
		t.Errorf("got %q, %d questions in %d rounds", got, len(report.Questions), report.Rounds)
	}
}
