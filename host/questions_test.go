// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
)

const askableMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"sampling":{},"roots":{}}}`

// answers is what the clients of these tests answer, by method.
var answers = map[string]string{
	"elicitation/create":     `{"action":"accept","content":{"n":"a"}}`,
	"sampling/createMessage": `{"role":"assistant","content":{"type":"text","text":"hello"},"model":"m"}`,
	"roots/list":             `{"roots":[]}`,
}

// inputRequired is a result that asks.
type inputRequired struct {
	ResultType    string `json:"resultType"`
	InputRequests map[string]struct {
		Method string          `json:"method"`
		Params json.RawMessage `json:"params"`
	} `json:"inputRequests"`
	RequestState string `json:"requestState"`
}

func asked(t *testing.T, result string) inputRequired {
	t.Helper()
	var in inputRequired
	if err := json.Unmarshal([]byte(result), &in); err != nil || in.ResultType != "input_required" {
		t.Fatalf("not a question: %s", result)
	}
	return in
}

// retry is the params of the next round.
func retry(tool string, in inputRequired) string {
	responses := map[string]json.RawMessage{}
	for key, q := range in.InputRequests {
		responses[key] = json.RawMessage(answers[q.Method])
	}
	encoded, _ := json.Marshal(responses) // raw JSON encodes
	return fmt.Sprintf(`{"name":%q,"arguments":{"x":1,"y":[2]},"inputResponses":%s,"requestState":%q,%s}`, tool, encoded, in.RequestState, askableMeta)
}

const firstRound = `{"name":"fake__three","arguments":{"y":[2.0],"x":1},` + askableMeta + `}`

// throughRounds calls a tool in the stateless era until it is done. next gives
// the server for each round.
func throughRounds(t *testing.T, next func() *host.Client) string {
	t.Helper()
	result := mustCall(t, next(), "tools/call", firstRound)
	for range 5 {
		if !strings.Contains(result, `"input_required"`) {
			return result
		}
		result = mustCall(t, next(), "tools/call", retry("fake__three", asked(t, result)))
	}
	t.Fatalf("still asks: %s", result)
	return ""
}

func textOf(t *testing.T, result string) string {
	t.Helper()
	var r struct{ Content []struct{ Text string } }
	if err := json.Unmarshal([]byte(result), &r); err != nil || len(r.Content) != 1 {
		t.Fatalf("result %s", result)
	}
	return r.Content[0].Text
}

func TestThreeQuestionsGiveTheSameResultInEveryEra(t *testing.T) {
	results := map[string]string{}
	for _, version := range []string{"2025-06-18", "2025-11-25"} {
		s := embed(t, "fake tools=three", host.Options{})
		c := connect(t, s, host.ClientOptions{Request: func(_ context.Context, method string, _ []byte) ([]byte, error) {
			return []byte(answers[method]), nil
		}})
		mustCall(t, c, "initialize", `{"protocolVersion":"`+version+`","capabilities":{"elicitation":{},"sampling":{},"roots":{}}}`)
		results[version] = textOf(t, mustCall(t, c, "tools/call", `{"name":"fake__three","arguments":{"x":1,"y":[2]}}`))
	}
	s := embed(t, "fake tools=three", host.Options{})
	c := connect(t, s, host.ClientOptions{})
	results["2026-07-28"] = textOf(t, throughRounds(t, func() *host.Client { return c }))
	for version, result := range results {
		if result != results["2026-07-28"] || !strings.Contains(result, "who;model;roots;") {
			t.Errorf("%s: %q", version, result)
		}
	}
}

func TestAnotherHostWithTheKeyGoesOnAfterAQuestion(t *testing.T) {
	older := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	newer := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{2}, 32))
	round := 0
	result := throughRounds(t, func() *host.Client {
		// Each round meets a host, and a plugin, that has never seen the call;
		// from the second on, the key has been rotated.
		keys := []string{older}
		if round++; round > 1 {
			keys = []string{newer, older}
		}
		s, err := host.New(host.Config{StateKeys: keys}, host.Options{Sources: fakeSources(t, "fake tools=three")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close(context.Background()) })
		return connect(t, s, host.ClientOptions{})
	})
	if round != 4 || !strings.Contains(result, "who;model;roots;") {
		t.Errorf("%d rounds: %s", round, result)
	}
}

func TestRequestStateServesOnlyItsOwnCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embed(t, "fake tools=three,link\nother tools=three", host.Options{})
		c := connect(t, s, host.ClientOptions{})
		in := asked(t, mustCall(t, c, "tools/call", firstRound))
		good := retry("fake__three", in)
		flipped := in
		flipped.RequestState = in.RequestState[:len(in.RequestState)-2] + map[bool]string{true: "AB", false: "AA"}[strings.HasSuffix(in.RequestState, "AA")]
		foreign := asked(t, mustCall(t, connect(t, embed(t, "fake tools=three", host.Options{}), host.ClientOptions{}), "tools/call", firstRound))
		for name, params := range map[string]string{
			"tampered":       retry("fake__three", flipped),
			"cut":            strings.Replace(good, in.RequestState, in.RequestState[:20], 1),
			"another tool":   strings.Replace(good, "fake__three", "other__three", 1),
			"other argument": strings.Replace(good, `"x":1`, `"x":2`, 1),
			"another host's": retry("fake__three", foreign),
			"nonsense":       strings.Replace(good, in.RequestState, "nonsense", 1),
		} {
			_, err := c.Call(t.Context(), "tools/call", []byte(params))
			var wire *host.Error
			if !errors.As(err, &wire) || wire.Code != -32602 || wire.Message != "Invalid or expired requestState" || wire.Data != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		mustCall(t, c, "tools/call", good)
		time.Sleep(2 * time.Hour)
		if _, err := c.Call(t.Context(), "tools/call", []byte(good)); err == nil || !strings.Contains(err.Error(), "Invalid or expired") {
			t.Errorf("expired: %v", err)
		}
		for _, params := range []string{
			`{"name":"fake__three","requestState":7,` + askableMeta + `}`,
			`{"name":"fake__three","inputResponses":[],` + askableMeta + `}`,
		} {
			if _, err := c.Call(t.Context(), "tools/call", []byte(params)); err == nil {
				t.Errorf("accepted %s", params)
			}
		}
		c.Close()
	})
}

// withAnswers is the params of the next round with these inputResponses.
func withAnswers(in inputRequired, responses string) string {
	return fmt.Sprintf(`{"name":"fake__three","arguments":{"x":1,"y":[2]},"inputResponses":%s,"requestState":%q,%s}`, responses, in.RequestState, askableMeta)
}

func TestAnswersThatAreMissingAreAskedAgain(t *testing.T) {
	c := connect(t, embed(t, "fake tools=three", host.Options{}), host.ClientOptions{})
	in := asked(t, mustCall(t, c, "tools/call", firstRound))
	for _, responses := range []string{`{}`, `{"other":{"action":"accept"}}`, `{"other":5}`} {
		again := asked(t, mustCall(t, c, "tools/call", withAnswers(in, responses)))
		if _, ok := again.InputRequests["who"]; !ok || len(again.InputRequests) != 1 {
			t.Errorf("%s: asked %v", responses, again.InputRequests)
		}
	}
}

func TestMalformedAnswersAreRefusedByName(t *testing.T) {
	c := connect(t, embed(t, "fake tools=three", host.Options{}), host.ClientOptions{})
	refused := func(in inputRequired, key string, responses ...string) {
		t.Helper()
		for _, answer := range responses {
			_, err := c.Call(t.Context(), "tools/call", []byte(withAnswers(in, `{"`+key+`":`+answer+`}`)))
			var wire *host.Error
			if !errors.As(err, &wire) || wire.Code != -32602 || !strings.Contains(wire.Message, `inputResponses "`+key+`"`) {
				t.Errorf("%s: %s: %v", key, answer, err)
			}
		}
	}
	who := asked(t, mustCall(t, c, "tools/call", firstRound))
	refused(who, "who", `5`, `null`, `[]`, `{}`, `{"action":"bogus"}`, `{"action":"accept","content":"a"}`)
	// That was no round: the same question can still be answered.
	model := asked(t, mustCall(t, c, "tools/call", retry("fake__three", who)))
	refused(model, "model", `{}`, `{"action":"accept"}`, `{"role":"assistant","model":"m","content":"text"}`)
	roots := asked(t, mustCall(t, c, "tools/call", retry("fake__three", model)))
	refused(roots, "roots", `{"roots":null}`, `{"roots":["file:///a"]}`)
	if result := mustCall(t, c, "tools/call", retry("fake__three", roots)); !strings.Contains(result, "who;model;roots;") {
		t.Error(result)
	}
}

func TestMalformedAnswersOfASessionAreNoConsent(t *testing.T) {
	for method, want := range map[string]string{
		"elicitation/create":     `{"action":"cancel"}`,
		"sampling/createMessage": "the client's answer to sampling/createMessage is malformed",
		"roots/list":             "the client's answer to roots/list is malformed",
	} {
		s := embed(t, "fake tools=three", host.Options{})
		c := connect(t, s, host.ClientOptions{Request: func(_ context.Context, asked string, _ []byte) ([]byte, error) {
			if asked == method {
				return []byte(`{"action":"bogus"}`), nil
			}
			return []byte(answers[asked]), nil
		}})
		mustCall(t, c, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{},"sampling":{},"roots":{}}}`)
		if got := textOf(t, mustCall(t, c, "tools/call", `{"name":"fake__three"}`)); !strings.Contains(got, want) {
			t.Errorf("%s: %s", method, got)
		}
	}
}

