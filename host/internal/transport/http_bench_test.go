// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const benchFrame = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"0123456789012345678901234567890123456789"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`

// bareReply is the yardstick: it reads the body and writes the same answer.
func bareReply(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	_, _ = io.ReadFull(r.Body, body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, emptyAnswer)
}

func endpoint() *HTTP { return NewHTTP(withFakes(HTTPOptions{})) }

// nullWriter is a ResponseWriter that costs nothing.
type nullWriter struct{ header http.Header }

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *nullWriter) WriteHeader(int)             {}
func (w *nullWriter) Flush()                      {}

func (w *nullWriter) SetReadDeadline(time.Time) error  { return nil }
func (w *nullWriter) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkStatelessPost is what the transport itself costs per request.
func BenchmarkStatelessPost(b *testing.B) {
	h := endpoint()
	body := bytes.NewReader(nil)
	req, _ := http.NewRequest("POST", "http://localhost/mcp", nil)
	req.Body, req.ContentLength = io.NopCloser(body), int64(len(benchFrame))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	w := &nullWriter{header: http.Header{}}
	frame := []byte(benchFrame)
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(frame)
		clear(w.header)
		h.ServeHTTP(w, req)
	}
}

// BenchmarkStatelessPostOverTCP compares the endpoint with a bare reply of
// net/http, client included.
func BenchmarkStatelessPostOverTCP(b *testing.B) {
	b.Run("bare", func(b *testing.B) { benchTCP(b, http.HandlerFunc(bareReply)) })
	b.Run("endpoint", func(b *testing.B) { benchTCP(b, endpoint()) })
}

func benchTCP(b *testing.B, handler http.Handler) {
	server := httptest.NewServer(handler)
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Post(server.URL+"/mcp", "application/json", strings.NewReader(benchFrame))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}
