// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/pluginapi"
)

// keeperPlugin writes into its data directory, and keeps whoever asks for
// anything else waiting.
func keeperPlugin() *pluginapi.Plugin {
	type none struct{}
	p := pluginapi.New("keeper", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "keep"}, func(context.Context, none) (string, error) {
		if p.DataDir() == "" {
			return "nowhere", nil
		}
		return p.DataDir(), os.WriteFile(filepath.Join(p.DataDir(), "kept"), nil, 0o600)
	})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "wait"}, func(ctx context.Context, _ none) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	pluginapi.AddResource(p, pluginapi.Resource{URI: "keeper://wait", Name: "wait"}, func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "wait"}, func(ctx context.Context, _ struct {
		Word string `json:"word,omitempty"`
	}) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	})
	pluginapi.CompletePrompt(p, "wait", "word", func(ctx context.Context, _ pluginapi.CompleteRequest) ([]string, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	return p
}

func keeper(t *testing.T, change func(*host.Config)) *host.Client {
	t.Helper()
	plugin, err := realPlugin("keeper", "")
	if err != nil {
		t.Fatal(err)
	}
	plugin.Provides = nil
	cfg := host.Config{Name: "test", Version: "1", Plugins: []host.PluginConfig{plugin}}
	change(&cfg)
	s, err := host.New(cfg, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) }) // its own tests judge it
	c := connect(t, s, host.ClientOptions{})
	mustCall(t, c, "initialize", initialize)
	return c
}

func TestPluginsOwnTimeLimitCountsForWhateverIsAskedOfIt(t *testing.T) {
	c := keeper(t, func(cfg *host.Config) { cfg.Plugins[0].Limits.CallTimeout = 300 * time.Millisecond })
	mustCall(t, c, "tools/list", `{}`) // its start is not the calls'
	for method, params := range map[string]string{
		"tools/call":          `{"name":"real__wait"}`,
		"resources/read":      `{"uri":"keeper://wait"}`,
		"prompts/get":         `{"name":"real__wait"}`,
		"completion/complete": `{"ref":{"type":"ref/prompt","name":"real__wait"},"argument":{"name":"word","value":""}}`,
	} {
		begun := time.Now()
		result, err := c.Call(t.Context(), method, []byte(params))
		if err == nil && !strings.Contains(string(result), `"isError":true`) {
			t.Errorf("%s: got %s", method, result)
		}
		if took := time.Since(begun); took > 20*time.Second { // the host's own is 60 s
			t.Errorf("%s took %s", method, took)
		}
	}
}

func TestPluginKeepsDataInADirectoryOfItsOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := keeper(t, func(cfg *host.Config) { cfg.DataDir = dir })
	if got := mustCall(t, c, "tools/call", `{"name":"real__keep"}`); !strings.Contains(got, filepath.Join(dir, "real")) {
		t.Errorf("got %s", got)
	}
	info, err := os.Stat(filepath.Join(dir, "real"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "real", "kept")); err != nil {
		t.Error(err)
	}
	without := keeper(t, func(*host.Config) {})
	if got := mustCall(t, without, "tools/call", `{"name":"real__keep"}`); !strings.Contains(got, "nowhere") {
		t.Errorf("without a configured place: %s", got)
	}
}

func TestPluginThatEveryoneMayWriteToByNowIsNotStarted(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "late")
	content := "#!/bin/sh\nexport " + modeVar + "=keeper\nexec '" + self + "'\n"
	if err := os.WriteFile(script, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := host.New(host.Config{Name: "test", Version: "1", PluginDirs: []string{dir}}, host.Options{
		Sources: fakeSources(t, "fake tools=echo"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	c := connect(t, s, host.ClientOptions{})
	mustCall(t, c, "initialize", initialize)
	mustCall(t, c, "tools/call", `{"name":"fake__echo","arguments":{"text":"x"}}`) // plugins are found, this one is started
	if err := os.Chmod(script, 0o757); err != nil {
		t.Fatal(err)
	}
	keep := func() bool {
		got, err := c.Call(t.Context(), "tools/call", []byte(`{"name":"late__keep"}`))
		return err == nil && strings.Contains(string(got), "nowhere")
	}
	if keep() {
		t.Error("it was started")
	}
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 100 { // it is tried again by itself
		if keep() {
			return
		}
		time.Sleep(50 * time.Millisecond) // bounded poll of a real process
	}
	t.Error("it is not started although it is in order again")
}

func TestCallEndsSoonAfterTheClientOfAPipeIsGone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows tells nobody that a pipe is not read")
	}
	plugin, err := realPlugin("keeper", "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := host.New(host.Config{Name: "test", Version: "1", Plugins: []host.PluginConfig{plugin}}, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	in, toHost, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromHost, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.ServeStdio(context.Background(), in, out) }()
	conversation := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":` + initialize + `}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"real__keep"}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"real__wait"}}
`
	if _, err := toHost.WriteString(conversation); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(fromHost)
	for answers.Scan() && !strings.Contains(answers.Text(), "nowhere") { // the plugin runs
	}
	begun := time.Now()
	if err := errors.Join(toHost.Close(), fromHost.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 30*time.Second { // the call has 60 s
		t.Errorf("it took %s", took)
	}
}

func TestServedPipeIsLeftToItsOwner(t *testing.T) {
	s := embed(t, "", host.Options{})
	in, toHost, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(in.Close(), toHost.Close()) })
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := s.ServeStdio(ctx, in, io.Discard); err != nil {
		t.Fatal(err)
	}
	// Nobody reads any more: what comes now is its owner's.
	if err := in.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := toHost.WriteString("x"); err != nil {
			t.Fatal(err)
		}
		if n, err := in.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
	}
}

func TestSourceThatSaysNothingOfItsKindsMayHaveAll(t *testing.T) {
	s := embed(t, "", host.Options{Sources: []host.Source{{Name: "x", Start: func(context.Context) (host.SourcePlugin, error) {
		return nil, context.Canceled
	}}}})
	c := connect(t, s, host.ClientOptions{})
	got := mustCall(t, c, "initialize", initialize)
	for _, kind := range []string{`"tools"`, `"prompts"`, `"resources"`, `"completions"`} {
		if !strings.Contains(got, kind) {
			t.Errorf("%s is not advertised: %s", kind, got)
		}
	}
}
