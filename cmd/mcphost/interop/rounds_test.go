// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// What the client of these tests answers, by method, and what the order then is.
const (
	whoAnswer   = `{"action":"accept","content":{"name":"Ada"}}`
	cardAnswer  = `{"role":"assistant","content":{"type":"text","text":"With love"},"model":"by-hand","stopReason":"endTurn"}`
	whereAnswer = `{"roots":[{"uri":"file:///srv/home","name":"home"}]}`

	orderText = `Order 7 for Ada, "With love", to file:///srv/home`

	// askable is what the client says it can answer.
	askable = `{"elicitation":{},"sampling":{},"roots":{}}`
)

// questionRounds is how often a tool is entered that asks three questions.
const questionRounds = 4

func answerTo(t *testing.T, method string) string {
	t.Helper()
	switch method {
	case "elicitation/create":
		return whoAnswer
	case "sampling/createMessage":
		return cardAnswer
	case "roots/list":
		return whereAnswer
	}
	t.Fatalf("the host asks %q", method)
	return ""
}

// An office is an installation of the plugin that asks, and the ledger in which
// that notes what it does.
type office struct {
	farm
	ledger string
}

// newOffice installs asker. Without a key each host makes one of its own.
func newOffice(t *testing.T, stateKey string) office {
	t.Helper()
	f, dir := newTroubledFarm(t, map[string]string{"asker": `exec asker`})
	o := office{farm: f, ledger: filepath.Join(dir, "ledger")}
	config := fmt.Sprintf("plugin_dirs: [plugins]\nplugins:\n  asker:\n    settings: {ledger: %q}\n", o.ledger)
	if stateKey != "" {
		config += fmt.Sprintf("state_keys: [%q]\n", stateKey)
	}
	write(t, f.config, config)
	return o
}

// noted returns how often each thing was done.
func (o office) noted(t *testing.T) map[string]int {
	t.Helper()
	data, err := os.ReadFile(o.ledger)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for line := range strings.Lines(string(data)) {
		count[strings.TrimSpace(line)]++
	}
	return count
}

// wantOneOrder fails unless one order was made: what stands before the questions
// ran in every round, the memo and what comes after them once.
func (o office) wantOneOrder(t *testing.T) {
	t.Helper()
	noted := o.noted(t)
	for what, want := range map[string]int{"entered": questionRounds, "numbered": 1, "delivered": 1} {
		if noted[what] != want {
			t.Errorf("%s %d times, want %d", what, noted[what], want)
		}
	}
}

// killPlugin kills the plugin that runs, and waits until its host knows: a call that
// comes before may still go to the one that is dead, and nobody could say then
// whether it took effect.
func (o office) killPlugin(t *testing.T) {
	t.Helper()
	alive := o.alive(t)
	if len(alive) != 1 {
		t.Fatalf("%d plugins run, want one", len(alive))
	}
	pid := alive[0].pid
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx := bounded(t)
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) { // until the host has collected it
		if ctx.Err() != nil {
			t.Fatalf("plugin %d is not collected", pid)
		}
		pause(ctx)
	}
	pause(ctx) // what follows from that takes the host no time, but is not to be seen
}

// A toolResult is the result of tools/call in any version.
type toolResult struct {
	Content       []struct{ Text string } `json:"content"`
	IsError       bool                    `json:"isError"`
	ResultType    string                  `json:"resultType"`
	InputRequests map[string]struct {
		Method string `json:"method"`
	} `json:"inputRequests"`
	RequestState string `json:"requestState"`
}

func (r toolResult) text() string {
	if len(r.Content) == 0 {
		return ""
	}
	return r.Content[0].Text
}

func readResult(t *testing.T, f frame) toolResult {
	t.Helper()
	var r toolResult
	if f.Error != nil {
		t.Fatalf("got the error %d, %s", f.Error.Code, f.Error.Message)
	}
	if err := json.Unmarshal(f.Result, &r); err != nil {
		t.Fatalf("result %s: %v", f.Result, err)
	}
	return r
}

// handshakeAs opens a conversation in an older version, as a client that can be
// asked what it says.
func (p *pipe) handshakeAs(version, capabilities string) {
	p.t.Helper()
	opened := p.ask(1, request(1, "initialize", fmt.Sprintf(
		`{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"by-hand","version":"1"}}`, version, capabilities)))
	if !strings.Contains(string(opened.Result), version) {
		p.t.Fatalf("the host opened with %s, want version %s", opened.Result, version)
	}
	p.send(initialized)
}

// converse calls a tool in an older version and answers what the host asks. The
// host asks only after pause has returned.
func (p *pipe) converse(tool string, pause func()) toolResult {
	p.t.Helper()
	const id = 2
	p.send(request(id, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":{}}`, tool)))
	for {
		f := p.await(func(f frame) bool { return f.ID != nil })
		if f.Method == "" {
			return readResult(p.t, f)
		}
		pause()
		p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, f.ID, answerTo(p.t, f.Method)))
	}
}

// A round is one request in the stateless form, and how the call goes on.
type round struct {
	tool   string
	again  string // the members that a retry adds
	number int
}

// enter sends the request of a round and returns what came of it. Where that is
// a question, next is the round that answers it.
func (p *pipe) enter(r round) (result toolResult, next round) {
	p.t.Helper()
	result = readResult(p.t, p.request(r))
	return result, r.retry(p.t, result)
}

