// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// contentBlocks reads content. A block of no kind is dropped. Bytes are not
// copied: the message they came in belongs to nobody else.
func contentBlocks(list []*pluginv1.ContentBlock) ([]mcp.ContentBlock, error) {
	out := make([]mcp.ContentBlock, 0, len(list))
	for _, in := range list {
		block, ok, err := contentBlock(in)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, block)
		}
	}
	return out, nil
}

func contentBlock(in *pluginv1.ContentBlock) (block mcp.ContentBlock, ok bool, err error) {
	switch kind := in.GetKind().(type) {
	case *pluginv1.ContentBlock_Text:
		text := kind.Text.GetText()
		block.Text = &text
	case *pluginv1.ContentBlock_Image:
		block.Image = media(kind.Image)
	case *pluginv1.ContentBlock_Audio:
		block.Audio = media(kind.Audio)
	case *pluginv1.ContentBlock_ResourceLink:
		block.Link = resourceLink(kind.ResourceLink)
	case *pluginv1.ContentBlock_Resource:
		block.Resource, err = resourceContents(kind.Resource)
	case *pluginv1.ContentBlock_Raw:
		block.Raw, err = rawBlock(kind.Raw)
	default:
		return block, false, nil
	}
	if err != nil {
		return block, false, err
	}
	block.Annotations = annotations(in.GetAnnotations())
	if block.Meta, err = metaObject(in.GetMetaJson()); err != nil {
		return block, false, badJSON("_meta", err)
	}
	return block, true, nil
}

func media(m *pluginv1.MediaContent) *mcp.Media {
	out := &mcp.Media{Data: m.GetData(), MIMEType: m.GetMimeType()}
	if out.MIMEType == "" {
		out.MIMEType = "application/octet-stream" // MCP requires one
	}
	return out
}

func resourceLink(l *pluginv1.ResourceLink) *mcp.ResourceLink {
	return &mcp.ResourceLink{
		URI:         l.GetUri(),
		Name:        l.GetName(),
		Title:       l.GetTitle(),
		Description: l.GetDescription(),
		MIMEType:    l.GetMimeType(),
		Size:        l.Size,
		Icons:       icons(l.GetIcons()),
	}
}

func resourceContents(r *pluginv1.ResourceContents) (*mcp.ResourceContents, error) {
	out := &mcp.ResourceContents{URI: r.GetUri(), MIMEType: r.GetMimeType()}
	if text, ok := r.GetContents().(*pluginv1.ResourceContents_Text); ok {
		out.Text = &text.Text
	} else {
		out.Blob = r.GetBlob()
	}
	var err error
	if out.Meta, err = metaObject(r.GetMetaJson()); err != nil {
		return nil, badJSON("_meta", err)
	}
	return out, nil
}

func rawBlock(r *pluginv1.RawContent) (*mcp.RawBlock, error) {
	raw := r.GetBlockJson()
	if err := validObject(raw); err != nil {
		return nil, badJSON("a content block", err)
	}
	if kind, _ := rawjson.Get(raw, "type"); rawjson.KindOf(kind) != rawjson.KindString {
		return nil, badJSON("a content block", errNoType)
	}
	return &mcp.RawBlock{JSON: oneLine(raw), Fallback: r.GetFallbackText()}, nil
}

func annotations(a *pluginv1.Annotations) *mcp.Annotations {
	if a == nil {
		return nil
	}
	out := &mcp.Annotations{LastModified: a.GetLastModified()}
	for _, role := range a.GetAudience() {
		switch role {
		case pluginv1.Role_ROLE_USER:
			out.Audience = append(out.Audience, mcp.RoleUser)
		case pluginv1.Role_ROLE_ASSISTANT:
			out.Audience = append(out.Audience, mcp.RoleAssistant)
		}
	}
	// Outside of 0 to 1 it means nothing, and as NaN it is no JSON.
	if priority := a.GetPriority(); a.Priority != nil && priority >= 0 && priority <= 1 {
		out.Priority = &priority
	}
	return out
}
