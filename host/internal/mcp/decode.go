// SPDX-License-Identifier: Apache-2.0

package mcp

import "github.com/mcphost/mcphost/host/internal/rawjson"

// RequestMeta is what the _meta of a request says.
type RequestMeta struct {
	HasVersion      bool   // the member of the stateless era is there, whatever its type
	VersionName     string // its value; empty if it is no string
	HasCapabilities bool   // the member is there and is an object
	Capabilities    ClientCapabilities
	Client          Implementation
	LogLevelName    string // empty: no logs wanted
	ProgressToken   []byte // raw string or integer; nil if none
	BadToken        bool   // a progress token of another type
	Trace           TraceContext
	Rest            []byte // the members that are nobody's here; nil if none
}

// ParseRequestMeta reads the _meta of a request's raw params, which are valid
// JSON without duplicate keys. Keys are compared exactly.
func ParseRequestMeta(params []byte) RequestMeta {
	var m RequestMeta
	if len(params) == 0 {
		return m
	}
	meta, ok := rawjson.Get(params, "_meta")
	if !ok || rawjson.KindOf(meta) != rawjson.KindObject {
		return m
	}
	rest := object{}
	rawjson.Members(meta, func(key, value []byte) bool {
		if !m.take(key, value) {
			rest.member(key, value)
		}
		return true
	})
	if rest.any {
		m.Rest = append(append([]byte{'{'}, rest.buf...), '}')
	}
	return m
}

// take reads one member, and reports false for one that is only carried.
func (m *RequestMeta) take(key, value []byte) bool {
	switch string(key) {
	case MetaProtocolVersion:
		m.HasVersion = true
		m.VersionName, _ = rawjson.String(value)
	case MetaCapabilities:
		m.HasCapabilities = rawjson.KindOf(value) == rawjson.KindObject
		m.Capabilities = ParseClientCapabilities(value)
	case MetaClientInfo:
		m.Client = ParseImplementation(value)
	case MetaLogLevel:
		m.LogLevelName, _ = rawjson.String(value)
		if m.LogLevelName == "" {
			m.LogLevelName = "?" // present but no level: refused later, not ignored
		}
	case MetaProgressToken:
		m.takeToken(value)
	case MetaTraceParent:
		m.Trace.Parent, _ = rawjson.String(value)
	case MetaTraceState:
		m.Trace.State, _ = rawjson.String(value)
	case MetaBaggage:
		m.Trace.Baggage, _ = rawjson.String(value)
	default:
		return hasPrefix(key, MetaPrefix)
	}
	return true
}

func (m *RequestMeta) takeToken(value []byte) {
	if rawjson.IsInteger(value) || rawjson.KindOf(value) == rawjson.KindString {
		m.ProgressToken = value
		return
	}
	m.BadToken = true
}

// ParseClientCapabilities reads what a client declares. An elicitation object
// without modes means forms (2026-07-28, elicitation, "Capabilities"). What is
// not an object declares nothing.
func ParseClientCapabilities(raw []byte) ClientCapabilities {
	var c ClientCapabilities
	if rawjson.KindOf(raw) != rawjson.KindObject {
		return c
	}
	if e, ok := objectMember(raw, "elicitation"); ok {
		_, form := objectMember(e, "form")
		_, c.ElicitationURL = objectMember(e, "url")
		c.ElicitationForm = form || !c.ElicitationURL
	}
	if s, ok := objectMember(raw, "sampling"); ok {
		c.Sampling = true
		_, c.SamplingTools = objectMember(s, "tools")
	}
	_, c.Roots = objectMember(raw, "roots")
	return c
}

func objectMember(obj []byte, key string) ([]byte, bool) {
	value, ok := rawjson.Get(obj, key)
	return value, ok && rawjson.KindOf(value) == rawjson.KindObject
}

// ParseImplementation reads a client's word about itself. It is display only,
// so what is missing or of another type is left empty.
func ParseImplementation(raw []byte) Implementation {
	var i Implementation
	if rawjson.KindOf(raw) != rawjson.KindObject {
		return i
	}
	i.Name = stringMember(raw, "name")
	i.Version = stringMember(raw, "version")
	i.Title = stringMember(raw, "title")
	return i
}

func stringMember(obj []byte, key string) string {
	value, _ := rawjson.Get(obj, key)
	s, _ := rawjson.String(value)
	return s
}
