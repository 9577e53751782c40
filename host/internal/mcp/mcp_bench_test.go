// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// BenchmarkParseRequestMeta reads what every request of the stateless era
// carries, and beside it what a tracing client adds.
func BenchmarkParseRequestMeta(b *testing.B) {
	const required = `"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{},"sampling":{}}`
	for name, meta := range map[string]string{
		"required": required,
		"traced":   required + `,"progressToken":7,"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","example.com/own":{"a":1}`,
	} {
		params := []byte(`{"name":"echo","arguments":{"text":"hello there"},"_meta":{` + meta + `}}`)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m := mcp.ParseRequestMeta(params); !m.HasVersion {
					b.Fatal("no version")
				}
			}
		})
	}
}

// BenchmarkAppendResult encodes the result of a call: text that is escaped on
// the way, and media that become base64.
func BenchmarkAppendResult(b *testing.B) {
	stamp := mcp.Stamp{ServerInfo: []byte(`{"name":"mcphost","version":"1"}`)}
	for _, size := range []int{100, 100 << 10} {
		text := strings.Repeat("line 1\n", size/7+1)[:size]
		blocks := map[string]mcp.ContentBlock{
			"text":  {Text: &text},
			"image": {Image: &mcp.Media{Data: bytes.Repeat([]byte{7}, size), MIMEType: "image/png"}},
		}
		for kind, block := range blocks {
			result := &mcp.CallToolResult{Content: []mcp.ContentBlock{block}}
			b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					buf = result.AppendJSON(buf[:0], mcp.LatestStateless, stamp)
				}
			})
		}
	}
}
