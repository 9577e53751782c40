// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// ErrAsked ends a round: the question is on its way to the client, and the host
// calls again with the answer. Return it, wrapped or not, and do nothing else:
// whatever the handler returns after asking, the round ends with the question.
var ErrAsked = errors.New("the call ends with a question, and is entered again with the answer")

// A QuestionError says that there is no answer to a question: the client could
// not or would not give one that fits. A person's refusal is none: that is an
// Action.
type QuestionError struct {
	Key     string // of the question
	Message string
}

// Error names the question and says why.
func (e *QuestionError) Error() string {
	return fmt.Sprintf("no answer to the question %q: %s", e.Key, e.Message)
}

// An Action is what a person did with what they were asked.
type Action string

// The actions.
const (
	ActionAccept  Action = "accept"  // filled in the form; agreed to visit the URL
	ActionDecline Action = "decline" // said no
	ActionCancel  Action = "cancel"  // closed it without a choice
)

// An Answer is what a person did with a form.
type Answer[T any] struct {
	Action Action
	Value  T // zero unless the action is ActionAccept
}

// Accepted reports whether the person filled in the form.
func (a Answer[T]) Accepted() bool { return a.Action == ActionAccept }

// ElicitParams are a form whose schema is written by hand.
type ElicitParams struct {
	Message string
	// Schema is the form: what MCP's "requestedSchema" allows, passed on as
	// written. The host leaves out what an older client does not know.
	Schema json.RawMessage
}

// An ElicitResult is what a person did with a form.
type ElicitResult struct {
	Action  Action
	Content json.RawMessage // what was filled in, a JSON object that conforms to the schema; nil unless ActionAccept
}

// A Root is a folder that the client lets its servers know.
type Root struct {
	URI  string          `json:"uri"` // file://
	Name string          `json:"name"`
	Meta json.RawMessage `json:"_meta"`
}

// A Question is one thing to ask with Ask. It is made by FormQuestion and its
// like, and stores the answer where that was told.
type Question struct {
	request InputRequest
	err     error // what is wrong with the question itself
	// take stores a result; its error says why that does not fit.
	take func(result json.RawMessage) error
}

// Ask puts several questions to the client in one round. It returns nil when all
// are answered, and ErrAsked when it had to ask. A *QuestionError says that one
// of them will get no answer, a *ProtocolError with CodeMissingCapability that
// the client declares no such ability; Caller tells that beforehand.
//
// A key names a question among all of the call, in every round: asking under
// keys that differ from those of the round before ends the call with an error.
func Ask(ctx context.Context, questions ...Question) error {
	c, ok := callOf(ctx)
	if !ok {
		return errors.New("a question outside of a call: use the context that the handler was given")
	}
	if c.exchange == nil {
		return fmt.Errorf("a %s cannot ask questions", c.kind)
	}
	return c.exchange.ask(questions)
}

// Elicit asks a person to fill in a form and returns what they did with it. T is
// a flat struct: its members are strings, numbers, booleans, or slices of strings
// to choose several from. json tags name them (one is required unless it is a
// pointer, omitempty or omitzero), jsonschema tags describe them, and form tags
// say the rest, separated by semicolons:
//
//	Size string `json:"size" jsonschema:"of the shirt" form:"title=Size;enum=S|M|L;default=M"`
//	Mail string `json:"mail" form:"format=email"` // or uri, date, date-time
//	Copy int    `json:"copy" form:"min=1;max=9"`  // for strings: of the length
//
// An accepted answer conforms to the form; what does not is asked once more. It
// returns errors as Ask does. Never ask for secrets in a form: use ElicitURL.
func Elicit[T any](ctx context.Context, key, message string) (Answer[T], error) {
	var answer Answer[T]
	err := Ask(ctx, FormQuestion(key, message, &answer))
	return answer, err
}

// ElicitForm is Elicit with a schema written by hand.
func ElicitForm(ctx context.Context, key string, params ElicitParams) (ElicitResult, error) {
	var result ElicitResult
	err := Ask(ctx, ElicitQuestion(key, params, &result))
	return result, err
}

// ElicitURL asks a person to visit a URL, for what must not pass through the
// client. ActionAccept means that they agreed, not that they are done there: that
// is for the plugin to know, by other means.
func ElicitURL(ctx context.Context, key, message, url string) (Action, error) {
	var action Action
	err := Ask(ctx, URLQuestion(key, message, url, &action))
	return action, err
}

// Sample asks the client's model.
func Sample(ctx context.Context, key string, params SampleParams) (SampleResult, error) {
	var result SampleResult
	err := Ask(ctx, SampleQuestion(key, params, &result))
	return result, err
}

// Roots asks for the folders that the client lets its servers know.
func Roots(ctx context.Context, key string) ([]Root, error) {
	var roots []Root
	err := Ask(ctx, RootsQuestion(key, &roots))
	return roots, err
}

// FormQuestion is the question of Elicit.
func FormQuestion[T any](key, message string, to *Answer[T]) Question {
	schema, err := inferForm[T]()
	if err != nil {
		return Question{request: InputRequest{Key: key}, err: err}
	}
	var result ElicitResult
	q := ElicitQuestion(key, ElicitParams{Message: message, Schema: schema}, &result)
	takeForm := q.take
	q.take = func(raw json.RawMessage) error {
		if err := takeForm(raw); err != nil {
			return err
		}
		answer := Answer[T]{Action: result.Action}
		if answer.Accepted() {
			if err := json.Unmarshal(result.Content, &answer.Value); err != nil {
				return err
			}
		}
		*to = answer
		return nil
	}
	return q
}

