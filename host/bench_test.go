// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// What these benchmarks count is the server's, as far as that is possible in one
// process. Compare ratios within one run rather than times, over several runs,
// since -count repeats each benchmark before the next one begins:
//
//	for i in 1 2 3 4 5; do go test -run '^$' -bench HTTP ./host; done

// inFlight is how many calls the benchmarks that run in parallel keep going.
const inFlight = 64

// payload is what a call carries there and back.
var payload = strings.Repeat("0123456789", 10)

// A target is a tool that returns its payload.
type target struct {
	name      string // of the target
	tool      string
	arguments string
	server    *host.Server
}

// eachTarget runs a benchmark with a plugin in this process, which costs next to
// nothing, and with a real one.
func eachTarget(b *testing.B, run func(b *testing.B, t *target)) {
	b.Run("fake", func(b *testing.B) {
		source := fakeSource(fakeTools...)
		run(b, &target{"fake", "fake__echo", `{"text":"` + payload + `"}`, newServer(b, host.Config{}, source)})
	})
	b.Run("plugin", func(b *testing.B) {
		config := host.Config{PluginDirs: []string{filepath.Dir(helloGo(b))}}
		run(b, &target{"plugin", "hello-go__greet", `{"who":"` + payload + `"}`, newServer(b, config)})
	})
}

func newServer(b *testing.B, cfg host.Config, sources ...host.Source) *host.Server {
	b.Helper()
	cfg.Name, cfg.Version = "test", "1"
	server, err := host.New(cfg, host.Options{Sources: sources})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return server
}

func fakeSource(tools ...string) host.Source {
	f := &fakePlugin{provides: host.KindTools, done: make(chan struct{}), changes: make(chan mcp.Kinds, 1), tools: tools}
	return host.Source{Name: "fake", Prefix: "fake", Provides: f.provides, Start: f.start}
}

// helloGo builds the example plugin and returns the path of its executable.
func helloGo(b *testing.B) string {
	b.Helper()
	if testing.Short() {
		b.Skip("builds and runs a plugin")
	}
	path := filepath.Join(b.TempDir(), "hello-go")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, "../examples/hello-go").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// eras are the two ways to call: what precedes the calls of a connection, and
