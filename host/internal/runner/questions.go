// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// A Sealer protects what a client carries between two rounds of a call. It is
// safe for concurrent use.
type Sealer interface {
	// Seal encrypts plain so that it opens only under the same binding.
	Seal(plain, binding []byte) string
	Open(sealed string, binding []byte) ([]byte, error)
	// Digest names a request by its method and params, but for the members
	// that differ from round to round.
	Digest(method string, params []byte) []byte
}

// The bounds of a call that asks questions.
const (
	maxRounds    = 10
	maxState     = 1 << 20 // bytes, of plugin state and answers together
	stateOnlyGap = time.Second
)

// errBadState is the one answer to every state that is not ours, not of this
// request, or too old: more would help an attacker only.
var errBadState = &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: "Invalid or expired requestState"}

// errQuestion is a question that cannot be put to the client.
type errQuestion struct{ text string }

func (e *errQuestion) Error() string { return e.text }

// An enter runs one round of a call in its plugin.
type enter func(ctx context.Context, again *mcp.Resumption, sink mcp.Sink) (mcp.Outcome, error)

// An answer is the outcome of a call; with questions, the sealed state too.
type answer struct {
	mcp.Outcome
	state string
}

func (r *Runner) encodeAnswer(dst []byte, q *Request, a *answer) ([]byte, error) {
	switch {
	case a.Tool != nil:
		return a.Tool.AppendJSON(dst, q.Version, r.stamp(q)), nil
	case a.Resource != nil:
		return a.Resource.AppendJSON(dst, q.Version, r.stamp(q)), nil
	case a.Prompt != nil:
		return a.Prompt.AppendJSON(dst, q.Version, r.stamp(q)), nil
	case a.InputRequired != nil:
		return a.InputRequired.AppendJSON(dst, a.state, r.stamp(q)), nil
	default:
		return nil, errors.New("a call ended without an outcome")
	}
}

// converse runs a call through the rounds that its plugin asks for. In the
// stateless era each round is a request of its own, and what lies between is
// carried, sealed, by the client; before, the host asks the client itself on
// the channel of the request. The plugin sees the same in both.
func (r *Runner) converse(ctx context.Context, q *Request, re resume, run enter) (*answer, error) {
	if q.stateless {
		return r.oneRound(ctx, q, re, run)
	}
	var again *mcp.Resumption
	for round := 1; ; round++ {
		outcome, err := r.round(ctx, q, again, run)
		if err != nil || outcome.InputRequired == nil {
			return &answer{Outcome: outcome}, err
		}
		if round > maxRounds {
			return nil, tooManyRounds()
		}
		if again, err = r.ask(ctx, q, again, outcome.InputRequired); err != nil {
			return nil, err
		}
	}
}

func tooManyRounds() error {
	return &errQuestion{fmt.Sprintf("the call asked questions in more than %d rounds", maxRounds)}
}

// round enters the plugin once, within the time that a call may take. The time
// in which people answer is not the plugin's.
func (r *Runner) round(ctx context.Context, q *Request, again *mcp.Resumption, run enter) (mcp.Outcome, error) {
	timer := startCallTimer(ctx, r.opts.CallTimeout, r.opts.CallMax)
	defer timer.stop()
	sink := &sink{ctx: timer.ctx, req: q, timer: timer, level: q.logLevel()}
	outcome, err := run(timer.ctx, again, sink)
	if err != nil && timer.expired() {
		r.opts.Log.Warn("call took too long", "method", q.Method, "err", err)
		return mcp.Outcome{}, timer.cause()
	}
	return outcome, err
}

// oneRound runs a round of the stateless era.
func (r *Runner) oneRound(ctx context.Context, q *Request, re resume, run enter) (*answer, error) {
	carried, again, err := r.unseal(q, re)
	if err != nil {
		return nil, err
	}
	outcome, err := r.round(ctx, q, again, run)
	if err != nil || outcome.InputRequired == nil {
		return &answer{Outcome: outcome}, err
	}
	if carried.Round++; carried.Round > maxRounds {
		return nil, tooManyRounds()
	}
	if err := canAnswer(q, outcome.InputRequired.Requests); err != nil {
		return nil, err
	}
	state, err := r.seal(q, carried, again, outcome.InputRequired)
	return &answer{Outcome: outcome, state: state}, err
}

