// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"

	"github.com/mcphost/mcphost/pluginapi"
)

// item is what the template's resources hold.
type item struct {
	ID           string `json:"id"`
	TemplateTest bool   `json:"templateTest"`
	Data         string `json:"data"`
}

// addResources adds the resources and the template.
func addResources(p *pluginapi.Plugin) {
	pluginapi.AddResource(p, pluginapi.Resource{
		URI:         "test://static-text",
		Name:        "Static text",
		Description: "A text that never changes.",
		MIMEType:    "text/plain",
	}, func(context.Context, string) (string, error) {
		return "This is the content of the static text resource.", nil
	})
	pluginapi.AddResource(p, pluginapi.Resource{
		URI:         "test://static-binary",
		Name:        "Static binary",
		Description: "An image that never changes.",
		MIMEType:    "image/png",
	}, func(context.Context, string) ([]byte, error) {
		return pixel, nil
	})
	pluginapi.AddResource(p, pluginapi.Resource{
		URI:          "test://watched-resource",
		Name:         "Watched resource",
		Description:  "A text to subscribe to.",
		MIMEType:     "text/plain",
		Subscribable: true,
	}, func(context.Context, string) (string, error) {
		return "Watched resource content", nil
	})
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{
		URITemplate: "test://template/{id}/data",
		Name:        "Template",
		Description: "A text for each id.",
		MIMEType:    "application/json",
	}, func(_ context.Context, _ string, vars map[string]string) (string, error) {
		content, err := json.Marshal(item{ID: vars["id"], TemplateTest: true, Data: "Data for ID: " + vars["id"]})
		return string(content), err
	})
}
