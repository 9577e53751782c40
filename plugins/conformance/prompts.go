// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/mcphost/mcphost/pluginapi"
)

type twoArgs struct {
	Arg1 string `json:"arg1" jsonschema:"First test argument"`
	Arg2 string `json:"arg2" jsonschema:"Second test argument"`
}

type uriArgs struct {
	ResourceURI string `json:"resourceUri" jsonschema:"URI of the resource to embed"`
}

// purpose is the form of the prompt that asks.
type purpose struct {
	Context string `json:"context"`
}

// addPrompts adds the prompts, and the completion of an argument.
func addPrompts(p *pluginapi.Plugin) {
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name:        "test_simple_prompt",
		Description: "A prompt without arguments.",
	}, func(context.Context, none) (string, error) {
		return "This is a simple prompt for testing.", nil
	})
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name:        "test_prompt_with_arguments",
		Description: "A prompt with two arguments.",
	}, func(_ context.Context, args twoArgs) (string, error) {
		return fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", args.Arg1, args.Arg2), nil
	})
	pluginapi.CompletePrompt(p, "test_prompt_with_arguments", "arg1",
		pluginapi.PrefixCompletion([]string{"test-value", "test-other", "something else"}))
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name:        "test_prompt_with_embedded_resource",
		Description: "A prompt that embeds a resource.",
	}, func(_ context.Context, args uriArgs) ([]pluginapi.PromptMessage, error) {
		return []pluginapi.PromptMessage{
			{Content: embedded(args.ResourceURI, "text/plain", "Embedded resource content for testing.")},
			{Content: pluginapi.Text{Text: "Please process the embedded resource above."}},
		}, nil
	})
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name:        "test_prompt_with_image",
		Description: "A prompt with an image.",
	}, func(context.Context, none) ([]pluginapi.PromptMessage, error) {
		return []pluginapi.PromptMessage{
			{Content: image()},
			{Content: pluginapi.Text{Text: "Please analyze the image above."}},
		}, nil
	})
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name:        "test_input_required_result_prompt",
		Description: "A prompt that asks the user first.",
	}, func(ctx context.Context, _ none) (string, error) {
		answer, err := pluginapi.Elicit[purpose](ctx, "user_context", "What context should the prompt use?")
		return "The context is: " + answer.Value.Context, err
	})
}
