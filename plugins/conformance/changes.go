// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"

	"github.com/mcphost/mcphost/pluginapi"
)

// addChanges adds the tools that change what the plugin offers. Each call adds
// something or takes it away again, in turn.
func addChanges(p *pluginapi.Plugin) {
	tool := &toggle{
		on: func() {
			pluginapi.AddTool(p, pluginapi.Tool{
				Name:        "test_changing_tool",
				Description: "Comes and goes.",
			}, func(context.Context, none) (string, error) { return "This tool is there.", nil })
		},
		off: func() { p.RemoveTool("test_changing_tool") },
	}
	prompt := &toggle{
		on: func() {
			pluginapi.AddPrompt(p, pluginapi.Prompt{
				Name:        "test_changing_prompt",
				Description: "Comes and goes.",
			}, func(context.Context, none) (string, error) { return "This prompt is there.", nil })
		},
		off: func() { p.RemovePrompt("test_changing_prompt") },
	}
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_trigger_tool_change",
		Description: "Changes the list of tools.",
	}, func(context.Context, none) (string, error) {
		tool.flip()
		return "The list of tools has changed.", nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_trigger_prompt_change",
		Description: "Changes the list of prompts.",
	}, func(context.Context, none) (string, error) {
		prompt.flip()
		return "The list of prompts has changed.", nil
	})
}

// A toggle is on or off.
type toggle struct {
	on, off func() // immutable

	mu   sync.Mutex
	isOn bool
}

func (t *toggle) flip() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isOn {
		t.off()
	} else {
		t.on()
	}
	t.isOn = !t.isOn
}
