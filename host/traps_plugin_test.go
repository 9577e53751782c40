// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/internal/schematest"
	"github.com/mcphost/mcphost/pluginapi"
)

// The variables by which the test binary becomes another program.
const (
	modeVar = "HOST_TEST_MODE" // "host", "plugin", "keeper" or "stuck"
	kindVar = "HOST_TEST_KIND" // of a host: what its plugin is to be
	noteVar = "HOST_TEST_NOTE" // of a plugin: a file to make when it starts
)

func TestMain(m *testing.M) {
	switch os.Getenv(modeVar) {
	case "host":
		os.Exit(beHost())
	case "plugin":
		note()
		os.Exit(rudePlugin().Main())
	case "keeper":
		os.Exit(keeperPlugin().Main())
	case "stuck":
		note()
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the host is gone
	default:
		os.Exit(m.Run())
	}
}

func note() {
	if path := os.Getenv(noteVar); path != "" {
		_ = os.WriteFile(path, nil, 0o600) // who misses it says so
	}
}

// realPlugin configures this binary as a plugin named real.
func realPlugin(kind, note string, headers ...string) (host.PluginConfig, error) {
	self, err := os.Executable()
	env := map[string]string{modeVar: kind, noteVar: note, "GORACE": "atexit_sleep_ms=0"}
	return host.PluginConfig{Name: "real", Command: self, Env: env, Headers: headers, Provides: []string{"tools"}}, err
}

// beHost serves one real plugin on standard input and output.
func beHost() int {
	plugin, err := realPlugin(os.Getenv(kindVar), os.Getenv(noteVar))
	if err != nil {
		return 1
	}
	s, err := host.New(host.Config{Name: "test", Version: "1", Plugins: []host.PluginConfig{plugin}}, host.Options{})
	if err != nil {
		return 1
	}
	err = s.ServeStdio(context.Background(), os.Stdin, os.Stdout)
	if closed := s.Close(context.Background()); err != nil || closed != nil {
		return 1
	}
	return 0
}

// rudePlugin does everything that a plugin should not.
func rudePlugin() *pluginapi.Plugin {
	type none struct{}
	p := pluginapi.New("rude", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "print"}, func(context.Context, none) (string, error) {
		fmt.Println("printed")
		// What the package redirects is not all: this is the descriptor itself.
		_, err := os.NewFile(1, "stdout").WriteString(`{"jsonrpc":"2.0","method":"notifications/forged"}` + "\nno JSON at all\n")
		return "printed", err
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "size"}, func(_ context.Context, in struct {
		Text string `json:"text"`
	}) (string, error) {
		return in.Text, nil
	})
	pluginapi.AddRawTool(p, pluginapi.Tool{Name: "forge", Meta: forged}, func(context.Context, json.RawMessage) (*pluginapi.Result, error) {
		return &pluginapi.Result{Meta: forged, Content: []pluginapi.Content{pluginapi.Text{Text: "t", Meta: forged}}}, nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "report"}, func(ctx context.Context, _ none) (string, error) {
		pluginapi.Progress(ctx, 1, 1, "")
		pluginapi.Log(ctx, pluginapi.LevelError, "trouble")
		return "reported", nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "caller"}, func(ctx context.Context, _ none) (string, error) {
		caller := pluginapi.Caller(ctx)
		return fmt.Sprintf("headers %q meta %s environment %q", caller.Headers, caller.Meta, os.Environ()), nil
	})
	for name, mark := range map[string]string{
		"fit":            `{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"object","properties":{"c":{"type":"integer","x-mcp-header":"C"}}}}`,
		"unfit_number":   `{"a":{"type":"number","x-mcp-header":"A"}}`,
		"unfit_name":     `{"a":{"type":"string","x-mcp-header":"a b"}}`,
		"unfit_empty":    `{"a":{"type":"string","x-mcp-header":""}}`,
		"unfit_twice":    `{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}`,
		"unfit_in_items": `{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}`,
	} {
		schema := json.RawMessage(`{"type":"object","properties":` + mark + `}`)
		pluginapi.AddRawTool(p, pluginapi.Tool{Name: name, InputSchema: schema}, func(context.Context, json.RawMessage) (*pluginapi.Result, error) {
			return nil, nil
		})
	}
	var ended atomic.Int32
	pluginapi.AddTool(p, pluginapi.Tool{Name: "hang"}, func(ctx context.Context, _ none) (string, error) {
		pluginapi.Progress(ctx, 1, 0, "")
		<-ctx.Done()
		ended.Add(1)
		return "", ctx.Err()
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "ended"}, func(context.Context, none) (string, error) {
		return fmt.Sprint(ended.Load()), nil
	})
	return p
}

// forged holds the protocol's own keys, and one that is the plugin's.
var forged = json.RawMessage(`{"io.modelcontextprotocol/serverInfo":{"name":"forged","version":"0"},"io.modelcontextprotocol/subscriptionId":"forged","example.com/own":1}`)

