// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
)

const (
	// stepTime lies between the events of a call, as the suite wants it.
	stepTime = 50 * time.Millisecond
	// retryAfter is when a client comes back for the answer of a call whose
	// stream was closed, and workTime how long that answer takes.
	retryAfter = 200 * time.Millisecond
	workTime   = 100 * time.Millisecond
)

// addEvents adds the tools that say something before they return.
func addEvents(p *pluginapi.Plugin) {
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_tool_with_progress",
		Description: "Reports progress three times.",
	}, reportProgress)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_tool_with_logging",
		Description: "Logs three messages to the client.",
	}, logSteps)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_logging_tool",
		Description: "Logs a message, which only a client that asks for it may see.",
	}, func(ctx context.Context, _ none) (string, error) {
		pluginapi.Log(ctx, pluginapi.LevelInfo, "A message at level info")
		return "The message was logged.", nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "test_reconnection",
		Description: "Has the client's stream closed, so that the client comes back for the result.",
	}, func(ctx context.Context, _ none) (string, error) {
		pluginapi.ReleaseStream(ctx, retryAfter)
		if err := pause(ctx, workTime); err != nil {
			return "", err
		}
		return "Reconnection test completed successfully", nil
	})
}

func reportProgress(ctx context.Context, _ none) (string, error) {
	const total = 100
	pluginapi.Progress(ctx, 0, total, "")
	for _, done := range []float64{50, 100} {
		if err := pause(ctx, stepTime); err != nil {
			return "", err
		}
		pluginapi.Progress(ctx, done, total, "")
	}
	return "The progress was reported.", nil
}

func logSteps(ctx context.Context, _ none) (string, error) {
	pluginapi.Log(ctx, pluginapi.LevelInfo, "Tool execution started")
	for _, message := range []string{"Tool processing data", "Tool execution completed"} {
		if err := pause(ctx, stepTime); err != nil {
			return "", err
		}
		pluginapi.Log(ctx, pluginapi.LevelInfo, message)
	}
	return "The steps were logged.", nil
}
