// SPDX-License-Identifier: Apache-2.0

// Command conformance is the plugin that offers what the official MCP
// conformance suite asks a server for: tools, prompts and resources whose names
// and texts the suite fixes. It is written against pluginapi alone and knows no
// version of MCP, so what the suite proves with it holds for every plugin.
//
// The suite asks for bare names: configure the plugin with an empty prefix.
package main

import (
	"context"
	"os"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
)

func main() {
	os.Exit(newPlugin().Main())
}

// newPlugin returns the plugin, ready to serve.
func newPlugin() *pluginapi.Plugin {
	p := pluginapi.New("conformance", "1.0.0")
	p.SetDetails(pluginapi.Details{
		Title:       "Conformance fixtures",
		Description: "The tools, prompts and resources that the official MCP conformance suite asks for.",
	})
	addContent(p)
	addSchemas(p)
	addEvents(p)
	addQuestions(p)
	addRounds(p)
	addChanges(p)
	addPrompts(p)
	addResources(p)
	return p
}

// none is the arguments of a tool or prompt that takes none.
type none struct{}

// pause waits, or returns why the call need not go on.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
