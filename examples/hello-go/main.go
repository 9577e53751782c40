// SPDX-License-Identifier: Apache-2.0

// Command hello-go is a plugin of mcphost in Go: two tools, one of them slow.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
)

func main() {
	p := pluginapi.New("hello-go", "1.0.0")
	harmless := pluginapi.Hints{ReadOnly: true}
	pluginapi.AddTool(p, pluginapi.Tool{Name: "greet", Description: "Say hello to someone.", Hints: harmless},
		func(ctx context.Context, in struct {
			Who string `json:"who" jsonschema:"whom to greet"`
		}) (string, error) {
			return "Hello, " + in.Who + "!", nil
		})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "count", Description: "Count to n, slowly.", Hints: harmless}, count)
	os.Exit(p.Main())
}

func count(ctx context.Context, in struct {
	N       int `json:"n" jsonschema:"where to stop"`
	DelayMS int `json:"delay_ms,omitempty" jsonschema:"milliseconds before each number"`
}) (string, error) {
	for i := 1; i <= in.N; i++ {
		select {
		case <-time.After(time.Duration(in.DelayMS) * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
		pluginapi.Progress(ctx, float64(i), float64(in.N), fmt.Sprintf("counted %d", i))
	}
	return fmt.Sprintf("Counted to %d.", in.N), nil
}