// what each of them carries in _meta.
var eras = []struct {
	name, initialize, meta string
}{
	{"stateless", "", "," + statelessMeta},
	{"session", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}`, ""},
}

func (t *target) params(meta string) string {
	return `{"name":"` + t.tool + `","arguments":` + t.arguments + meta + `}`
}

func request(id int, method, params string) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, id, method, params)
}

// BenchmarkCallMemory is a call that passes everything but a transport.
func BenchmarkCallMemory(b *testing.B) {
	eachTarget(b, func(b *testing.B, t *target) {
		for _, era := range eras {
			b.Run(era.name, func(b *testing.B) { benchMemory(b, t.server, era.initialize, []byte(t.params(era.meta))) })
		}
	})
}

func benchMemory(b *testing.B, server *host.Server, initialize string, params []byte) {
	client, err := server.Connect(b.Context(), host.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if initialize != "" {
		if _, err := client.Call(b.Context(), "initialize", []byte(initialize)); err != nil {
			b.Fatal(err)
		}
	}
	call := func() error {
		result, err := client.Call(b.Context(), "tools/call", params)
		if err == nil && !bytes.Contains(result, []byte(payload)) {
			err = fmt.Errorf("result %s", result)
		}
		return err
	}
	if err := call(); err != nil { // starts the plugin
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCallStdio is a call over a pair of the system's pipes, alone and with
// others in flight.
func BenchmarkCallStdio(b *testing.B) {
	eachTarget(b, func(b *testing.B, t *target) {
		for _, era := range eras {
			for _, window := range []int{1, inFlight} {
				b.Run(fmt.Sprintf("%s/%d", era.name, window), func(b *testing.B) {
					benchStdio(b, t.server, era.initialize, t.params(era.meta), window)
				})
			}
		}
	})
}

func benchStdio(b *testing.B, server *host.Server, initialize, params string, window int) {
	client := connectStdio(b, server)
	if initialize != "" {
		client.exchange(b, request(0, "initialize", initialize))
	}
	client.exchange(b, request(0, "tools/call", params)) // starts the plugin
	frames := make([][]byte, window)
	for i := range frames {
		frames[i] = append(request(i, "tools/call", params), '\n')
	}
	b.ReportAllocs()
	sent := 0
	for b.Loop() {
		next := sent
		if sent >= window {
			next = client.receive(b) // only the id of an answer is free again
		}
		client.write(b, frames[next])
		sent++
	}
	for range min(sent, window) {
		client.receive(b)
	}
}

// BenchmarkCallHTTP is a call over loopback HTTP, with connections kept alive.
func BenchmarkCallHTTP(b *testing.B) {
	eachTarget(b, func(b *testing.B, t *target) {
		addr := listen(b, t.server.ServeHTTP)
		for _, era := range eras {
			b.Run(era.name, func(b *testing.B) { benchHTTP(b, addr, era.initialize, callOf(t, era.meta)) })
		}
	})
}

// BenchmarkListHTTP is a tools/list of a thousand tools.
func BenchmarkListHTTP(b *testing.B) {
	tools := make([]string, 1000)
	for i := range tools {
		tools[i] = fmt.Sprintf("tool%d", i)
	}
	addr := listen(b, newServer(b, host.Config{}, fakeSource(tools...)).ServeHTTP)
	list := post{"tools/list", "", "{" + statelessMeta + "}"}
	b.Run("host", func(b *testing.B) { benchHTTP(b, addr, "", list) })
	b.Run("bare", func(b *testing.B) {
		benchHTTP(b, listen(b, serveHandler(bareReply(answerOf(b, addr, list)))), "", list)
	})
}

// BenchmarkYardstickHTTP is what no host can beat: net/http with the same bytes
// both ways and nothing else, and the same after one call of the same plugin.
func BenchmarkYardstickHTTP(b *testing.B) {
	path := helloGo(b)
	server := newServer(b, host.Config{PluginDirs: []string{filepath.Dir(path)}})
	call := callOf(&target{tool: "hello-go__greet", arguments: `{"who":"` + payload + `"}`}, eras[0].meta)
	answer := answerOf(b, listen(b, server.ServeHTTP), call)
	b.Run("bare", func(b *testing.B) { benchHTTP(b, listen(b, serveHandler(bareReply(answer))), "", call) })
	hop := hopReply(startBare(b, path), answer)
	b.Run("hop", func(b *testing.B) { benchHTTP(b, listen(b, serveHandler(hop)), "", call) })
}

// benchHTTP sends p again and again over inFlight connections, each of which is
// a session if it has to be initialized.
func benchHTTP(b *testing.B, addr, initialize string, p post) {
	answerOf(b, addr, p.unless(initialize)) // starts the plugin
	b.SetParallelism((inFlight + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		if err := callInTurn(pb, addr, initialize, p); err != nil {
			b.Error(err)
		}
	})
}

// unless is the request in the stateless era, also where p is meant for a session.
func (p post) unless(initialize string) post {
	if initialize != "" {
		p.params = strings.TrimSuffix(p.params, "}") + eras[0].meta + "}"
	}
	return p
}

func callInTurn(pb *testing.PB, addr, initialize string, p post) error {
	c, err := dialHTTP(addr)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	if initialize != "" {
		if err := c.exchange(post{"initialize", "", initialize}.encode(addr, "")); err != nil {
			return err
		}
	}
	frame := p.encode(addr, c.session)
	size := 0
	for pb.Next() {
		if err := c.exchange(frame); err != nil {
			return err
		}
		if size == 0 {
			size = len(c.body)
		}
		if len(c.body) != size {
			return fmt.Errorf("answer of %d bytes, before of %d: %s", len(c.body), size, c.body)
		}
	}
	return nil
}

// answerOf returns the answer to p.
func answerOf(b *testing.B, addr string, p post) []byte {
	b.Helper()
	c, err := dialHTTP(addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.conn.Close()
	if err := c.exchange(p.encode(addr, "")); err != nil {
		b.Fatal(err)
	}
	if bytes.Contains(c.body, []byte(`"isError"`)) {
		b.Fatalf("answer %s", c.body)
	}
	return c.body
}

// listen serves on a loopback port until the benchmark ends.
func listen(b *testing.B, serve func(context.Context, net.Listener) error) (addr string) {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l) }()
	b.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			b.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func serveHandler(handle http.HandlerFunc) func(context.Context, net.Listener) error {
	return func(ctx context.Context, l net.Listener) error {
		server := &http.Server{Handler: handle}
		defer context.AfterFunc(ctx, func() { _ = server.Close() })()
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}

// bareReply reads the request and writes the answer.
func bareReply(answer []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer)
	}
}

// hopReply does the same once the plugin has answered a call.
func hopReply(tools pluginv1.ToolServiceClient, answer []byte) http.HandlerFunc {
	reply := bareReply(answer)
	arguments := []byte(`{"who":"` + payload + `"}`)
	return func(w http.ResponseWriter, r *http.Request) {
		stream, err := tools.CallTool(r.Context(), &pluginv1.CallToolRequest{Name: "greet", ArgumentsJson: arguments})
		for err == nil {
			_, err = stream.Recv()
		}
		if !errors.Is(err, io.EOF) {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		reply(w, r)
	}
}

// startBare starts a plugin with go-plugin alone.
func startBare(b *testing.B, path string) pluginv1.ToolServiceClient {
	b.Helper()
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  pluginapi.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{pluginapi.ProtocolVersion: {}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              exec.Command(path),
		SkipHostEnv:      true,
		Logger:           hclog.NewNullLogger(),
	})
	b.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		b.Fatal(err)
	}
	return pluginv1.NewToolServiceClient(protocol.(*goplugin.GRPCClient).Conn)
}
