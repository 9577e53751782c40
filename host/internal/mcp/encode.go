// SPDX-License-Identifier: Apache-2.0

package mcp

import "github.com/mcphost/mcphost/host/internal/rawjson"

// AppendJSON appends the description as a peer of version v knows it.
func (i *Implementation) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.str("name", i.Name)
	o.str("version", i.Version)
	if v >= Version20250618 {
		o.optStr("title", i.Title)
	}
	if v >= Version20251125 {
		o.optStr("description", i.Description)
		o.optStr("websiteUrl", i.WebsiteURL)
	}
	return o.close()
}

// AppendJSON appends the definition as a peer of version v knows it.
func (t *Tool) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	o.str("name", t.Name)
	if v >= Version20250618 {
		o.optStr("title", t.Title)
	}
	o.optStr("description", t.Description)
	o.raw("inputSchema", t.InputSchema)
	if v >= Version20250618 && (v.Stateless() || hasObjectRoot(t.OutputSchema)) {
		o.optRaw("outputSchema", t.OutputSchema)
	}
	if v >= Version20250326 && t.Annotations != nil {
		o.key("annotations")
		o.buf = t.Annotations.appendJSON(o.buf)
	}
	o.icons(t.Icons, v)
	if v >= Version20250618 {
		o.optRaw("_meta", t.Meta)
	}
	return o.close()
}

// hasObjectRoot reports whether a schema describes an object at its root, the
// only kind that versions before 2026-07-28 know for outputs.
func hasObjectRoot(schema []byte) bool {
	if len(schema) == 0 {
		return false
	}
	root, _ := rawjson.Get(schema, "type")
	return string(root) == `"object"`
}

func (a *ToolAnnotations) appendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.optStr("title", a.Title)
	o.optBool("readOnlyHint", a.ReadOnly)
	o.optBool("destructiveHint", a.Destructive)
	o.optBool("idempotentHint", a.Idempotent)
	o.optBool("openWorldHint", a.OpenWorld)
	return o.close()
}

func (o *object) icons(icons []Icon, v Version) {
	if len(icons) == 0 || v < Version20251125 {
		return
	}
	o.key("icons")
	o.buf = append(o.buf, '[')
	for i, icon := range icons {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = icon.appendJSON(o.buf)
	}
	o.buf = append(o.buf, ']')
}

func (i *Icon) appendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.str("src", i.Src)
	o.optStr("mimeType", i.MIMEType)
	if len(i.Sizes) > 0 {
		o.key("sizes")
		o.buf = AppendStrings(o.buf, i.Sizes)
	}
	o.optStr("theme", i.Theme)
	return o.close()
}

// AppendStrings appends an array of strings.
func AppendStrings[S ~string](dst []byte, values []S) []byte {
	dst = append(dst, '[')
	for i, s := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, string(s))
	}
	return append(dst, ']')
}

// A Stamp is what the host adds to every result of the stateless era: the kind
// of result, and who the server is. Its zero value adds nothing, as is right
// for older peers.
type Stamp struct {
	ServerInfo []byte // encoded Implementation; nil in the handshake era
}

// open writes the members of the stamp that come first.
func (s Stamp) open(o *object) {
	if s.ServerInfo != nil {
		o.str("resultType", "complete")
	}
}

// meta writes _meta: a plugin's own members, never those that the protocol
// reserves, and the host's. extra is raw members to add, without braces.
func (s Stamp) meta(o *object, own []byte, extra string) {
	if s.ServerInfo == nil && len(own) == 0 && extra == "" {
		return
	}
	o.key("_meta")
	meta := openObject(o.buf)
	if len(own) > 0 {
		rawjson.Members(own, func(key, value []byte) bool {
			if !reserved(key) {
				meta.member(key, value)
			}
			return true
		})
	}
	if extra != "" {
		if meta.any {
			meta.buf = append(meta.buf, ',')
		}
		meta.any = true
		meta.buf = append(meta.buf, extra...)
	}
	if s.ServerInfo != nil {
		meta.raw(MetaServerInfo, s.ServerInfo)
	}
	o.buf = meta.close()
}

// member writes a member whose key is not the host's.
func (o *object) member(key, value []byte) {
	if o.any {
		o.buf = append(o.buf, ',')
	}
	o.any = true
	o.buf = rawjson.AppendString(o.buf, key)
	o.buf = append(o.buf, ':')
	o.buf = AppendRaw(o.buf, value)
}

// reserved reports whether a _meta key is the protocol's, or the host's own.
func reserved(key []byte) bool {
	return hasPrefix(key, MetaPrefix) || string(key) == MetaSources
}

func hasPrefix(key []byte, prefix string) bool {
	return len(key) >= len(prefix) && string(key[:len(prefix)]) == prefix
}

// AppendObject appends a result that is an encoded object, with the stamp.
func AppendObject(dst, result []byte, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	var own []byte
	rawjson.Members(result, func(key, value []byte) bool {
		switch string(key) {
		case "_meta":
			own = value
		case "resultType":
			// The host's, in the era that has it.
		default:
			o.member(key, value)
		}
		return true
	})
	if rawjson.KindOf(own) != rawjson.KindObject {
		own = nil
	}
	stamp.meta(&o, own, "")
	return o.close()
}
