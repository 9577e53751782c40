// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"encoding/base64"
	"fmt"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// AppendJSON appends the result as a peer of version v knows it, with the
// stamp of the stateless era.
func (r *CallToolResult) AppendJSON(dst []byte, v Version, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	o.key("content")
	o.buf = r.appendContent(o.buf, v)
	if r.structuredFor(v) {
		o.raw("structuredContent", r.StructuredContent)
	}
	if r.IsError {
		o.boolean("isError", true)
	}
	stamp.meta(&o, r.Meta, "")
	return o.close()
}

// structuredFor reports whether structured content may be sent to v: not before
// 2025-06-18, and then only objects until 2026-07-28.
func (r *CallToolResult) structuredFor(v Version) bool {
	if len(r.StructuredContent) == 0 || v < Version20250618 {
		return false
	}
	return v.Stateless() || rawjson.KindOf(r.StructuredContent) == rawjson.KindObject
}

// appendContent appends the blocks. Structured content that comes alone is
// given its text form, as clients that read no structure need it.
func (r *CallToolResult) appendContent(dst []byte, v Version) []byte {
	dst = append(dst, '[')
	if len(r.Content) == 0 && len(r.StructuredContent) > 0 {
		o := openObject(dst)
		o.str("type", "text")
		o.key("text")
		o.buf = rawjson.AppendString(o.buf, r.StructuredContent)
		return append(o.close(), ']')
	}
	for i := range r.Content {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.Content[i].AppendJSON(dst, v)
	}
	return append(dst, ']')
}

// AppendJSON appends the block as a peer of version v knows it. Kinds that v
// does not have become text: an unknown kind breaks strict clients.
func (b *ContentBlock) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	switch {
	case b.Text != nil:
		o.text(*b.Text)
	case b.Image != nil:
		o.media("image", b.Image)
	case b.Audio != nil && v < Version20250326:
		o.text(fmt.Sprintf("[audio, %s, %d bytes]", b.Audio.MIMEType, len(b.Audio.Data)))
	case b.Audio != nil:
		o.media("audio", b.Audio)
	case b.Link != nil && v < Version20250618:
		o.text(b.Link.asText())
	case b.Link != nil:
		b.Link.append(&o, v)
	case b.Resource != nil:
		o.str("type", "resource")
		o.key("resource")
		o.buf = b.Resource.AppendJSON(o.buf, v)
	case b.Raw != nil && knowsKind(b.Raw.JSON, v):
		return AppendRaw(dst, b.Raw.JSON)
	case b.Raw != nil:
		o.text(b.Raw.Fallback)
	default:
		o.text("")
	}
	if b.Annotations != nil {
		o.key("annotations")
		o.buf = b.Annotations.AppendJSON(o.buf, v)
	}
	if v >= Version20250618 {
		o.optRaw("_meta", b.Meta)
	}
	return o.close()
}

// knowsKind reports whether a raw block is of a kind that version v has.
func knowsKind(block []byte, v Version) bool {
	switch stringMember(block, "type") {
	case "text", "image", "resource":
		return true
	case "audio":
		return v >= Version20250326
	case "resource_link":
		return v >= Version20250618
	default:
		return false
	}
}

func (o *object) text(s string) {
	o.str("type", "text")
	o.str("text", s)
}

func (o *object) media(kind string, m *Media) {
	o.str("type", kind)
	o.base64("data", m.Data)
	o.str("mimeType", m.MIMEType)
}

func (o *object) base64(name string, data []byte) {
	o.key(name)
	o.buf = append(o.buf, '"')
	o.buf = base64.StdEncoding.AppendEncode(o.buf, data)
	o.buf = append(o.buf, '"')
}

func (l *ResourceLink) append(o *object, v Version) {
	o.str("type", "resource_link")
	o.str("uri", l.URI)
	o.str("name", l.Name)
	o.optStr("title", l.Title)
	o.optStr("description", l.Description)
	o.optStr("mimeType", l.MIMEType)
	if l.Size != nil {
		o.integer("size", int64(*l.Size))
	}
	o.icons(l.Icons, v)
}

func (l *ResourceLink) asText() string {
	name := l.Title
	if name == "" {
		name = l.Name
	}
	return fmt.Sprintf("%s: %s", name, l.URI)
}

// AppendJSON appends what a resource holds as a peer of version v knows it.
func (r *ResourceContents) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.str("uri", r.URI)
	o.optStr("mimeType", r.MIMEType)
	if r.Text != nil {
		o.str("text", *r.Text)
	} else {
		o.base64("blob", r.Blob)
	}
	if v >= Version20250618 {
		o.optRaw("_meta", r.Meta)
	}
	return o.close()
}

// AppendJSON appends the annotations as a peer of version v knows them.
func (a *Annotations) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	if len(a.Audience) > 0 {
		o.key("audience")
		o.buf = AppendStrings(o.buf, a.Audience)
	}
	if a.Priority != nil {
		o.number("priority", *a.Priority)
	}
	if v >= Version20250618 {
		o.optStr("lastModified", a.LastModified)
	}
	return o.close()
}
