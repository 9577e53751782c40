// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// facts are what a plugin says of itself.
type facts struct {
	about     *pluginv1.DescribeResponse
	tools     []*pluginv1.Tool
	resources []*pluginv1.Resource
	templates []*pluginv1.ResourceTemplate
	prompts   []*pluginv1.Prompt
	trouble   []string // of the lists
}

// facts reads all lists.
func (p *process) facts(ctx context.Context) *facts {
	f := &facts{}
	var err error
	if f.about, err = p.describe(ctx); err != nil {
		f.trouble = append(f.trouble, "Describe: "+err.Error())
		f.about = &pluginv1.DescribeResponse{}
	}
	note := func(what string, read func(ctx context.Context, token string) (string, error)) {
		if !p.usable() {
			return // what made it so is noted
		}
		err := pages(ctx, read)
		p.heard(ctx, err)
		switch {
		case err == nil:
		case status.Code(err) == codes.DeadlineExceeded:
			f.trouble = append(f.trouble, fmt.Sprintf("%s: it cannot be read within %s", what, listWait))
		default:
			f.trouble = append(f.trouble, what+": "+err.Error())
		}
	}
	note("ListTools", func(ctx context.Context, token string) (string, error) {
		page, err := p.tools.ListTools(ctx, &pluginv1.ListToolsRequest{PageToken: token})
		f.tools = append(f.tools, page.GetTools()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_TOOLS)
	})
	note("ListResources", func(ctx context.Context, token string) (string, error) {
		page, err := p.resources.ListResources(ctx, &pluginv1.ListResourcesRequest{PageToken: token})
		f.resources = append(f.resources, page.GetResources()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_RESOURCES)
	})
	note("ListResourceTemplates", func(ctx context.Context, token string) (string, error) {
		page, err := p.resources.ListResourceTemplates(ctx, &pluginv1.ListResourceTemplatesRequest{PageToken: token})
		f.templates = append(f.templates, page.GetResourceTemplates()...)
		if status.Code(err) == codes.Unimplemented {
			err = nil // there are none
		}
		return page.GetNextPageToken(), err
	})
	note("ListPrompts", func(ctx context.Context, token string) (string, error) {
		page, err := p.prompts.ListPrompts(ctx, &pluginv1.ListPromptsRequest{PageToken: token})
		f.prompts = append(f.prompts, page.GetPrompts()...)
		return page.GetNextPageToken(), unlessAbsent(err, f, pluginv1.Ability_ABILITY_PROMPTS)
	})
	return f
}

// provides reports whether the plugin says that it has an ability. None at all
// means tools.
func (f *facts) provides(ability pluginv1.Ability) bool {
	if len(f.about.GetAbilities()) == 0 {
		return ability == pluginv1.Ability_ABILITY_TOOLS
	}
	return slices.Contains(f.about.GetAbilities(), ability)
}

// unlessAbsent forgives that what the plugin does not promise is not there.
func unlessAbsent(err error, f *facts, ability pluginv1.Ability) error {
	if status.Code(err) == codes.Unimplemented && !f.provides(ability) {
		return nil
	}
	return err
}

// The bounds of a list that has no end.
const (
	maxPages = 1000
	listWait = 2 * shortWait
)

// pages reads a list to its end.
func pages(ctx context.Context, read func(ctx context.Context, token string) (next string, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	seen := map[string]bool{}
	token := ""
	for range maxPages {
		next, err := read(ctx, token)
		if err != nil || next == "" {
			return err
		}
		if seen[next] {
			return fmt.Errorf("the page token %q comes again: the list has no end", next)
		}
		seen[next], token = true, next
	}
	return fmt.Errorf("there are more than %d pages", maxPages)
}