// A hostProcess is a host in a process of its own, over its standard streams.
type hostProcess struct {
	t     trial
	check *schematest.Conversation
	in    io.Writer
	lines *bufio.Reader
}

// process starts a host with one plugin of that kind.
func (t trial) process(kind, note string) *hostProcess {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), modeVar+"=host", kindVar+"="+kind, noteVar+"="+note, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &hostProcess{t: t, check: t.checker.Conversation(), in: in, lines: bufio.NewReader(out)}
	t.Cleanup(func() {
		in.Close()
		if rest, _ := io.ReadAll(h.lines); len(rest) > 0 {
			t.Errorf("at its end the server says %s", rest)
		}
		_ = cmd.Wait() // killed with the test's context, unless it was faster
	})
	return h
}

func (h *hostProcess) say(line string) {
	h.t.Helper()
	h.check.Client([]byte(line))
	if _, err := io.WriteString(h.in, line+"\n"); err != nil {
		h.t.Fatal(err)
	}
}

// hear fails unless the next messages hold these texts, in this order. It
// returns the last one.
func (h *hostProcess) hear(parts ...string) (line string) {
	h.t.Helper()
	for _, part := range parts {
		var err error
		if line, err = h.lines.ReadString('\n'); err != nil {
			h.t.Fatalf("the server said %q, then: %v; want %s", line, err, part)
		}
		h.check.Server([]byte(line))
		if !strings.Contains(line, part) {
			h.t.Errorf("the server said %.500s, want %s", line, part)
		}
	}
	return line
}

// real is a subtest with real processes, and so in real time.
func (t trial) real(name string, f func(t trial)) {
	t.Run(name, func(inner *testing.T) { f(trial{inner, t.checker.For(inner)}) })
}

