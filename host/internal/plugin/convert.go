// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// What comes from a plugin is foreign: every JSON field is checked here, and
// leaves as one line, so that no stage behind needs to look again.

// reservedMeta begins the _meta keys that the host alone may set.
const reservedMeta = "io.modelcontextprotocol/"

// description reads Describe, taking the host's own limits into account.
func (p *Plugin) description(resp *pluginv1.DescribeResponse) (Description, error) {
	d := Description{
		Name:           resp.GetName(),
		Version:        resp.GetVersion(),
		Title:          resp.GetTitle(),
		Description:    resp.GetDescription(),
		WebsiteURL:     resp.GetWebsiteUrl(),
		Provides:       kinds(resp.GetAbilities()),
		SettingsSchema: oneLine(resp.GetSettingsSchemaJson()),
		MaxConcurrent:  p.cfg.MaxConcurrent,
		Extensions:     resp.GetExtensions(),
	}
	if d.Name == "" {
		d.Name = p.cfg.Name
	}
	if limit := resp.GetLimits().GetMaxConcurrentCalls(); limit > 0 && uint64(limit) < uint64(d.MaxConcurrent) {
		d.MaxConcurrent = int(limit)
	}
	if len(d.SettingsSchema) > 0 {
		if err := validObject(d.SettingsSchema); err != nil {
			return d, permanentf("its settings schema: %w", err)
		}
	}
	return d, nil
}

// kinds reads the abilities; none at all means tools only.
func kinds(abilities []pluginv1.Ability) mcp.Kinds {
	if len(abilities) == 0 {
		return mcp.KindTools
	}
	var set mcp.Kinds
	for _, ability := range abilities {
		switch ability {
		case pluginv1.Ability_ABILITY_TOOLS:
			set |= mcp.KindTools
		case pluginv1.Ability_ABILITY_RESOURCES:
			set |= mcp.KindResources
		case pluginv1.Ability_ABILITY_PROMPTS:
			set |= mcp.KindPrompts
		case pluginv1.Ability_ABILITY_COMPLETIONS:
			set |= mcp.KindCompletions
		case pluginv1.Ability_ABILITY_SUBSCRIPTIONS:
			set |= mcp.KindSubscriptions
		}
	}
	return set
}

// icons leaves out those that a client must not be made to load.
func icons(list []*pluginv1.Icon) []mcp.Icon {
	var out []mcp.Icon
	for _, icon := range list {
		u, err := url.Parse(icon.GetSrc())
		if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "data" {
			continue
		}
		out = append(out, mcp.Icon{
			Src:      icon.GetSrc(),
			MIMEType: icon.GetMimeType(),
			Sizes:    icon.GetSizes(),
			Theme:    icon.GetTheme(),
		})
	}
	return out
}

func toolAnnotations(a *pluginv1.ToolAnnotations) *mcp.ToolAnnotations {
	if a == nil {
		return nil
	}
	return &mcp.ToolAnnotations{
		Title:       a.GetTitle(),
		ReadOnly:    a.ReadOnly,
		Destructive: a.Destructive,
		Idempotent:  a.Idempotent,
		OpenWorld:   a.OpenWorld,
	}
}

func capabilities(c *pluginv1.ClientCapabilities) mcp.ClientCapabilities {
	return mcp.ClientCapabilities{
		ElicitationForm: c.GetElicitationForm(),
		ElicitationURL:  c.GetElicitationUrl(),
		Sampling:        c.GetSampling(),
		SamplingTools:   c.GetSamplingTools(),
		Roots:           c.GetRoots(),
	}
}

// protocolError reads the outcome that is neither a result nor a question. Its
// data are left out if they are no JSON: the message alone says enough.
func protocolError(e *pluginv1.ProtocolError) *mcp.ProtocolError {
	out := &mcp.ProtocolError{
		Reason:   mcp.ReasonInternal,
		Message:  e.GetMessage(),
		Required: capabilities(e.GetRequired()),
	}
	switch e.GetCode() {
	case pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_INVALID_PARAMS:
		out.Reason = mcp.ReasonInvalidParams
	case pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND:
		out.Reason = mcp.ReasonNotFound
	case pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY:
		out.Reason = mcp.ReasonMissingCapability
	}
	if data := e.GetDataJson(); rawjson.Valid(data) == nil {
		out.Data = oneLine(data)
	}
	return out
}

// logLevel reads a level; unset and unknown mean info.
func logLevel(l pluginv1.LogLevel) mcp.LogLevel {
	if l < pluginv1.LogLevel_LOG_LEVEL_DEBUG || l > pluginv1.LogLevel_LOG_LEVEL_EMERGENCY {
		return mcp.LogInfo
	}
	return mcp.LogLevel(l) // both count from debug, 1, to emergency, 8
}

func badJSON(what string, err error) error {
	return &jsonError{fmt.Sprintf(textBadJSON, what), err}
}

// A jsonError shows its text to the model and its cause to the log.
type jsonError struct {
	text  string
	cause error
}

func (e *jsonError) Error() string { return e.text }
func (e *jsonError) Unwrap() error { return e.cause }

// metaObject reads a _meta object: nil if it is empty or all its keys are the
// host's own.
func metaObject(raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	reserved, others := 0, 0
	err := rawjson.ParseObject(raw, func(key, _ []byte) error {
		if bytes.HasPrefix(key, []byte(reservedMeta)) {
			reserved++
		} else {
			others++
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case others == 0:
		return nil, nil
	case reserved == 0:
		return oneLine(raw), nil
	}
	out := []byte{'{'}
	rawjson.Members(raw, func(key, value []byte) bool {
		if bytes.HasPrefix(key, []byte(reservedMeta)) {
			return true
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(rawjson.AppendString(out, key), ':'), value...)
		return true
	})
	return oneLine(append(out, '}')), nil
}

func validObject(raw []byte) error {
	return rawjson.ParseObject(raw, func(_, _ []byte) error { return nil })
}

var (
	errMember = errors.New("has a member")
	errNoType = errors.New("it has no type")
)

// hasMembers reports whether a valid object is other than {}.
func hasMembers(raw []byte) bool {
	return rawjson.ParseObject(raw, func(_, _ []byte) error { return errMember }) != nil
}

// oneLine returns valid JSON without line breaks, which would end a frame of
// the stdio transport. Nil stays nil, and what has none is not copied.
func oneLine(raw []byte) []byte {
	if len(raw) == 0 {
		return nil
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	return rawjson.AppendCompact(make([]byte, 0, len(raw)), raw)
}