func TestClientIsNeverAskedWhatItDidNotDeclare(t *testing.T) {
	url := serveHTTP(t, "fake tools=three,link")
	call := func(caps string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__three","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":` + caps + `}}}`
	}
	for caps, want := range map[string]string{
		`{}`:                                   `"data":{"requiredCapabilities":{"elicitation":{"form":{}}}}`,
		`{"elicitation":{"url":{}}}`:           `"data":{"requiredCapabilities":{"elicitation":{"form":{}}}}`,
		`{"elicitation":{}}`:                   `"resultType":"input_required"`,
		`{"elicitation":{"form":{},"url":{}}}`: `"resultType":"input_required"`,
	} {
		resp := send(t, "POST", url, call(caps), stateless("tools/call", "Mcp-Name: fake__three")...)
		body := bodyOf(t, resp)
		status := map[bool]int{true: 200, false: 400}[strings.Contains(want, "input_required")]
		if !strings.Contains(body, want) || resp.StatusCode != status {
			t.Errorf("%s: %d %s", caps, resp.StatusCode, body)
		}
	}
}

func TestStateKeysThatAreNoneAreRefusedByName(t *testing.T) {
	for _, key := range []string{"", "short", "not base64 at all!", "${NO_SUCH_VARIABLE_HERE}"} {
		_, err := host.New(host.Config{StateKeys: []string{key}}, host.Options{})
		if err == nil || !strings.Contains(err.Error(), "state_keys: key 1") {
			t.Errorf("%q: %v", key, err)
		}
	}
}