func TestTrap15PlumbingOfPluginProcesses(t *testing.T) {
	trap := newTrial(t)
	call := func(id, tool, meta string) string {
		return requestOf(id, "tools/call", `"name":"real__`+tool+`"`, meta)
	}
	trap.real("what a plugin prints never reaches the client, nor what the client says a plugin's input", func(t trial) {
		h := t.process("plugin", "")
		for id := range 20 {
			h.say(call(fmt.Sprint(id), "print", statelessMeta))
			h.hear(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":{"resultType":"complete","content":[{"type":"text","text":"printed"}]`, id))
		}
	})
	trap.real("messages are as long as they are", func(t trial) {
		h := t.process("plugin", "")
		for _, size := range []int{64<<10 - 1, 64 << 10, 1 << 20} {
			text := strings.Repeat("x", size)
			h.say(requestOf("1", "tools/call", `"name":"real__size","arguments":{"text":"`+text+`"}`, statelessMeta))
			h.hear(`"text":"` + text + `"`)
		}
	})
	trap.real("handshakes start nothing", func(t trial) {
		started := filepath.Join(t.TempDir(), "started")
		h := t.process("plugin", started)
		h.say(requestOf("1", "server/discover", ``, statelessMeta))
		h.hear(`"id":1,"result"`)
		h.say(handshakeOf("2025-11-25", `{}`))
		h.hear(`"id":"hello","result"`)
		h.say(requestOf("2", "ping", ``, ``))
		h.hear(`"id":2,"result"`)
		if _, err := os.Stat(started); err == nil {
			t.Error("a handshake started the plugin")
		}
		h.say(requestOf("3", "tools/list", ``, ``))
		h.hear(`"real__print"`)
		if _, err := os.Stat(started); err != nil {
			t.Errorf("the list did not start the plugin: %v", err)
		}
	})
	trap.real("nor do they wait for a plugin that does not get ready", func(t trial) {
		h := t.process("stuck", "")
		h.say(requestOf("1", "tools/list", ``, statelessMeta))
		// These come before the list, which waits for the plugin.
		h.say(requestOf("2", "server/discover", ``, statelessMeta))
		h.hear(`"id":2,"result"`)
		h.say(handshakeOf("2025-11-25", `{}`))
		h.hear(`"id":"hello","result"`)
		h.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	})
	trap.real("a plugin cannot speak for the protocol in _meta", func(t trial) {
		h := t.process("plugin", "")
		h.say(call("1", "forge", statelessMeta))
		said := h.hear(`"_meta":{"example.com/own":1}}],"_meta":{"example.com/own":1,"io.modelcontextprotocol/serverInfo":{"name":"test","version":"1"}}`)
		h.say(requestOf("2", "tools/list", ``, statelessMeta))
		t.lacks(said+h.hear(`"_meta":{"example.com/own":1}`), "forged", "subscriptionId")
	})
	trap.real("a request without log level and token is told nothing before its answer", func(t trial) {
		h := t.process("plugin", "")
		h.say(call("1", "report", statelessMeta))
		h.hear(`"id":1,"result"`)
		h.say(call("2", "report", metaOf(`{}`, `"progressToken":"p","io.modelcontextprotocol/logLevel":"critical"`)))
		h.hear(`"progressToken":"p"`, `"id":2,"result"`)
		h.say(call("3", "report", metaOf(`{}`, `"io.modelcontextprotocol/logLevel":"error"`)))
		h.hear(`"level":"error"`, `"id":3,"result"`)
	})
	trap.real("a call that hangs keeps no cancel from arriving", func(t trial) {
		h := t.process("plugin", "")
		for _, meta := range []string{metaOf(`{}`, `"progressToken":1`), `"_meta":{"progressToken":1}`} {
			if !strings.Contains(meta, "2026") {
				h.say(handshakeOf("2025-11-25", `{}`))
				h.hear(`"id":"hello"`)
			}
			h.say(call("1", "hang", meta))
			h.hear(`"progressToken":1`)
			h.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
			h.say(call("2", "print", strings.Replace(meta, `"progressToken":1`, `"a":1`, 1)))
			h.hear(`"id":2,"result"`)
		}
		// The plugin has heard of both, if not at once.
		ended := ""
		for tries := 0; tries < 1000 && !strings.Contains(ended, `"text":"2"`); tries++ {
			h.say(call("3", "ended", statelessMeta))
			ended = h.hear(`"id":3,"result"`)
		}
		if !strings.Contains(ended, `"text":"2"`) {
			t.Errorf("of two cancelled calls, ended: %s", ended)
		}
	})
	trap.real("credentials of the client and secrets of the host stay with the host", testCredentials)
	trap.consequence("arrays are taken by one version alone, and no handshake hides in one", func(t trial) {
		s := t.server(host.Config{}, fakeSources(t.T, "fake tools=echo")...)
		site := t.serve(s)
		const batch = `[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]`
		stateless := "[" + requestOf("1", "tools/list", ``, statelessMeta) + "]"
		t.want(t.pipe(s).say(batch), `"code":-32600`)
		t.want(t.pipe(s).say("%s", stateless), `"code":-32600`)
		t.want(t.pipe(s).say("[%s]", handshakeOf("2025-03-26", `{}`)), `"code":-32600`)
		t.answered(site.post("["+handshakeOf("2025-03-26", `{}`)+"]"), 400, `"code":-32600`)
		t.answered(site.post(stateless, "Mcp-Protocol-Version: 2026-07-28"), 400, `"code":-32600`)
		for _, version := range handshakeVersions {
			want := map[bool]string{true: `"result":{}`, false: `"code":-32600`}[version == "2025-03-26"]
			c := t.pipe(s)
			c.shake(version, `{}`)
			t.want(c.say(batch), want)
			a := site.post(batch, site.open(version, `{}`))
			if !strings.Contains(a.body, want) {
				t.Errorf("%s: %d %s", version, a.status, a.body)
			}
		}
	})
	trap.consequence("a full house still hears a cancel", func(t trial) {
		h := newHolder()
		c := t.pipe(t.server(host.Config{Limits: host.Limits{MaxInFlight: 1}}, h.source()))
		c.say("%s", requestOf("1", "tools/call", hold("a"), statelessMeta))
		c.say("%s", requestOf("2", "tools/call", hold("b"), statelessMeta))
		c.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
		if !h.wasCancelled(t, "a") {
			t.Error("the call goes on")
		}
	})
}

func testCredentials(t trial) {
	if testing.Short() {
		t.Skip("runs real processes")
	}
	t.Setenv("TRAP_SECRET", "secret-environment")
	plugin, err := realPlugin("plugin", "", "X-Tenant")
	if err != nil {
		t.Fatal(err)
	}
	url, _ := endpoint(t.T, t.server(host.Config{Plugins: []host.PluginConfig{plugin}}))
	secrets := []string{"Authorization: Bearer secret-token", "Proxy-Authorization: Basic secret-proxy", "Cookie: a=secret-cookie", "X-Other: secret-other", "X-Tenant: acme"}
	session := send(t.T, http.MethodPost, url, handshakeOf("2025-11-25", `{}`), secrets...).Header.Get("Mcp-Session-Id")
	const caller = `"name":"real__caller"`
	for era, said := range map[string]string{
		"stateless": bodyOf(t.T, send(t.T, http.MethodPost, url, requestOf("1", "tools/call", caller, metaOf(`{}`, `"example.com/own":1`)),
			append(stateless("tools/call", "Mcp-Name: real__caller"), secrets...)...)),
		"handshake": bodyOf(t.T, send(t.T, http.MethodPost, url, requestOf("1", "tools/call", caller, `"_meta":{"example.com/own":1}`),
			append(secrets, "Mcp-Session-Id: "+session)...)),
	} {
		for _, part := range []string{"acme", `{\"example.com/own\":1}`} {
			if !strings.Contains(said, part) {
				t.Errorf("%s: the plugin is not told %s: %s", era, part, said)
			}
		}
		t.lacks(said, "secret-", session, "protocolVersion")
	}
}
