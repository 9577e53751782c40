// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"

	"github.com/mcphost/mcphost/pluginapi"
)

// keywordsSchema holds keywords of JSON Schema 2020-12 that a server is tempted
// to lose. It has to reach the client as it is.
const keywordsSchema = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object",
	"$defs": {
		"address": {
			"$anchor": "addressDef",
			"type": "object",
			"properties": {"street": {"type": "string"}, "city": {"type": "string"}}
		}
	},
	"properties": {
		"name": {"type": "string"},
		"address": {"$ref": "#/$defs/address"},
		"contactMethod": {"type": "string", "enum": ["phone", "email"]},
		"phone": {"type": "string"},
		"email": {"type": "string"}
	},
	"allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
	"if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
	"then": {"required": ["phone"]},
	"else": {"required": ["email"]},
	"additionalProperties": false
}`

// headerSchema has the client repeat an argument as an HTTP header.
const headerSchema = `{
	"type": "object",
	"properties": {
		"region": {"type": "string", "x-mcp-header": "Region"},
		"level": {"type": "integer"}
	}
}`

// addSchemas adds the tools whose point is their input schema.
func addSchemas(p *pluginapi.Plugin) {
	pluginapi.AddRawTool(p, pluginapi.Tool{
		Name:        "json_schema_2020_12_tool",
		Description: "Takes arguments that keywords of JSON Schema 2020-12 describe.",
		InputSchema: json.RawMessage(keywordsSchema),
	}, func(_ context.Context, args json.RawMessage) (*pluginapi.Result, error) {
		return text("The arguments conform to the schema: " + string(args)), nil
	})
	pluginapi.AddRawTool(p, pluginapi.Tool{
		Name:        "test_x_mcp_header",
		Description: "Takes an argument that the client repeats as an HTTP header, and returns it.",
		InputSchema: json.RawMessage(headerSchema),
	}, func(_ context.Context, raw json.RawMessage) (*pluginapi.Result, error) {
		var args struct {
			Region string `json:"region"`
		}
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, err
		}
		return text("region=" + args.Region), nil
	})
}

func text(s string) *pluginapi.Result {
	return &pluginapi.Result{Content: []pluginapi.Content{pluginapi.Text{Text: s}}}
}
