// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// BenchmarkPayload shows what typed content costs against the same bytes as one
// opaque JSON value, over a real process.
func BenchmarkPayload(b *testing.B) {
	p := start(b, config(b, "good"))
	for _, size := range []int{100, 100 << 10, 10 << 20} {
		for _, kind := range []string{"text", "image", "json"} {
			b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) {
				call := &mcp.ToolCall{Name: kind, Arguments: []byte(strconv.Quote(strconv.Itoa(size)))}
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if _, err := p.CallTool(b.Context(), call, &recorder{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
