// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"

	"github.com/mcphost/mcphost/pluginapi"
)

var (
	//go:embed assets/pixel.png
	pixel []byte
	//go:embed assets/silence.wav
	silence []byte
)

// addContent adds the tools that return each kind of content, and an error.
func addContent(p *pluginapi.Plugin) {
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_simple_text",
		Description: "Returns a text.",
	}, func(context.Context, none) (string, error) {
		return "This is a simple text response for testing.", nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_image_content",
		Description: "Returns an image.",
	}, func(context.Context, none) (pluginapi.Image, error) {
		return image(), nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_audio_content",
		Description: "Returns a sound.",
	}, func(context.Context, none) (pluginapi.Audio, error) {
		return pluginapi.Audio{Data: silence, MIMEType: "audio/wav"}, nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_embedded_resource",
		Description: "Returns an embedded resource.",
	}, func(context.Context, none) (pluginapi.EmbeddedResource, error) {
		return embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."), nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_multiple_content_types",
		Description: "Returns a text, an image and an embedded resource.",
	}, func(context.Context, none) ([]pluginapi.Content, error) {
		return []pluginapi.Content{
			pluginapi.Text{Text: "Multiple content types test:"},
			image(),
			embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`),
		}, nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_error_handling",
		Description: "Fails.",
	}, func(context.Context, none) (*pluginapi.Result, error) {
		failure := text("This tool intentionally returns an error for testing")
		failure.IsError = true
		return failure, nil
	})
}

func image() pluginapi.Image {
	return pluginapi.Image{Data: pixel, MIMEType: "image/png"}
}

func embedded(uri, mimeType, text string) pluginapi.EmbeddedResource {
	return pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: uri, MIMEType: mimeType, Text: text}}
}
