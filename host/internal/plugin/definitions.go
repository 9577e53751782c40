// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	"github.com/mcphost/mcphost/host/internal/schema"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// maxArguments is how many arguments one prompt may have.
const maxArguments = 100

var (
	errName   = errors.New("its name is not 1 to 64 of A-Z a-z 0-9 _ . -")
	errNoName = errors.New("its name is missing")
)

func (c *Config) toolRules() rules[*pluginv1.Tool, mcp.Tool] {
	return rules[*pluginv1.Tool, mcp.Tool]{
		list: toolList,
		what: "tool",
		max:  c.MaxTools,
		key:  func(t *pluginv1.Tool) (string, string) { return "name", t.GetName() },
		read: c.tool,
	}
}

func (c *Config) promptRules() rules[*pluginv1.Prompt, mcp.Prompt] {
	return rules[*pluginv1.Prompt, mcp.Prompt]{
		list: promptList,
		what: "prompt",
		max:  c.MaxPrompts,
		key:  func(p *pluginv1.Prompt) (string, string) { return "name", p.GetName() },
		read: c.prompt,
	}
}

func (c *Config) resourceRules() rules[*pluginv1.Resource, mcp.Resource] {
	return rules[*pluginv1.Resource, mcp.Resource]{
		list: resourceList,
		what: "resource",
		max:  c.MaxResources,
		key:  func(r *pluginv1.Resource) (string, string) { return "URI", r.GetUri() },
		read: c.resource,
	}
}

func (c *Config) templateRules() rules[*pluginv1.ResourceTemplate, mcp.ResourceTemplate] {
	return rules[*pluginv1.ResourceTemplate, mcp.ResourceTemplate]{
		list: templateList,
		what: "resource template",
		max:  c.MaxTemplates,
		key:  func(t *pluginv1.ResourceTemplate) (string, string) { return "URI template", t.GetUriTemplate() },
		read: c.template,
	}
}

// tool reads the definition of a tool.
func (c *Config) tool(in *pluginv1.Tool) (mcp.Tool, error) {
	t := mcp.Tool{
		Name:        in.GetName(),
		Title:       in.GetTitle(),
		Description: in.GetDescription(),
		Annotations: toolAnnotations(in.GetAnnotations()),
		Icons:       icons(in.GetIcons()),
		Meta:        c.meta("tool", in.GetName(), in.GetMetaJson()),
		Requires:    capabilities(in.GetRequires()),
	}
	if !validName(t.Name) {
		return t, errName
	}
	if err := c.checkDescription(t.Description); err != nil {
		return t, err
	}
	var err error
	if t.InputSchema, t.Input, err = c.schema(in.GetInputSchemaJson()); err != nil {
		return t, fmt.Errorf("its input schema %w", err)
	}
	if t.OutputSchema, t.Output, err = c.schema(in.GetOutputSchemaJson()); err != nil {
		return t, fmt.Errorf("its output schema %w", err)
	}
	if t.InputSchema == nil {
		t.InputSchema = []byte(`{"type":"object"}`)
		return t, nil
	}
	if !rootIsObject(t.InputSchema) {
		return t, errors.New(`its input schema lacks "type":"object" at the root`)
	}
	t.Headers, err = headers(t.InputSchema)
	return t, err
}

// schema returns a schema as one line, and what checks values against it: nil
// if anything goes. The error continues "its input schema".
func (c *Config) schema(raw []byte) ([]byte, mcp.Validator, error) {
	if len(raw) == 0 {
		return nil, nil, nil
	}
	if len(raw) > c.MaxSchemaBytes {
		return nil, nil, fmt.Errorf("has %d bytes, the limit is %d", len(raw), c.MaxSchemaBytes)
	}
	if err := validObject(raw); err != nil {
		return nil, nil, fmt.Errorf("is unusable: %w", err)
	}
	line := oneLine(raw)
	compiled, err := schema.Compile(line)
	if err != nil {
		return nil, nil, fmt.Errorf("is unusable: %w", err)
	}
	if compiled == nil {
		return line, nil, nil
	}
	return line, compiled, nil
}

// headers returns the arguments that a client repeats in headers.
func headers(inputSchema []byte) ([]mcp.HeaderParam, error) {
	params, err := schema.HeaderParams(inputSchema)
	if err != nil {
		return nil, fmt.Errorf("its input schema breaks a rule of x-mcp-header: %w", err)
	}
	var out []mcp.HeaderParam
	for _, param := range params {
		out = append(out, mcp.HeaderParam{Name: param.Name, Path: param.Path, Type: param.Type})
	}
	return out, nil
}

