// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// maxNameLength is the longest name, in bytes, that a tool or prompt may have.
const maxNameLength = 64

// A Tool is the definition of one tool: what the model reads. Only Name is
// required.
type Tool struct {
	Name        string // 1 to 64 of [A-Za-z0-9_.-]; unique within the plugin
	Title       string // human-readable name
	Description string // what it does and when to use it

	// InputSchema and OutputSchema are JSON Schemas (2020-12). AddTool infers
	// those that are nil. In AddRawTool a nil InputSchema means no arguments, a
	// nil OutputSchema that no structured content is promised.
	InputSchema  json.RawMessage
	OutputSchema json.RawMessage

	Hints Hints
	Icons []Icon
	Meta  json.RawMessage // "_meta", a JSON object

	// Requires is what a call cannot do without. The host refuses the calls of
	// clients that lack it.
	Requires Capabilities
}

// Hints tell a client how careful to be. They are no promise that anybody
// enforces. The zero value says what MCP assumes of a tool without hints.
type Hints struct {
	ReadOnly    bool  // changes nothing
	Destructive *bool // may destroy what it changes; true if nil
	Idempotent  bool  // the same call again changes nothing more
	OpenWorld   *bool // reaches beyond a closed domain; true if nil
}

// An Icon is an image for user interfaces.
type Icon struct {
	Src      string   // an https, http or data URI
	MIMEType string   // unknown if empty
	Sizes    []string // such as "48x48", or "any"; any if empty
	Theme    string   // "light" or "dark": the background it is made for; either if empty
}

// AddTool offers a tool whose arguments are an In and whose result is an Out.
//
// In is a struct or a map with string keys. Its schema is inferred from the
// json tags (a member is required unless it is omitempty or omitzero) and the
// jsonschema tags, which are descriptions. Arguments that do not conform never
// reach fn: unknown members and wrong types are a tool error that names them.
//
// Out decides what the client gets:
//
//   - a string: text
//   - a Content, or a slice of them: those blocks
//   - a Result or *Result: just that
//   - struct{}, or nil: nothing
//   - anything else: structured content and the same as JSON text, with an
//     inferred output schema if it is a JSON object. []byte is a mistake:
//     return an Image, an Audio or an EmbeddedResource, which know their type.
//
// An error of fn is a tool error, which the model reads; a *ProtocolError is
// for the client's developer. A panic is logged and the model told "internal
// error". ctx ends when nobody waits for the result any more. fn is called by
// many goroutines at once.
//
// Mistakes are reported by Main. A tool that is added or removed later is
// announced to clients; a mistake is then logged and the tool left out.
func AddTool[In, Out any](p *Plugin, t Tool, fn func(ctx context.Context, in In) (Out, error)) {
	p.add(t, func() (*tool, error) {
		in, err := inferInput[In](t.InputSchema)
		if err != nil {
			return nil, err
		}
		out, err := inferOutput[Out](t.OutputSchema)
		if err != nil {
			return nil, err
		}
		return &tool{
			definition: t.wire(in.schema, out.schema),
			call: func(ctx context.Context, raw json.RawMessage) (*pluginv1.CallToolResult, error) {
				var args In
				if err := in.decode(raw, &args); err != nil {
					return nil, fmt.Errorf("invalid arguments: %w", err)
				}
				value, err := fn(ctx, args)
				if err != nil {
					return nil, err
				}
				return out.encode(value)
			},
		}, nil
	})
}

// AddRawTool offers a tool with a schema written by hand and arguments as the
// client wrote them: a JSON object that conforms to t.InputSchema, which must
// have "type": "object" at its root. All else is as in AddTool.
func AddRawTool(p *Plugin, t Tool, fn func(ctx context.Context, args json.RawMessage) (*Result, error)) {
	p.add(t, func() (*tool, error) {
		schema := t.InputSchema
		if len(schema) == 0 {
			schema = json.RawMessage(`{"type":"object","additionalProperties":false}`)
		}
		in, err := parseInput(schema)
		if err != nil {
			return nil, err
		}
		return &tool{
			definition: t.wire(in.schema, t.OutputSchema),
			call: func(ctx context.Context, raw json.RawMessage) (*pluginv1.CallToolResult, error) {
				if err := in.validate(raw); err != nil {
					return nil, fmt.Errorf("invalid arguments: %w", err)
				}
				result, err := fn(ctx, raw)
				if err != nil {
					return nil, err
				}
				return result.wire()
			},
		}, nil
	})
}

// RemoveTool takes a tool away; calls in flight go on. It is no mistake to
// remove what is not there.
func (p *Plugin) RemoveTool(name string) { p.tools.remove(name) }

// A toolHandler answers the calls of a tool.
type toolHandler func(ctx context.Context, args json.RawMessage) (*pluginv1.CallToolResult, error)

// A tool is a definition and what answers its calls. It is immutable.
type tool struct {
	definition *pluginv1.Tool
	call       toolHandler
}

// add checks what all tools have in common, builds the tool and offers it.
func (p *Plugin) add(t Tool, build func() (*tool, error)) {
	err := errors.Join(t.check(), p.late(AbilityTools))
	var made *tool
	if err == nil {
		made, err = build()
	}
	if err == nil {
		err = p.tools.add(made.definition, made.call)
	}
	if err != nil {
		p.fail(fmt.Errorf("tool %q: %w", t.Name, err))
	}
}

// check finds what no schema would.
func (t Tool) check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if len(t.OutputSchema) > 0 && !json.Valid(t.OutputSchema) {
		return errors.New("output schema: not JSON")
	}
	return checkMeta(t.Meta)
}

// checkName holds for tools and prompts.
func checkName(name string) error {
	if name == "" || len(name) > maxNameLength || strings.Trim(name, nameLetters) != "" {
		return errors.New("a name is 1 to 64 of the letters, digits and _ . -")
	}
	return nil
}

// nameLetters are those that a name may be made of.
const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// checkMeta accepts a JSON object, or nothing.
func checkMeta(meta json.RawMessage) error {
	if len(meta) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(meta, &object); err != nil {
		return fmt.Errorf("meta is not a JSON object: %w", err)
	}
	return nil
}

// wire is the definition as the host reads it.
func (t Tool) wire(input, output json.RawMessage) *pluginv1.Tool {
	return &pluginv1.Tool{
		Name:             t.Name,
		Title:            t.Title,
		Description:      t.Description,
		InputSchemaJson:  input,
		OutputSchemaJson: output,
		Annotations:      t.Hints.wire(),
		Icons:            wireIcons(t.Icons),
		MetaJson:         t.Meta,
		Requires:         t.Requires.wire(),
	}
}

func (h Hints) wire() *pluginv1.ToolAnnotations {
	if h == (Hints{}) {
		return nil
	}
	a := &pluginv1.ToolAnnotations{Destructive: h.Destructive, OpenWorld: h.OpenWorld}
	if h.ReadOnly {
		a.ReadOnly = new(true)
	}
	if h.Idempotent {
		a.Idempotent = new(true)
	}
	return a
}

func wireIcons(icons []Icon) []*pluginv1.Icon {
	var wire []*pluginv1.Icon
	for _, i := range icons {
		wire = append(wire, &pluginv1.Icon{Src: i.Src, MimeType: i.MIMEType, Sizes: i.Sizes, Theme: i.Theme})
	}
	return wire
}
