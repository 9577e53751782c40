// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"

	"github.com/mcphost/mcphost/pluginapi"
)

// defaultsForm has a default in each type of field.
const defaultsForm = `{
	"type": "object",
	"properties": {
		"name": {"type": "string", "description": "User name", "default": "John Doe"},
		"age": {"type": "integer", "description": "User age", "default": 30},
		"score": {"type": "number", "description": "User score", "default": 95.5},
		"status": {"type": "string", "description": "User status", "enum": ["active", "inactive", "pending"], "default": "active"},
		"verified": {"type": "boolean", "description": "Verification status", "default": true}
	}
}`

// choicesForm has each way to offer a choice.
const choicesForm = `{
	"type": "object",
	"properties": {
		"untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
		"titledSingle": {"type": "string", "oneOf": [
			{"const": "value1", "title": "First Option"},
			{"const": "value2", "title": "Second Option"},
			{"const": "value3", "title": "Third Option"}
		]},
		"legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
		"untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
		"titledMulti": {"type": "array", "items": {"anyOf": [
			{"const": "value1", "title": "First Choice"},
			{"const": "value2", "title": "Second Choice"},
			{"const": "value3", "title": "Third Choice"}
		]}}
	}
}`

type promptArgs struct {
	Prompt string `json:"prompt" jsonschema:"what to ask the model"`
}

type messageArgs struct {
	Message string `json:"message" jsonschema:"what to tell the user"`
}

// account is the form of test_elicitation.
type account struct {
	Username string `json:"username" jsonschema:"User's response"`
	Email    string `json:"email" jsonschema:"User's email address"`
}

// addQuestions adds the tools that ask the client something and return what it
// said.
func addQuestions(p *pluginapi.Plugin) {
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_sampling",
		Description: "Asks the client's model.",
	}, func(ctx context.Context, args promptArgs) (string, error) {
		answer, err := pluginapi.Sample(ctx, "answer", sampling(args.Prompt, 100))
		return "LLM response: " + answer.Text(), err
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_elicitation",
		Description: "Asks the user to fill in a form.",
	}, func(ctx context.Context, args messageArgs) (string, error) {
		answer, err := pluginapi.Elicit[account](ctx, "account", args.Message)
		if err != nil || !answer.Accepted() {
			return response(answer.Action, nil), err
		}
		content, err := json.Marshal(answer.Value)
		return response(answer.Action, content), err
	})
	addForm(p, pluginapi.Tool{
		Name:        "test_elicitation_sep1034_defaults",
		Description: "Asks the user to fill in a form whose fields have defaults.",
	}, "Please review and update the form fields with defaults", defaultsForm)
	addForm(p, pluginapi.Tool{
		Name:        "test_elicitation_sep1330_enums",
		Description: "Asks the user to make choices of each kind.",
	}, "Please select options from the enum fields", choicesForm)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_streaming_elicitation",
		Description: "Asks the user in the middle of a call.",
	}, func(ctx context.Context, _ none) (string, error) {
		answer, err := pluginapi.Elicit[confirmation](ctx, "confirm", "Please confirm")
		return response(answer.Action, nil), err
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_missing_capability",
		Description: "Refuses clients that cannot ask a model.",
	}, func(ctx context.Context, _ none) (string, error) {
		if !pluginapi.Caller(ctx).Capabilities.Sampling {
			return "", pluginapi.MissingCapability(pluginapi.Capabilities{Sampling: true})
		}
		return "The client can ask a model.", nil
	})
}

// addForm adds a tool that asks for a form to be filled in.
func addForm(p *pluginapi.Plugin, t pluginapi.Tool, message, schema string) {
	pluginapi.AddTool(p, t, func(ctx context.Context, _ none) (string, error) {
		result, err := pluginapi.ElicitForm(ctx, "form", pluginapi.ElicitParams{
			Message: message,
			Schema:  json.RawMessage(schema),
		})
		return response(result.Action, result.Content), err
	})
}

// response says what a user did with a form.
func response(action pluginapi.Action, content []byte) string {
	said := "User response: " + string(action)
	if len(content) > 0 {
		said += ", content: " + string(content)
	}
	return said
}

// sampling is a question of one message.
func sampling(prompt string, maxTokens int) pluginapi.SampleParams {
	return pluginapi.SampleParams{
		Messages:  []pluginapi.SampleMessage{{Content: []pluginapi.Content{pluginapi.Text{Text: prompt}}}},
		MaxTokens: maxTokens,
	}
}