// rootIsObject reports whether a valid schema says that it describes an object.
func rootIsObject(schema []byte) bool {
	value, ok := rawjson.Get(schema, "type")
	text, isText := rawjson.String(value)
	return ok && isText && text == "object"
}

// prompt reads the definition of a prompt.
func (c *Config) prompt(in *pluginv1.Prompt) (mcp.Prompt, error) {
	p := mcp.Prompt{
		Name:        in.GetName(),
		Title:       in.GetTitle(),
		Description: in.GetDescription(),
		Icons:       icons(in.GetIcons()),
		Meta:        c.meta("prompt", in.GetName(), in.GetMetaJson()),
		Requires:    capabilities(in.GetRequires()),
	}
	if !validName(p.Name) {
		return p, errName
	}
	if err := c.checkDescription(p.Description); err != nil {
		return p, err
	}
	var err error
	p.Arguments, err = c.promptArguments(in.GetArguments())
	return p, err
}

func (c *Config) promptArguments(list []*pluginv1.PromptArgument) ([]mcp.PromptArgument, error) {
	if len(list) > maxArguments {
		return nil, fmt.Errorf("its arguments are %d, the limit is %d", len(list), maxArguments)
	}
	var out []mcp.PromptArgument
	seen := map[string]bool{"": true}
	for _, in := range list {
		if seen[in.GetName()] {
			return nil, fmt.Errorf("its arguments need names of their own, %q is none", in.GetName())
		}
		seen[in.GetName()] = true
		if err := c.checkDescription(in.GetDescription()); err != nil {
			return nil, fmt.Errorf("its argument %q: %w", in.GetName(), err)
		}
		out = append(out, mcp.PromptArgument{
			Name:        in.GetName(),
			Title:       in.GetTitle(),
			Description: in.GetDescription(),
			Required:    in.GetRequired(),
		})
	}
	return out, nil
}

// resource reads the definition of a resource.
func (c *Config) resource(in *pluginv1.Resource) (mcp.Resource, error) {
	r := mcp.Resource{
		URI:         in.GetUri(),
		Name:        in.GetName(),
		Title:       in.GetTitle(),
		Description: in.GetDescription(),
		MIMEType:    in.GetMimeType(),
		Size:        in.Size,
		Annotations: annotations(in.GetAnnotations()),
		Icons:       icons(in.GetIcons()),
		Meta:        c.meta("resource", in.GetUri(), in.GetMetaJson()),
	}
	if err := checkURI(r.URI); err != nil {
		return r, fmt.Errorf("its URI %w", err)
	}
	if r.Name == "" {
		return r, errNoName
	}
	return r, c.checkDescription(r.Description)
}

// template reads the definition of a family of resources.
func (c *Config) template(in *pluginv1.ResourceTemplate) (mcp.ResourceTemplate, error) {
	t := mcp.ResourceTemplate{
		URITemplate: in.GetUriTemplate(),
		Name:        in.GetName(),
		Title:       in.GetTitle(),
		Description: in.GetDescription(),
		MIMEType:    in.GetMimeType(),
		Annotations: annotations(in.GetAnnotations()),
		Icons:       icons(in.GetIcons()),
		Meta:        c.meta("resource template", in.GetUriTemplate(), in.GetMetaJson()),
	}
	if err := checkTemplate(t.URITemplate); err != nil {
		return t, fmt.Errorf("its URI template %w", err)
	}
	if t.Name == "" {
		return t, errNoName
	}
	return t, c.checkDescription(t.Description)
}

func (c *Config) checkDescription(text string) error {
	if len(text) > c.MaxDescription {
		return fmt.Errorf("its description has %d bytes, the limit is %d", len(text), c.MaxDescription)
	}
	return nil
}

// meta returns the _meta of a definition. One that is unusable is left out: it
// is an extra, and the definition is good without.
func (c *Config) meta(what, name string, raw []byte) []byte {
	meta, err := metaObject(raw)
	if err != nil {
		c.Log.Warn("_meta of a "+what+" dropped", what, clean(name), "err", err)
	}
	return meta
}

func validName(name string) bool {
	if len(name) < 1 || len(name) > 64 {
		return false
	}
	for _, b := range []byte(name) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '.', b == '-':
		default:
			return false
		}
	}
	return true
}
