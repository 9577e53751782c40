// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// ListTools returns the plugin's tools under its own names, in its own order. A
// tool that breaks a rule is dropped with a line in the log; the others stay.
// The error is a *mcp.PluginError, or wraps ctx's cause.
func (p *Plugin) ListTools(ctx context.Context) ([]mcp.Tool, error) {
	if !p.desc.Provides.Has(mcp.KindTools) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()

	begun := p.changes.begin(mcp.KindTools)
	sieve := toolSieve{cfg: &p.cfg, names: map[string]bool{}}
	pages := map[string]bool{} // tokens seen
	req := &pluginv1.ListToolsRequest{}
	var revision string
	for {
		page, err := p.tools.ListTools(ctx, req)
		if err != nil {
			return nil, p.listError(ctx, err)
		}
		if len(pages) == 0 {
			// The first page's: if the list changes in between, the watch brings a
			// revision that differs from it.
			revision = page.GetRevision()
		}
		full := sieve.add(page.GetTools())
		req.PageToken = page.GetNextPageToken()
		if req.PageToken == "" || full {
			break
		}
		if pages[req.PageToken] || len(pages) > p.cfg.MaxTools {
			return nil, p.failure("lists its tools without end", errors.New("page token "+clean(req.PageToken)+" comes again, or pages are empty"))
		}
		pages[req.PageToken] = true
	}
	p.changes.listed(mcp.KindTools, revision, begun)
	return sieve.tools, nil
}

func (p *Plugin) listError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("plugin %s: list given up: %w", p.cfg.Name, context.Cause(ctx))
	case status.Code(err) == codes.Unimplemented:
		return p.failure(textNoTools, err)
	case status.Code(err) == codes.DeadlineExceeded:
		return p.failure("did not list its tools in time", err)
	}
	return p.failure("failed to list its tools; the host's log has the details", because(err, p.Err()))
}

// A toolSieve collects the tools of all pages that are fit to be offered.
type toolSieve struct {
	cfg   *Config
	names map[string]bool
	tools []mcp.Tool
}

// add reports whether the quota of tools is full and more had to be dropped.
func (s *toolSieve) add(page []*pluginv1.Tool) (full bool) {
	for _, tool := range page {
		if len(s.tools) == s.cfg.MaxTools {
			s.cfg.Log.Warn("plugin lists too many tools: the rest is dropped", "max", s.cfg.MaxTools)
			return true
		}
		if err := s.check(tool); err != nil {
			s.cfg.Log.Warn("tool dropped", "tool", clean(tool.GetName()), "err", err)
			continue
		}
		s.names[tool.GetName()] = true
		s.tools = append(s.tools, s.convert(tool))
	}
	return false
}

// check returns why a tool cannot be offered, and what its author can do.
func (s *toolSieve) check(tool *pluginv1.Tool) error {
	if !validName(tool.GetName()) {
		return errors.New("its name is not 1 to 64 of A-Z a-z 0-9 _ . -")
	}
	if s.names[tool.GetName()] {
		return errors.New("another tool has its name")
	}
	if n := len(tool.GetDescription()); n > s.cfg.MaxDescription {
		return fmt.Errorf("its description has %d bytes, the limit is %d", n, s.cfg.MaxDescription)
	}
	if err := s.checkSchema("input", tool.GetInputSchemaJson()); err != nil {
		return err
	}
	if in := tool.GetInputSchemaJson(); len(in) > 0 && !rootIsObject(in) {
		return errors.New(`its input schema lacks "type":"object" at the root`)
	}
	return s.checkSchema("output", tool.GetOutputSchemaJson())
}

func (s *toolSieve) checkSchema(which string, schema []byte) error {
	if len(schema) == 0 {
		return nil
	}
	if len(schema) > s.cfg.MaxSchemaBytes {
		return fmt.Errorf("its %s schema has %d bytes, the limit is %d", which, len(schema), s.cfg.MaxSchemaBytes)
	}
	if err := validObject(schema); err != nil {
		return fmt.Errorf("its %s schema: %w", which, err)
	}
	return nil
}

// convert reads a tool that was checked.
func (s *toolSieve) convert(tool *pluginv1.Tool) mcp.Tool {
	t := mcp.Tool{
		Name:         tool.GetName(),
		Title:        tool.GetTitle(),
		Description:  tool.GetDescription(),
		InputSchema:  oneLine(tool.GetInputSchemaJson()),
		OutputSchema: oneLine(tool.GetOutputSchemaJson()),
		Annotations:  toolAnnotations(tool.GetAnnotations()),
		Icons:        icons(tool.GetIcons()),
		Requires:     capabilities(tool.GetRequires()),
	}
	if t.InputSchema == nil {
		t.InputSchema = []byte(`{"type":"object"}`)
	}
	var err error
	if t.Meta, err = metaObject(tool.GetMetaJson()); err != nil {
		s.cfg.Log.Warn("_meta of a tool dropped", "tool", t.Name, "err", err)
	}
	return t
}

// rootIsObject reports whether a valid schema says that it describes an object.
func rootIsObject(schema []byte) bool {
	value, ok := rawjson.Get(schema, "type")
	text, isText := rawjson.String(value)
	return ok && isText && text == "object"
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