// canAnswer refuses questions that the client did not declare to answer: it
// must never be sent one.
func canAnswer(q *Request, questions []mcp.InputRequest) error {
	for i := range questions {
		if missing, any := q.Capabilities.Missing(questions[i].Needs()); any {
			return &mcp.ProtocolError{
				Reason:   mcp.ReasonMissingCapability,
				Message:  "the call asks for " + questions[i].Method + ", which this client did not declare to answer",
				Required: missing,
			}
		}
	}
	return nil
}

// carried is what a client carries between rounds.
type carried struct {
	Owner   string                     `json:"o"`
	Round   int                        `json:"r"`
	Expires int64                      `json:"e"` // Unix seconds
	Asked   map[string]string          `json:"k"` // methods of the last round's questions, by key
	Answers map[string]json.RawMessage `json:"a"` // of the rounds before
	State   []byte                     `json:"s"` // the plugin's
}

// seal binds the state to who called what: nobody else's request opens it.
func (r *Runner) seal(q *Request, c carried, again *mcp.Resumption, in *mcp.InputRequired) (string, error) {
	c.Owner, c.State, c.Asked = in.Owner, in.State, make(map[string]string, len(in.Requests))
	c.Expires = time.Now().Add(r.opts.StateTTL).Unix()
	for _, question := range in.Requests {
		c.Asked[question.Key] = question.Method
	}
	c.Answers = make(map[string]json.RawMessage)
	if again != nil {
		for _, a := range again.Responses {
			c.Answers[a.Key] = a.Result
		}
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("request state: %w", err)
	}
	if len(plain) > maxState {
		return "", &errQuestion{fmt.Sprintf("what the call keeps between questions is more than %d bytes", maxState)}
	}
	return r.opts.Sealer.Seal(plain, r.binding(q)), nil
}

// unseal returns what the client carried and the resumption that it makes, both
// empty in a first round.
func (r *Runner) unseal(q *Request, re resume) (carried, *mcp.Resumption, error) {
	var c carried
	if !re.stated {
		again, err := re.resumption(nil, nil)
		return c, again, err
	}
	plain, err := r.opts.Sealer.Open(re.state, r.binding(q))
	if err != nil {
		return c, nil, errBadState
	}
	if err := json.Unmarshal(plain, &c); err != nil || time.Now().Unix() > c.Expires {
		return c, nil, errBadState
	}
	again, err := re.resumption(c.Asked, c.Answers)
	if err != nil {
		return c, nil, err
	}
	again.State, again.Owner = c.State, c.Owner
	return c, again, nil
}

func (r *Runner) binding(q *Request) []byte {
	principal := ""
	if q.Principal != nil {
		principal = q.Principal.Issuer + "\x00" + q.Principal.Subject
	}
	return append(r.opts.Sealer.Digest(q.Method, q.Params), principal...)
}

// resume is what a request brings back from an earlier round.
type resume struct {
	stated    bool // there is a state
	state     string
	responses []byte // raw object; nil if none
}

func decodeResume(params []byte) (resume, error) {
	var re resume
	if value, ok := rawjson.Get(params, "requestState"); ok {
		if re.state, re.stated = rawjson.String(value); !re.stated {
			return re, errors.New("requestState must be a string")
		}
	}
	if value, ok := rawjson.Get(params, "inputResponses"); ok {
		if rawjson.KindOf(value) != rawjson.KindObject {
			return re, errors.New("inputResponses must be an object")
		}
		re.responses = value
	}
	return re, nil
}

