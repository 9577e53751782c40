// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A Prompt is the definition of one prompt: what a user picks from a list. Only
// Name is required.
type Prompt struct {
	Name        string // 1 to 64 of [A-Za-z0-9_.-]; unique within the plugin
	Title       string // human-readable name
	Description string
	Arguments   []PromptArgument // in the order to ask for them; AddPrompt infers them if nil
	Icons       []Icon
	Meta        json.RawMessage // "_meta", a JSON object

	// Requires is what filling in the prompt cannot do without. The host refuses
	// the calls of clients that lack it.
	Requires Capabilities
}

// A PromptArgument is one value to fill in.
type PromptArgument struct {
	Name        string // unique within the prompt
	Title       string
	Description string
	Required    bool
}

// A PromptMessage is one message of a prompt.
type PromptMessage struct {
	Role    Role // of the user if zero
	Content Content
}

// A PromptResult is a prompt filled in, in full, for what the other forms of
// PromptOut cannot say.
type PromptResult struct {
	Description string
	Messages    []PromptMessage
	Meta        json.RawMessage // "_meta", a JSON object
}

// PromptOut is what a prompt may be filled in with: the text of one message of
// the user, messages, or all there is to say.
type PromptOut interface {
	string | []PromptMessage | PromptResult | *PromptResult
}

// AddPrompt offers a prompt whose arguments are an In: a struct of strings. The
// arguments are inferred from its json tags (one is required unless it is a
// pointer, omitempty or omitzero) and its jsonschema tags, which are
// descriptions. Arguments that are missing or unknown never reach fn.
//
// An error of fn is for the client's developer to read. All else is as in
// AddTool: questions, progress, panics, mistakes and additions after the start.
func AddPrompt[In any, Out PromptOut](p *Plugin, prompt Prompt, fn func(ctx context.Context, in In) (Out, error)) {
	inferred, err := inferArguments(reflect.TypeFor[In]())
	if err != nil {
		p.fail(fmt.Errorf("prompt %q: %w", prompt.Name, err))
		return
	}
	if prompt.Arguments == nil {
		prompt.Arguments = inferred
	}
	AddRawPrompt(p, prompt, func(ctx context.Context, args map[string]string) (out Out, err error) {
		var in In
		raw, err := json.Marshal(args)
		if err == nil {
			err = json.Unmarshal(raw, &in)
		}
		if err != nil {
			return out, InvalidParams("invalid arguments: %v", err)
		}
		return fn(ctx, in)
	})
}

// AddRawPrompt offers a prompt whose arguments are as the client wrote them:
// those that prompt.Arguments requires, and no others than it names. All else is
// as in AddPrompt.
func AddRawPrompt[Out PromptOut](p *Plugin, prompt Prompt, fn func(ctx context.Context, args map[string]string) (Out, error)) {
	definition, err := prompt.wire()
	if err == nil {
		err = p.late(AbilityPrompts)
	}
	if err == nil {
		err = p.prompts.add(definition, func(ctx context.Context, args map[string]string) (*pluginv1.GetPromptResult, error) {
			if err := prompt.checkArguments(args); err != nil {
				return nil, err
			}
			out, err := fn(ctx, args)
			if err != nil {
				return nil, err
			}
			return encodePrompt(out)
		})
	}
	if err != nil {
		p.fail(fmt.Errorf("prompt %q: %w", prompt.Name, err))
	}
}

// RemovePrompt takes a prompt away; calls in flight go on. It is no mistake to
// remove what is not there.
func (p *Plugin) RemovePrompt(name string) { p.prompts.remove(name) }

// A promptHandler fills in a prompt.
type promptHandler func(ctx context.Context, args map[string]string) (*pluginv1.GetPromptResult, error)

