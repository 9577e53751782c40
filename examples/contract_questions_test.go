// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"encoding/json"
	"testing"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func promisesOfQuestions() []promise {
	return []promise{
		{"AsksThreeQuestions", asksInOneProcess},
		{"AsksThreeQuestionsInAsManyProcesses", asksInManyProcesses},
		{"AcceptsARefusal", with(acceptsRefusal)},
		{"AsksAgainWhenAnAnswerDoesNotFit", with(asksAgain)},
		{"SaysWhyThereIsNoAnswer", with(saysWhyNot)},
		{"SurvivesAStateThatIsNotItsOwn", with(survivesState)},
		{"AsksNobodyWhoCannotAnswer", with(asksNobody)},
	}
}

// everything is what a client can be asked at most.
var everything = &pluginv1.ClientCapabilities{ElicitationForm: true, ElicitationUrl: true, Sampling: true, SamplingTools: true, Roots: true}

// survey enters the tool survey and returns its outcome.
func (p *process) survey(t *testing.T, can *pluginv1.ClientCapabilities, resumption *pluginv1.Resumption) *pluginv1.CallToolResponse {
	t.Helper()
	stream, err := p.tools.CallTool(t.Context(), &pluginv1.CallToolRequest{
		Context: &pluginv1.CallContext{RequestId: "r1", Capabilities: can}, Name: "survey", ArgumentsJson: []byte(`{}`), Resumption: resumption,
	})
	if err != nil {
		t.Fatal(err)
	}
	event, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// answer is a question's result, as a client gives it.
func answer(key, result string) *pluginv1.InputResponse {
	return &pluginv1.InputResponse{Key: key, Outcome: &pluginv1.InputResponse_ResultJson{ResultJson: []byte(result)}}
}

// rounds are the questions of survey, with a client's answers.
func rounds() []struct {
	key    string
	method pluginv1.InputMethod
	answer *pluginv1.InputResponse
} {
	return []struct {
		key    string
		method pluginv1.InputMethod
		answer *pluginv1.InputResponse
	}{
		{"who", pluginv1.InputMethod_INPUT_METHOD_ELICIT, answer("who", `{"action":"accept","content":{"name":"Ada"}}`)},
		{"model", pluginv1.InputMethod_INPUT_METHOD_SAMPLE, answer("model", `{"role":"assistant","content":{"type":"text","text":"Hi, Ada."},"model":"m"}`)},
		{"roots", pluginv1.InputMethod_INPUT_METHOD_LIST_ROOTS, answer("roots", `{"roots":[{"uri":"file:///a"},{"uri":"file:///b","name":"b"}]}`)},
	}
}

// asksAll enters survey until it has all answers. next gives the process for
// each round.
func asksAll(t *testing.T, next func() *process) {
	t.Helper()
	resumption := &pluginv1.Resumption{}
	for _, round := range rounds() {
		var given *pluginv1.Resumption
		if len(resumption.Responses) > 0 {
			given = resumption
		}
		asked := next().survey(t, everything, given).GetInputRequired()
		if len(asked.GetRequests()) != 1 || asked.GetRequests()[0].GetKey() != round.key || asked.GetRequests()[0].GetMethod() != round.method {
			t.Fatalf("asked %v, want %s", asked, round.key)
		}
		checkParams(t, round.key, asked.GetRequests()[0].GetParamsJson())
		resumption.Responses = append(resumption.Responses, round.answer)
		resumption.State = asked.GetState()
	}
	event := next().survey(t, everything, resumption)
	if got, want := text(event), "name=Ada model=Hi, Ada. roots=2"; got != want {
		t.Errorf("got %v, want %s", event, want)
	}
}

// checkParams checks what the client will be shown.
func checkParams(t *testing.T, key string, params []byte) {
	t.Helper()
	if key == "roots" {
		return // has none
	}
	var got struct {
		Message         string
		MaxTokens       int
		RequestedSchema schema
		Messages        []struct {
			Role    string
			Content json.RawMessage
		}
	}
	if err := json.Unmarshal(params, &got); err != nil {
		t.Fatalf("%s: %s %v", key, params, err)
	}
	switch key {
	case "who":
		if got.Message != "Who are you?" || got.RequestedSchema.Type != "object" || got.RequestedSchema.Properties["name"].Type != "string" || len(got.RequestedSchema.Required) != 1 {
			t.Errorf("%s: %s", key, params)
		}
	case "model":
		if got.MaxTokens != 100 || len(got.Messages) != 1 || got.Messages[0].Role != "user" || !json.Valid(got.Messages[0].Content) {
			t.Errorf("%s: %s", key, params)
		}
	}
}

func asksInOneProcess(t *testing.T, prog program) {
	p := start(t, prog)
	p.configure(t, `{}`)
	asksAll(t, func() *process { return p })
}

func asksInManyProcesses(t *testing.T, prog program) {
	asksAll(t, func() *process {
		p := start(t, prog)
		p.configure(t, `{}`)
		return p
	})
}

func acceptsRefusal(t *testing.T, p *process) {
	for _, action := range []string{"decline", "cancel"} {
		asked := p.survey(t, everything, nil).GetInputRequired()
		event := p.survey(t, everything, &pluginv1.Resumption{
			State: asked.GetState(), Responses: []*pluginv1.InputResponse{answer("who", `{"action":"`+action+`"}`)},
		})
		if text(event) != "nobody answered" {
			t.Errorf("%s: got %v", action, event)
		}
	}
}

func asksAgain(t *testing.T, p *process) {
	asked := p.survey(t, everything, nil).GetInputRequired()
	for _, wrong := range []string{`{"action":"accept","content":{}}`, `{"action":"accept","content":{"name":3}}`} {
		event := p.survey(t, everything, &pluginv1.Resumption{State: asked.GetState(), Responses: []*pluginv1.InputResponse{answer("who", wrong)}})
		if requests := event.GetInputRequired().GetRequests(); len(requests) != 1 || requests[0].GetKey() != "who" {
			t.Errorf("%s: got %v", wrong, event)
		}
	}
}

func saysWhyNot(t *testing.T, p *process) {
	asked := p.survey(t, everything, nil).GetInputRequired()
	failure := &pluginv1.InputResponse{Key: "who", Outcome: &pluginv1.InputResponse_Failure{Failure: &pluginv1.InputFailure{Message: "the line is dead"}}}
	event := p.survey(t, everything, &pluginv1.Resumption{State: asked.GetState(), Responses: []*pluginv1.InputResponse{failure}})
	if !event.GetResult().GetIsError() || text(event) == "internal error" {
		t.Errorf("got %v", event)
	}
}

func survivesState(t *testing.T, p *process) {
	first := rounds()[0].answer
	for _, state := range []string{"", "x", `{"asked":3}`, "\xff\x00"} {
		event := p.survey(t, everything, &pluginv1.Resumption{State: []byte(state), Responses: []*pluginv1.InputResponse{first}})
		if event.GetResult() == nil && event.GetInputRequired() == nil && event.GetError() == nil {
			t.Errorf("%q: got %v", state, event)
		}
	}
	p.wantText(t, "greet", `{"who":"Ada"}`, "Hello, Ada!")
}

func asksNobody(t *testing.T, p *process) {
	event := p.survey(t, &pluginv1.ClientCapabilities{Sampling: true}, nil)
	if event.GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY || !event.GetError().GetRequired().GetElicitationForm() {
		t.Errorf("got %v", event)
	}
}
