// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// What proto/mcphost/plugin/v1 and the host allow a round to end with.
const (
	maxQuestions = 32
	maxKeyBytes  = 128
	maxStateSize = 64 << 10
)

// maxAsked is how often a question is asked whose answer does not fit.
const maxAsked = 2

// An exchange is the questions and answers of one call, of which this process
// sees one round: what came before is in the answers and the state.
type exchange struct {
	able    Capabilities     // of the client; immutable
	answers map[string]Input // of the rounds before
	own     []byte           // the author's state

	mu      sync.Mutex
	asked   map[string]int      // how often, in the rounds before
	memo    map[string]memoized // values that are computed already
	met     map[string]string   // questions of this run by key: what they ask
	order   []string            // the keys of met, first met first
	pending []InputRequest      // to be asked at the end of this run
	manual  bool                // the author has looked at the answers without us
	mistake error               // the author's, in a question: nothing is asked then
}

// exchangeState is what an exchange leaves for the next round.
type exchangeState struct {
	Asked map[string]int      `json:"asked,omitempty"`
	Memo  map[string]memoized `json:"memo,omitempty"`
	Own   []byte              `json:"own,omitempty"`
}

// memoized is a computed value and the questions that were asked for it, which
// nobody asks when it is recalled.
type memoized struct {
	Value json.RawMessage `json:"value"`
	Keys  []string        `json:"keys,omitempty"`
}

func newExchange(info *pluginv1.CallContext, r *pluginv1.Resumption) (*exchange, error) {
	x := &exchange{able: readCapabilities(info.GetCapabilities())}
	if r == nil {
		return x, nil // the first round, and most calls know no other
	}
	var state exchangeState
	if raw := r.GetState(); len(raw) > 0 {
		if err := json.Unmarshal(raw, &state); err != nil {
			return nil, errors.New("the state of the call is not one of this plugin's: start the call again")
		}
	}
	x.asked, x.memo, x.own = state.Asked, state.Memo, state.Own
	if len(r.GetResponses()) > 0 {
		x.answers = make(map[string]Input, len(r.GetResponses()))
	}
	for _, response := range r.GetResponses() {
		if failure := response.GetFailure(); failure != nil {
			x.answers[response.GetKey()] = Input{Failure: orElse(failure.GetMessage(), "the client gives no reason")}
		} else {
			x.answers[response.GetKey()] = Input{Result: response.GetResultJson()}
		}
	}
	return x, nil
}

// ask takes the answers that there are and notes the questions that have none.
func (x *exchange) ask(questions []Question) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, q := range questions {
		if err := x.meetLocked(q); err != nil {
			x.mistake = err
			return err
		}
	}
	var unanswered []InputRequest
	var failures []error
	for _, q := range questions {
		answered, err := x.takeLocked(q)
		if err != nil {
			failures = append(failures, err)
		} else if !answered {
			unanswered = append(unanswered, q.request)
		}
	}
	if err := errors.Join(failures...); err != nil {
		return err // the others would be asked in vain
	}
	if len(unanswered) == 0 {
		return nil
	}
	if err := x.allow(unanswered); err != nil {
		return err
	}
	for _, request := range unanswered {
		if !slices.ContainsFunc(x.pending, func(r InputRequest) bool { return r.Key == request.Key }) {
			x.pending = append(x.pending, request)
		}
	}
	return ErrAsked
}

// meetLocked notes that the run has come to a question.
func (x *exchange) meetLocked(q Question) error {
	if q.err != nil {
		return fmt.Errorf("question %q: %w", q.request.Key, q.err)
	}
	if err := q.request.check(); err != nil {
		return err
	}
	asks := fmt.Sprintf("%d %s", q.request.Method, q.request.Params)
	before, ok := x.met[q.request.Key]
	if ok && before != asks {
		return fmt.Errorf("two different questions have the key %q: give each its own", q.request.Key)
	}
	if !ok {
		x.noteLocked(q.request.Key, asks)
	}
	return nil
}

// noteLocked adds a question to those met.
func (x *exchange) noteLocked(key, asks string) {
	if x.met == nil {
		x.met = map[string]string{}
	}
	x.met[key] = asks
	x.order = append(x.order, key)
}

// takeLocked stores the answer to a question and reports whether there is one
// that fits. What was never asked has none, whatever the client sends.
func (x *exchange) takeLocked(q Question) (bool, error) {
	key := q.request.Key
	answer, ok := x.answers[key]
	if !ok || x.asked[key] == 0 {
		return false, nil
	}
	if answer.Failure != "" {
		return false, &QuestionError{Key: key, Message: answer.Failure}
	}
	err := q.take(answer.Result)
	if err != nil && x.asked[key] >= maxAsked {
		return false, &QuestionError{Key: key, Message: "the answer does not fit: " + err.Error()}
	}
	return err == nil, nil
}

// allow refuses questions of kinds that the client has not declared. MCP: a
// server must not ask for more.
func (x *exchange) allow(requests []InputRequest) error {
	var need Capabilities
	for _, r := range requests {
		need = need.with(r.needs())
	}
	if x.able.with(need) != x.able {
		return MissingCapability(need)
	}
	return nil
}

func (x *exchange) allAnswers() map[string]Input {
	x.mu.Lock()
	x.manual = true
	x.mu.Unlock()
	return maps.Clone(x.answers)
}

// recall returns what Memo has kept.
func (x *exchange) recall(key string) (json.RawMessage, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m, ok := x.memo[key]
	for _, asked := range m.Keys {
		if _, met := x.met[asked]; !met {
			x.noteLocked(asked, "")
		}
	}
	return m.Value, ok
}