// inferArguments returns the arguments that a struct of strings describes.
func inferArguments(t reflect.Type) ([]PromptArgument, error) {
	t = elem(t)
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct of strings: the arguments of a prompt are strings", t)
	}
	arguments := []PromptArgument{}
	for _, f := range reflect.VisibleFields(t) {
		name, optional, ok := jsonMember(f)
		if !ok {
			continue
		}
		if elem(f.Type).Kind() != reflect.String {
			return nil, fmt.Errorf("%s has type %s: the arguments of a prompt are strings", f.Name, f.Type)
		}
		arguments = append(arguments, PromptArgument{
			Name:        name,
			Description: f.Tag.Get("jsonschema"),
			Required:    !optional,
		})
	}
	return arguments, nil
}

// jsonMember is what encoding/json makes of a field: the name of a member, and
// whether it may be left out. It reports false for fields that it skips.
func jsonMember(f reflect.StructField) (name string, optional, ok bool) {
	tag := f.Tag.Get("json")
	if !f.IsExported() || f.Anonymous || tag == "-" {
		return "", false, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	optional = f.Type.Kind() == reflect.Pointer
	for option := range strings.SplitSeq(options, ",") {
		optional = optional || option == "omitempty" || option == "omitzero"
	}
	return name, optional, true
}

// checkArguments refuses what the definition does not allow.
func (p Prompt) checkArguments(args map[string]string) error {
	known := make(map[string]bool, len(p.Arguments))
	for _, a := range p.Arguments {
		known[a.Name] = true
		if _, given := args[a.Name]; a.Required && !given {
			return InvalidParams("prompt %s: the argument %q is required", p.Name, a.Name)
		}
	}
	for name := range args {
		if !known[name] {
			return InvalidParams("prompt %s: there is no argument %q", p.Name, name)
		}
	}
	return nil
}

// wire is the definition as the host reads it.
func (p Prompt) wire() (*pluginv1.Prompt, error) {
	if err := checkName(p.Name); err != nil {
		return nil, err
	}
	wire := &pluginv1.Prompt{
		Name:        p.Name,
		Title:       p.Title,
		Description: p.Description,
		Icons:       wireIcons(p.Icons),
		MetaJson:    p.Meta,
		Requires:    p.Requires.wire(),
	}
	known := map[string]bool{}
	for _, a := range p.Arguments {
		if a.Name == "" || known[a.Name] {
			return nil, fmt.Errorf("argument %q: a name is needed, once", a.Name)
		}
		known[a.Name] = true
		wire.Arguments = append(wire.Arguments, &pluginv1.PromptArgument{
			Name:        a.Name,
			Title:       a.Title,
			Description: a.Description,
			Required:    a.Required,
		})
	}
	return wire, checkMeta(p.Meta)
}

// encodePrompt turns what an author returned, a PromptOut, into a result.
func encodePrompt(out any) (*pluginv1.GetPromptResult, error) {
	switch v := out.(type) {
	case string:
		return PromptResult{Messages: []PromptMessage{{Content: Text{Text: v}}}}.wire()
	case []PromptMessage:
		return PromptResult{Messages: v}.wire()
	case PromptResult:
		return v.wire()
	case *PromptResult:
		if v != nil {
			return v.wire()
		}
	}
	return PromptResult{}.wire()
}

func (r PromptResult) wire() (*pluginv1.GetPromptResult, error) {
	wire := &pluginv1.GetPromptResult{Description: validText(r.Description), MetaJson: r.Meta}
	for i, m := range r.Messages {
		if m.Content == nil {
			return nil, errors.New("a message of the prompt has no content")
		}
		block, err := m.Content.block()
		if err != nil {
			return nil, fmt.Errorf("message %d of the prompt: %w", i, err)
		}
		role := pluginv1.Role_ROLE_USER
		if m.Role == RoleAssistant {
			role = pluginv1.Role_ROLE_ASSISTANT
		}
		wire.Messages = append(wire.Messages, &pluginv1.PromptMessage{Role: role, Content: block})
	}
	return wire, checkMeta(r.Meta)
}