// resumption joins the answers of earlier rounds with those that came now, to
// questions that were asked: asked holds their methods by key, and is nil when
// that is not known. What is left out is asked again; what is malformed is an
// error (2026-07-28, multi round-trip requests).
func (re resume) resumption(asked map[string]string, before map[string]json.RawMessage) (*mcp.Resumption, error) {
	answers := make(map[string]json.RawMessage, len(before))
	maps.Copy(answers, before)
	var malformed error
	if re.responses != nil {
		rawjson.Members(re.responses, func(key, value []byte) bool {
			method, known := asked[string(key)]
			if re.stated && !known {
				return true
			}
			if err := mcp.CheckAnswer(mcp.LatestStateless, method, value); err != nil {
				malformed = invalid("inputResponses %q: %s", key, err)
			}
			answers[string(key)] = value
			return malformed == nil
		})
	}
	if malformed != nil || !re.stated && len(answers) == 0 {
		return nil, malformed
	}
	again := &mcp.Resumption{}
	for key, result := range answers {
		again.Responses = append(again.Responses, mcp.InputResponse{Key: key, Result: result})
	}
	return again, nil
}

// ask puts the questions to a client of the handshake era, one after another as
// people answer them, and returns all answers so far.
func (r *Runner) ask(ctx context.Context, q *Request, again *mcp.Resumption, in *mcp.InputRequired) (*mcp.Resumption, error) {
	if err := canAnswer(q, in.Requests); err != nil {
		return nil, err
	}
	next := &mcp.Resumption{State: in.State, Owner: in.Owner}
	if again != nil {
		next.Responses = append(next.Responses, again.Responses...)
	}
	if len(in.Requests) == 0 {
		return next, pause(ctx, stateOnlyGap)
	}
	for i := range in.Requests {
		response, err := r.askOne(ctx, q, &in.Requests[i])
		if err != nil {
			return nil, err
		}
		next.Responses = replace(next.Responses, response)
	}
	return next, nil
}

func (r *Runner) askOne(ctx context.Context, q *Request, question *mcp.InputRequest) (mcp.InputResponse, error) {
	params, err := question.ParamsFor(q.Version, rand.Text())
	if err != nil {
		return mcp.InputResponse{}, &errQuestion{err.Error()}
	}
	waiting, cancel := context.WithTimeout(ctx, r.opts.QuestionTimeout)
	defer cancel()
	result, err := r.question(waiting, q, question.Method, params)
	if err == nil {
		err = malformedAnswer(q.Version, question.Method, result)
	}
	switch {
	case ctx.Err() != nil:
		return mcp.InputResponse{}, context.Cause(ctx)
	case err == nil:
		return mcp.InputResponse{Key: question.Key, Result: result}, nil
	case question.Method == mcp.MethodElicit:
		// Who cannot be asked has not agreed.
		r.opts.Log.Debug("elicitation failed", "err", err)
		return mcp.InputResponse{Key: question.Key, Result: []byte(`{"action":"cancel"}`)}, nil
	default:
		return mcp.InputResponse{Key: question.Key, Failure: failureText(question.Method, err)}, nil
	}
}

// errAnswer is an answer of a client that is none.
type errAnswer struct{ text string }

func (e *errAnswer) Error() string { return e.text }

func malformedAnswer(v mcp.Version, method string, result []byte) error {
	if err := mcp.CheckAnswer(v, method, result); err != nil {
		return &errAnswer{"the client's answer to " + method + " is malformed: " + err.Error()}
	}
	return nil
}

func failureText(method string, err error) string {
	if e := (*jsonrpc.Error)(nil); errors.As(err, &e) {
		return e.Message
	}
	if e := (*errAnswer)(nil); errors.As(err, &e) {
		return e.text
	}
	return "the client did not answer " + method
}

// replace keeps the latest answer to each question.
func replace(responses []mcp.InputResponse, response mcp.InputResponse) []mcp.InputResponse {
	for i := range responses {
		if responses[i].Key == response.Key {
			responses[i] = response
			return responses
		}
	}
	return append(responses, response)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