// mark is how many questions have been met; remember takes it.
func (x *exchange) mark() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.order)
}

// remember keeps a value, and the questions met since mark.
func (x *exchange) remember(key string, value json.RawMessage, mark int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.memo == nil {
		x.memo = map[string]memoized{}
	}
	x.memo[key] = memoized{Value: value, Keys: slices.Clone(x.order[mark:])}
}

// finish says how the round ends, given the handler's error: with questions, or
// with that error. A handler that has asked has not come to its end, whatever it
// says.
func (x *exchange) finish(ctx context.Context, err error) (*pluginv1.InputRequired, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.mistake != nil {
		return nil, x.mistake
	}
	manual, isManual := errors.AsType[*InputRequired](err)
	isManual = isManual && manual != nil
	forgotten := x.forgottenLocked()
	if !isManual && len(x.pending) == 0 {
		if forgotten != "" && err == nil {
			Logger(ctx).Warn("the call ended without the question that it has asked", "key", forgotten)
		}
		return nil, err
	}
	requests, own := x.pending, x.own
	if isManual {
		requests, own = slices.Concat(requests, manual.Requests), manual.State
	} else if key := x.newLocked(); key != "" && forgotten != "" {
		return nil, fmt.Errorf("the plugin asks %q where it asked %q before: "+
			"a call has to ask the same questions under the same keys whenever it is entered again", key, forgotten)
	}
	return x.endLocked(requests, own)
}

// forgottenLocked returns a question of the rounds before that this run has not
// come to.
func (x *exchange) forgottenLocked() string {
	if x.manual {
		return ""
	}
	for _, key := range slices.Sorted(maps.Keys(x.asked)) {
		if _, met := x.met[key]; !met {
			return key
		}
	}
	return ""
}

// newLocked returns a pending question that was never asked before.
func (x *exchange) newLocked() string {
	for _, r := range x.pending {
		if x.asked[r.Key] == 0 {
			return r.Key
		}
	}
	return ""
}

// endLocked makes the outcome of a round.
func (x *exchange) endLocked(requests []InputRequest, own []byte) (*pluginv1.InputRequired, error) {
	if len(requests) > maxQuestions {
		return nil, fmt.Errorf("the plugin asks %d questions at once; the most is %d", len(requests), maxQuestions)
	}
	outcome := &pluginv1.InputRequired{}
	asked := maps.Clone(x.asked)
	if asked == nil {
		asked = map[string]int{}
	}
	seen := map[string]bool{}
	for _, r := range requests {
		if err := r.check(); err != nil {
			return nil, err
		}
		if seen[r.Key] {
			return nil, fmt.Errorf("two questions have the key %q: give each its own", r.Key)
		}
		seen[r.Key] = true
		asked[r.Key]++
		outcome.Requests = append(outcome.Requests, r.wire())
	}
	if err := x.allow(requests); err != nil {
		return nil, err
	}
	state, err := json.Marshal(exchangeState{Asked: asked, Memo: x.memo, Own: own})
	if err != nil {
		return nil, fmt.Errorf("the state of the call: %w", err)
	}
	if len(state) > maxStateSize {
		return nil, fmt.Errorf("the state of the call is %d bytes; the most is %d: keep less in Memo", len(state), maxStateSize)
	}
	outcome.State = state
	return outcome, nil
}

// check refuses what the host would refuse, in the author's words.
func (r InputRequest) check() error {
	if r.Key == "" || len(r.Key) > maxKeyBytes || r.Key != validText(r.Key) {
		return fmt.Errorf("a question has the key %.150q: it takes 1 to %d bytes of text", r.Key, maxKeyBytes)
	}
	if r.Method < MethodElicit || r.Method > MethodListRoots {
		return fmt.Errorf("question %q: there is no method %d", r.Key, r.Method)
	}
	var params map[string]json.RawMessage
	if len(r.Params) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.Params, &params); err != nil || params == nil {
		return fmt.Errorf("question %q: the params are not a JSON object", r.Key)
	}
	return nil
}

// needs is what a client has to declare to be asked.
func (r InputRequest) needs() Capabilities {
	var params struct {
		Mode       string          `json:"mode"`
		Tools      json.RawMessage `json:"tools"`
		ToolChoice json.RawMessage `json:"toolChoice"`
	}
	_ = json.Unmarshal(r.Params, &params) // checked already; a member of another type is the client's to refuse
	switch {
	case r.Method == MethodListRoots:
		return Capabilities{Roots: true}
	case r.Method == MethodSample:
		return Capabilities{Sampling: true, SamplingTools: len(params.Tools)+len(params.ToolChoice) > 0}
	case params.Mode == "url":
		return Capabilities{ElicitationURL: true}
	}
	return Capabilities{ElicitationForm: true}
}

func (r InputRequest) wire() *pluginv1.InputRequest {
	params := r.Params
	if len(params) == 0 {
		params = json.RawMessage(`{}`)
	}
	return &pluginv1.InputRequest{Key: r.Key, Method: pluginv1.InputMethod(r.Method), ParamsJson: params}
}

// with is what either has.
func (c Capabilities) with(other Capabilities) Capabilities {
	return Capabilities{
		ElicitationForm: c.ElicitationForm || other.ElicitationForm,
		ElicitationURL:  c.ElicitationURL || other.ElicitationURL,
		Sampling:        c.Sampling || other.Sampling,
		SamplingTools:   c.SamplingTools || other.SamplingTools,
		Roots:           c.Roots || other.Roots,
	}
}

func orElse(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
