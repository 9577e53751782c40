// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/encoding/protojson"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

var update = flag.Bool("update", false, "rewrite testdata")

// client calls a plugin that is served in this process for the time of a test.
type client struct {
	*testing.T
	plugin pluginv1.PluginServiceClient
	tools  pluginv1.ToolServiceClient
}

func serve(t *testing.T) *client {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- newPlugin("1.2.3").ServeListener(ctx, lis) }()
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(conn.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return &client{t, pluginv1.NewPluginServiceClient(conn), pluginv1.NewToolServiceClient(conn)}
}

// configure hands the plugin settings as the host does.
func (c *client) configure(settings map[string]any) error {
	c.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		c.Fatal(err)
	}
	_, err = c.plugin.Configure(c.Context(), &pluginv1.ConfigureRequest{SettingsJson: raw})
	return err
}

func (c *client) names() string {
	c.Helper()
	page, err := c.tools.ListTools(c.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		c.Fatal(err)
	}
	var names []string
	for _, tool := range page.GetTools() {
		names = append(names, tool.GetName())
	}
	return strings.Join(names, " ")
}

// call returns the result of a tool.
func (c *client) call(name, args string) *pluginv1.CallToolResult {
	c.Helper()
	stream, err := c.tools.CallTool(c.Context(), &pluginv1.CallToolRequest{
		Context: &pluginv1.CallContext{}, Name: name, ArgumentsJson: []byte(args),
	})
	if err != nil {
		c.Fatal(err)
	}
	for {
		event, err := stream.Recv()
		if err != nil {
			c.Fatalf("%s: no outcome: %v", name, err)
		}
		if result := event.GetResult(); result != nil {
			if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
				c.Errorf("%s: more after the outcome: %v", name, err)
			}
			return result
		}
	}
}

// want calls a tool and fails unless its first text contains text.
func (c *client) want(name, args, text string, isError bool) {
	c.Helper()
	result := c.call(name, args)
	got := string(result.GetStructuredContentJson())
	if len(result.GetContent()) > 0 {
		got = result.GetContent()[0].GetText().GetText()
	}
	if result.GetIsError() != isError || !strings.Contains(got, text) {
		c.Errorf("%s %s: %q, an error: %v; want %q", name, args, got, result.GetIsError(), text)
	}
}

func TestDefinitionsAreThoseInTestdata(t *testing.T) {
	c := serve(t)
	if err := c.configure(map[string]any{"roots": []string{t.TempDir()}, "writable": true}); err != nil {
		t.Fatal(err)
	}
	described, err := c.plugin.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "settings.json", indent(t, described.GetSettingsSchemaJson()))
	page, err := c.tools.ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range page.GetTools() {
		compare(t, tool.GetName()+".json", snapshot(t, tool))
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(page.GetTools())+1 {
		t.Errorf("testdata has %q, %v; remove what is no tool", files, err)
	}
}

// snapshot writes a definition as a person would read it.
func snapshot(t *testing.T, tool *pluginv1.Tool) []byte {
	t.Helper()
	annotations, err := protojson.Marshal(tool.GetAnnotations())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(struct {
		Name, Title, Description string
		Annotations              json.RawMessage
		Input, Output            json.RawMessage `json:",omitempty"`
	}{tool.GetName(), tool.GetTitle(), tool.GetDescription(), annotations, tool.GetInputSchemaJson(), tool.GetOutputSchemaJson()})
	if err != nil {
		t.Fatal(err)
	}
	return indent(t, whole)
}

func indent(t *testing.T, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// compare fails unless the file in testdata has this content.
func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nrun go test with -update if that is intended", name, got, want)
	}
}

func TestUnconfiguredPluginSaysHowToConfigureIt(t *testing.T) {
	c := serve(t)
	for name, args := range map[string]string{
		"roots": `{}`, "list": `{}`, "read": `{"path":"x"}`, "search": `{"pattern":"x"}`,
	} {
		c.want(name, args, `no directory is configured: set "roots"`, true)
	}
}

func TestWritersAreOfferedOnlyIfWritable(t *testing.T) {
	for writable, want := range map[bool]string{
		false: "list read roots search",
		true:  "edit list read roots search write",
	} {
		c := serve(t)
		if err := c.configure(map[string]any{"roots": []string{t.TempDir()}, "writable": writable}); err != nil {
			t.Fatal(err)
		}
		if got := c.names(); got != want {
			t.Errorf("writable %v: %s; want %s", writable, got, want)
		}
	}
}

func TestWrongSettingsAreRefusedWithTheReason(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for want, settings := range map[string]map[string]any{
		"no such file or directory": {"roots": []string{missing}},
		"cannot be negative":        {"max_results": -1},
		`"root"`:                    {"root": "x"},
	} {
		err := serve(t).configure(settings)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", settings, err, want)
		}
	}
}

func TestToolsWorkThroughThePluginProtocol(t *testing.T) {
	c, dir := serve(t), t.TempDir()
	picture := "\x89PNG\r\n\x1a\n\x00"
	if err := os.WriteFile(filepath.Join(dir, "a.png"), []byte(picture), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := c.configure(map[string]any{"roots": []string{dir}, "writable": true}); err != nil {
		t.Fatal(err)
	}
	c.want("write", `{"path":"dir/f","content":"one\ntwo\n","create_dirs":true}`, `"created":true`, false)
	c.want("edit", `{"path":"dir/f","edits":[{"old":"two","new":"2"}]}`, `-two\n+2`, false)
	c.want("edit", `{"path":"dir/f","edits":[{"old":"two","new":"2"}]}`, `"dir/f": edit 1 of 1: old occurs nowhere`, true)
	c.want("read", `{"path":"dir/f"}`, "one\n2\n", false)
	c.want("search", `{"pattern":"2"}`, `"line":2`, false)
	c.want("search", `{"glob":"nothing"}`, `"matches":[]`, false)
	c.want("list", `{"recursive":true}`, `"path":"dir/f"`, false)
	c.want("roots", `{}`, `"writable":true`, false)
	c.want("read", `{"path":"../x"}`, `"../x": outside of the configured roots`, true)
	c.want("read", `{"file":"x"}`, "file", true)

	part := c.call("read", `{"path":"dir/f","lines":1}`).GetContent()
	if len(part) != 2 || part[0].GetText().GetText() != "one\n" || !strings.Contains(part[1].GetText().GetText(), "start_line 2") {
		t.Errorf("a part: %v", part)
	}
	image := c.call("read", `{"path":"a.png"}`).GetContent()
	if len(image) != 1 || image[0].GetImage().GetMimeType() != "image/png" || string(image[0].GetImage().GetData()) != picture {
		t.Errorf("an image: %v", image)
	}
	blob := c.call("read", `{"path":"a.png","bytes":4}`).GetContent()
	if len(blob) != 2 || string(blob[0].GetResource().GetBlob()) != picture[:4] || !strings.HasSuffix(blob[0].GetResource().GetUri(), "/a.png") {
		t.Errorf("a range of an image: %v", blob)
	}
}
