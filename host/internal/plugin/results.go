// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

const (
	maxCompletions = 100       // MCP, completion, "CompleteResult"
	maxMillis      = 1<<53 - 1 // the greatest integer that every JSON parser reads
)

// The errors of the functions below complete "plugin <name> ...".

var errNoContents = errors.New(textNoContents)

// toolResult reads what a tool returned.
func toolResult(r *pluginv1.CallToolResult) (*mcp.CallToolResult, error) {
	content, err := contentBlocks(r.GetContent())
	if err != nil {
		return nil, err
	}
	out := &mcp.CallToolResult{Content: content, IsError: r.GetIsError()}
	if structured := r.GetStructuredContentJson(); len(structured) > 0 {
		if err := rawjson.Valid(structured); err != nil {
			return nil, badJSON("structured content", err)
		}
		out.StructuredContent = oneLine(structured)
	}
	if out.Meta, err = metaObject(r.GetMetaJson()); err != nil {
		return nil, badJSON("_meta", err)
	}
	return out, nil
}

// readResult reads what a resource holds. Contents without a URI are those of
// the resource that was asked for.
func readResult(r *pluginv1.ReadResourceResult, asked string) (*mcp.ReadResourceResult, error) {
	if len(r.GetContents()) == 0 {
		return nil, errNoContents
	}
	out := &mcp.ReadResourceResult{
		Contents:  make([]mcp.ResourceContents, 0, len(r.GetContents())),
		TTLMillis: int64(min(r.GetTtlMs(), maxMillis)),
		Public:    r.GetShareable(),
	}
	for _, in := range r.GetContents() {
		contents, err := resourceContents(in)
		if err != nil {
			return nil, err
		}
		if contents.URI == "" {
			contents.URI = asked
		}
		out.Contents = append(out.Contents, *contents)
	}
	var err error
	if out.Meta, err = metaObject(r.GetMetaJson()); err != nil {
		return nil, badJSON("_meta", err)
	}
	return out, nil
}

// promptResult reads a prompt that was filled in. A message whose content is of
// no kind is dropped with it.
func promptResult(r *pluginv1.GetPromptResult) (*mcp.GetPromptResult, error) {
	out := &mcp.GetPromptResult{
		Description: r.GetDescription(),
		Messages:    make([]mcp.PromptMessage, 0, len(r.GetMessages())),
	}
	for _, in := range r.GetMessages() {
		block, ok, err := contentBlock(in.GetContent())
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		role := mcp.RoleUser
		if in.GetRole() == pluginv1.Role_ROLE_ASSISTANT {
			role = mcp.RoleAssistant
		}
		out.Messages = append(out.Messages, mcp.PromptMessage{Role: role, Content: block})
	}
	var err error
	if out.Meta, err = metaObject(r.GetMetaJson()); err != nil {
		return nil, badJSON("_meta", err)
	}
	return out, nil
}

// completion reads suggestions and leaves out what no client may be sent.
func completion(c *pluginv1.Completion) *mcp.Completion {
	out := &mcp.Completion{Values: c.GetValues(), HasMore: c.GetHasMore()}
	if c != nil {
		out.Total = c.Total
	}
	if len(out.Values) > maxCompletions {
		out.Values, out.HasMore = out.Values[:maxCompletions], true
	}
	return out
}