// ElicitQuestion is the question of ElicitForm.
func ElicitQuestion(key string, params ElicitParams, to *ElicitResult) Question {
	form, err := parseInput(params.Schema)
	var o object
	o.value("message", params.Message)
	o.raw("requestedSchema", params.Schema)
	return Question{
		request: InputRequest{Key: key, Method: MethodElicit, Params: o.bytes()},
		err:     err,
		take: func(raw json.RawMessage) error {
			action, content, err := readElicit(raw)
			if err != nil {
				return err
			}
			if action == ActionAccept {
				if content, err = form.complete(content); err != nil {
					return err
				}
			} else {
				content = nil
			}
			*to = ElicitResult{Action: action, Content: content}
			return nil
		},
	}
}

// URLQuestion is the question of ElicitURL.
func URLQuestion(key, message, url string, to *Action) Question {
	var o object
	o.value("mode", "url")
	o.value("message", message)
	o.value("url", url)
	return Question{
		request: InputRequest{Key: key, Method: MethodElicit, Params: o.bytes()},
		take: func(raw json.RawMessage) error {
			action, _, err := readElicit(raw)
			if err == nil {
				*to = action
			}
			return err
		},
	}
}

// RootsQuestion is the question of Roots.
func RootsQuestion(key string, to *[]Root) Question {
	return Question{
		request: InputRequest{Key: key, Method: MethodListRoots, Params: json.RawMessage(`{}`)},
		take: func(raw json.RawMessage) error {
			var result struct {
				Roots []Root `json:"roots"`
			}
			if err := json.Unmarshal(raw, &result); err != nil {
				return err
			}
			if result.Roots == nil {
				return errors.New(`"roots" is missing`)
			}
			*to = result.Roots
			return nil
		},
	}
}

// readElicit reads MCP's "ElicitResult".
func readElicit(raw json.RawMessage) (Action, json.RawMessage, error) {
	var result struct {
		Action  Action          `json:"action"`
		Content json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return "", nil, err
	}
	switch result.Action {
	case ActionAccept, ActionDecline, ActionCancel:
		return result.Action, result.Content, nil
	}
	return "", nil, fmt.Errorf("the action %q is none of accept, decline and cancel", result.Action)
}

// InputRequired ends a round under the author's own control, as an error that
// the handler returns. Most authors want Elicit and its like instead: here it is
// for the author to find each answer in Answers, to check it, and to ask again
// under the same key if it is missing or wrong.
type InputRequired struct {
	// Requests are the questions. If there are none the host calls again after a
	// pause.
	Requests []InputRequest
	// State comes back in State, whatever the client does; at most 48 KiB or so:
	// it shares the protocol's 64 KiB with what Memo keeps.
	State []byte
}

// Error says what it does.
func (*InputRequired) Error() string { return ErrAsked.Error() }

// Is makes it an ErrAsked.
func (*InputRequired) Is(target error) bool { return target == ErrAsked }

// An InputRequest is one question as MCP has it.
type InputRequest struct {
	Key    string          // names the question among all rounds; 1 to 128 bytes
	Method InputMethod     // what kind of question it is
	Params json.RawMessage // the method's "params", a JSON object passed on as written; {} if nil
}

// An InputMethod is a kind of question.
type InputMethod int

// The kinds of questions.
const (
	MethodElicit    = InputMethod(pluginv1.InputMethod_INPUT_METHOD_ELICIT)     // elicitation/create
	MethodSample    = InputMethod(pluginv1.InputMethod_INPUT_METHOD_SAMPLE)     // sampling/createMessage
	MethodListRoots = InputMethod(pluginv1.InputMethod_INPUT_METHOD_LIST_ROOTS) // roots/list
)

// An Input is the client's word on one question: a result, or why there is none.
type Input struct {
	Result  json.RawMessage // any JSON value; nil if there is a failure
	Failure string
}

// Answers returns all that the client has answered in this call so far, by key,
// asked for or not, and unchecked. Nil outside a call and in its first round.
func Answers(ctx context.Context) map[string]Input {
	if c, ok := callOf(ctx); ok && c.exchange != nil {
		return c.exchange.allAnswers()
	}
	return nil
}

// State returns the State of the InputRequired that ended the round before; nil
// if there was none.
func State(ctx context.Context) []byte {
	if c, ok := callOf(ctx); ok && c.exchange != nil {
		return bytes.Clone(c.exchange.own)
	}
	return nil
}

// object builds a JSON object whose raw members stay as they were written.
type object struct{ buf []byte }

// value adds a member that cannot fail to be JSON.
func (o *object) value(name string, v any) { o.raw(name, jsonOrText(v)) }

func (o *object) raw(name string, value json.RawMessage) {
	if len(value) == 0 {
		return
	}
	separator := byte(',')
	if len(o.buf) == 0 {
		separator = '{'
	}
	o.buf = append(o.buf, separator)
	o.buf = append(o.buf, jsonOrText(name)...)
	o.buf = append(o.buf, ':')
	o.buf = append(o.buf, value...)
}

func (o *object) bytes() json.RawMessage {
	if len(o.buf) == 0 {
		return json.RawMessage(`{}`)
	}
	return append(o.buf, '}')
}
