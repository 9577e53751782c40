// SPDX-License-Identifier: Apache-2.0

package mcp

// AppendJSON appends the definition as a peer of version v knows it.
func (r *Resource) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.str("uri", r.URI)
	o.described(r.Name, r.Title, r.Description, v)
	o.optStr("mimeType", r.MIMEType)
	if r.Size != nil {
		o.integer("size", int64(*r.Size))
	}
	o.trimmings(r.Annotations, r.Icons, r.Meta, v)
	return o.close()
}

// AppendJSON appends the definition as a peer of version v knows it.
func (t *ResourceTemplate) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.str("uriTemplate", t.URITemplate)
	o.described(t.Name, t.Title, t.Description, v)
	o.optStr("mimeType", t.MIMEType)
	o.trimmings(t.Annotations, t.Icons, t.Meta, v)
	return o.close()
}

// AppendJSON appends the definition as a peer of version v knows it.
func (p *Prompt) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.described(p.Name, p.Title, p.Description, v)
	if len(p.Arguments) > 0 {
		o.key("arguments")
		o.buf = append(o.buf, '[')
		for i := range p.Arguments {
			if i > 0 {
				o.buf = append(o.buf, ',')
			}
			o.buf = p.Arguments[i].appendJSON(o.buf, v)
		}
		o.buf = append(o.buf, ']')
	}
	o.trimmings(nil, p.Icons, p.Meta, v)
	return o.close()
}

func (a *PromptArgument) appendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.described(a.Name, a.Title, a.Description, v)
	if a.Required {
		o.boolean("required", true)
	}
	return o.close()
}

// described writes the members by which people know a definition.
func (o *object) described(name, title, description string, v Version) {
	o.str("name", name)
	if v >= Version20250618 {
		o.optStr("title", title)
	}
	o.optStr("description", description)
}

// trimmings writes what may follow any definition.
func (o *object) trimmings(a *Annotations, icons []Icon, meta []byte, v Version) {
	if a != nil {
		o.key("annotations")
		o.buf = a.AppendJSON(o.buf, v)
	}
	o.icons(icons, v)
	if v >= Version20250618 {
		o.optRaw("_meta", meta)
	}
}

// AppendJSON appends the result as a peer of version v knows it.
func (r *ReadResourceResult) AppendJSON(dst []byte, v Version, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	o.key("contents")
	o.buf = append(o.buf, '[')
	for i := range r.Contents {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = r.Contents[i].AppendJSON(o.buf, v)
	}
	o.buf = append(o.buf, ']')
	if v.Stateless() {
		Cache{TTLMillis: r.TTLMillis, Public: r.Public}.append(&o)
	}
	stamp.meta(&o, r.Meta, "")
	return o.close()
}

// AppendJSON appends the result as a peer of version v knows it.
func (r *GetPromptResult) AppendJSON(dst []byte, v Version, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	o.optStr("description", r.Description)
	o.key("messages")
	o.buf = append(o.buf, '[')
	for i := range r.Messages {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		m := openObject(o.buf)
		m.str("role", string(r.Messages[i].Role))
		m.key("content")
		m.buf = r.Messages[i].Content.AppendJSON(m.buf, v)
		o.buf = m.close()
	}
	o.buf = append(o.buf, ']')
	stamp.meta(&o, r.Meta, "")
	return o.close()
}

// maxCompletions is how many values a completion may have (completion, "Data
// Types").
const maxCompletions = 100

// AppendJSON appends the result that holds the completion.
func (c *Completion) AppendJSON(dst []byte, stamp Stamp) []byte {
	values, more := c.Values, c.HasMore
	if len(values) > maxCompletions {
		values, more = values[:maxCompletions], true
	}
	o := openObject(dst)
	stamp.open(&o)
	o.key("completion")
	inner := openObject(o.buf)
	inner.key("values")
	inner.buf = AppendStrings(inner.buf, values)
	if c.Total != nil {
		inner.integer("total", int64(*c.Total))
	}
	if more {
		inner.boolean("hasMore", true)
	}
	o.buf = inner.close()
	stamp.meta(&o, nil, "")
	return o.close()
}