// request sends the request of a round and returns its answer.
func (p *pipe) request(r round) frame {
	p.t.Helper()
	message := modern(r.number, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":{}%s}`, r.tool, r.again))
	p.send(strings.Replace(message, `clientCapabilities":{}`, `clientCapabilities":`+askable, 1))
	return p.await(func(f frame) bool { return string(f.ID) == strconv.Itoa(r.number) })
}

// retry answers the questions of a result.
func (r round) retry(t *testing.T, asked toolResult) round {
	t.Helper()
	responses := make(map[string]json.RawMessage)
	for key, question := range asked.InputRequests {
		responses[key] = json.RawMessage(answerTo(t, question.Method))
	}
	encoded, err := json.Marshal(responses)
	if err != nil {
		t.Fatal(err)
	}
	r.number++
	r.again = fmt.Sprintf(`,"inputResponses":%s,"requestState":%q`, encoded, asked.RequestState)
	return r
}

// throughRounds calls a tool in the stateless form until it asks no more. at
// gives the host for each round.
func throughRounds(t *testing.T, tool string, at func() *pipe) toolResult {
	t.Helper()
	next := round{tool: tool}
	for range 2 * questionRounds {
		var result toolResult
		if result, next = at().enter(next); result.ResultType != "input_required" {
			return result
		}
	}
	t.Fatal("the tool still asks")
	return toolResult{}
}

func wantOrder(t *testing.T, got toolResult) {
	t.Helper()
	if got.IsError || got.text() != orderText {
		t.Errorf("the order is %+v, want %q", got, orderText)
	}
}

// versionsThatElicit are those with a handshake in which a form can be asked for.
func versionsThatElicit() []string { return []string{"2025-06-18", "2025-11-25"} }

func TestThreeQuestionsHaveOneResultInEveryVersion(t *testing.T) {
	for _, version := range versionsThatElicit() {
		t.Run(version, func(t *testing.T) {
			o := newOffice(t, "")
			p := o.open(t)
			p.handshakeAs(version, askable)
			wantOrder(t, p.converse("asker__order", func() {}))
			o.wantOneOrder(t)
		})
	}
	t.Run(modernVersion, func(t *testing.T) {
		o := newOffice(t, "")
		p := o.open(t)
		wantOrder(t, throughRounds(t, "asker__order", func() *pipe { return p }))
		o.wantOneOrder(t)
	})
}

func TestQuestionThatAVersionCannotExpressIsAClearToolError(t *testing.T) {
	for _, version := range []string{"2024-11-05", "2025-03-26"} {
		for name, capabilities := range map[string]string{
			"as it is":          `{"sampling":{},"roots":{}}`,
			"ahead of its time": askable,
		} {
			t.Run(version+"/"+name, func(t *testing.T) {
				o := newOffice(t, "")
				p := o.open(t)
				p.handshakeAs(version, capabilities)
				got := p.converse("asker__order", func() {})
				if !got.IsError || !strings.Contains(got.text(), "elicitation") {
					t.Errorf("the order is %+v, want a tool error that says what is missing", got)
				}
				if noted := o.noted(t); noted["delivered"] != 0 {
					t.Errorf("delivered without an answer: %v", noted)
				}
			})
		}
	}
}

func TestPluginKilledBetweenQuestionAndAnswerLosesNoAnswer(t *testing.T) {
	for _, version := range versionsThatElicit() {
		t.Run(version, func(t *testing.T) {
			o := newOffice(t, "")
			p := o.open(t)
			p.handshakeAs(version, askable)
			wantOrder(t, p.converse("asker__order", func() { o.killPlugin(t) }))
			o.wantOneOrder(t)
		})
	}
	t.Run(modernVersion, func(t *testing.T) {
		o := newOffice(t, "")
		p := o.open(t)
		wantOrder(t, throughRounds(t, "asker__order", func() *pipe {
			if len(o.started(t)) > 0 {
				o.killPlugin(t)
			}
			return p
		}))
		o.wantOneOrder(t)
	})
}

func TestHostReplacedBetweenQuestionAndAnswerLosesNoAnswer(t *testing.T) {
	o := newOffice(t, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32)))
	var host *pipe
	wantOrder(t, throughRounds(t, "asker__order", func() *pipe {
		if host != nil {
			host.kill()
			o.wantNoneAlive(t, orphanLife)
		}
		host = o.open(t)
		return host
	}))
	o.wantOneOrder(t)
}

func TestHostWithoutTheKeyRefusesTheStateOfAnother(t *testing.T) {
	o := newOffice(t, "")
	first := o.open(t)
	_, next := first.enter(round{tool: "asker__order"})
	first.kill()
	second := o.open(t)
	refused := second.request(next)
	if refused.Error == nil || refused.Error.Code != -32602 {
		t.Errorf("the state of another host got %+v, want the error -32602", refused)
	}
	if noted := o.noted(t); noted["entered"] != 1 {
		t.Errorf("the tool was entered %d times, want once", noted["entered"])
	}
}

func TestQuestionsThatChangeTheirKeysAreAClearToolError(t *testing.T) {
	results := map[string]func(*testing.T, *pipe) toolResult{
		modernVersion: func(t *testing.T, p *pipe) toolResult {
			return throughRounds(t, "asker__waver", func() *pipe { return p })
		},
	}
	for _, version := range versionsThatElicit() {
		results[version] = func(_ *testing.T, p *pipe) toolResult {
			p.handshakeAs(version, askable)
			return p.converse("asker__waver", func() {})
		}
	}
	for version, call := range results {
		t.Run(version, func(t *testing.T) {
			got := call(t, newOffice(t, "").open(t))
			for _, key := range []string{"key-1", "key-2"} {
				if !got.IsError || !strings.Contains(got.text(), key) {
					t.Errorf("the call got %+v, want a tool error that names %s", got, key)
				}
			}
		})
	}
}

// kill ends the host at once, and waits until it is gone.
func (p *pipe) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err == nil {
		p.t.Fatal("the killed host ended well")
	}
}
