// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/internal/testenv"
	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// TestHello runs the hellos, which are written without an author kit but for the
// one in Go.
func TestHello(t *testing.T) {
	for _, lang := range []string{"go", "python", "cpp", "typescript"} {
		t.Run(lang, func(t *testing.T) {
			name := "hello-" + lang
			hello(t, name, helloProgram(t, lang, name))
		})
	}
}

func helloProgram(t *testing.T, lang, name string) program {
	t.Helper()
	dir, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	switch lang {
	case "go":
		binary := filepath.Join(t.TempDir(), name)
		if runtime.GOOS == "windows" {
			binary += ".exe"
		}
		if out, err := exec.Command("go", "build", "-o", binary, "./"+name).CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		return program{dir, []string{binary}}
	case "python":
		return program{dir, []string{testenv.Python(t, filepath.Join(name, "requirements.txt")), filepath.Join(dir, "main.py")}}
	default:
		return installed(t, testenv.Plugin(t, lang, "..", name))
	}
}

// hello is what all hellos promise, and any plugin like them.
func hello(t *testing.T, name string, p program) {
	t.Run("ExplainsItselfWithoutAHost", func(t *testing.T) { explains(t, name, p) })
	t.Run("DescribesItself", func(t *testing.T) { describes(t, start(t, p), name) })
	t.Run("ListsItsTools", func(t *testing.T) { lists(t, start(t, p)) })
	t.Run("Greets", func(t *testing.T) { greets(t, start(t, p)) })
	t.Run("TakesLargeArguments", func(t *testing.T) { greetsAtLength(t, start(t, p)) })
	t.Run("CountsWithProgress", func(t *testing.T) { counts(t, start(t, p)) })
	t.Run("StopsCountingWhenCancelled", func(t *testing.T) { stopsCounting(t, start(t, p)) })
	t.Run("StopsGracefully", func(t *testing.T) { stops(t, start(t, p)) })
	t.Run("EndsWithItsStandardInput", func(t *testing.T) { endsWithStdin(t, p) })
	t.Run("DiesWithItsHost", func(t *testing.T) { dies(t, p) })
}

func explains(t *testing.T, name string, p program) {
	cmd := p.command()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the code says it
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), name) || stdout.Len() > 0 {
		t.Errorf("exit code %d, stdout %q, stderr %q", cmd.ProcessState.ExitCode(), &stdout, &stderr)
	}
}

func describes(t *testing.T, p *process, name string) {
	got, err := p.plugin.Describe(t.Context(), &pluginv1.DescribeRequest{})
	if err != nil || got.GetName() != name || got.GetVersion() != "1.0.0" {
		t.Errorf("got %v %v", got, err)
	}
}

func lists(t *testing.T, p *process) {
	list, err := p.tools.ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.GetTools() {
		names = append(names, tool.GetName())
		if tool.GetDescription() == "" || !strings.Contains(string(tool.GetInputSchemaJson()), `"object"`) {
			t.Errorf("got %v", tool)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"count", "greet"}) {
		t.Errorf("got %v", names)
	}
}

func greets(t *testing.T, p *process) {
	events := p.events(t, "greet", `{"who":"Ada"}`)
	if len(events) != 1 || events[0].GetResult().GetContent()[0].GetText().GetText() != "Hello, Ada!" {
		t.Errorf("got %v", events)
	}
	for _, args := range []string{`{}`, `{"who":3}`, `{"who":"Ada","whom":"Bob"}`} {
		events := p.events(t, "greet", args)
		if len(events) != 1 || !events[0].GetResult().GetIsError() {
			t.Errorf("%s: got %v", args, events)
		}
	}
	events = p.events(t, "wave", `{}`)
	if len(events) != 1 || events[0].GetError().GetCode() != pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND {
		t.Errorf("unknown tool: got %v", events)
	}
}

func greetsAtLength(t *testing.T, p *process) {
	who := strings.Repeat("a", 8<<20) // twice gRPC's own limit
	events := p.events(t, "greet", `{"who":"`+who+`"}`)
	if len(events) != 1 || events[0].GetResult().GetContent()[0].GetText().GetText() != "Hello, "+who+"!" {
		t.Errorf("%d events", len(events))
	}
}

func counts(t *testing.T, p *process) {
	events := p.events(t, "count", `{"n":3,"delay_ms":1}`)
	if len(events) != 4 {
		t.Fatalf("got %v", events)
	}
	for i, event := range events[:3] {
		if got := event.GetProgress(); got.GetProgress() != float64(i+1) || got.GetTotal() != 3 {
			t.Errorf("event %d: %v", i, event)
		}
	}
	if got := events[3].GetResult().GetContent()[0].GetText().GetText(); got != "Counted to 3." {
		t.Errorf("got %q", got)
	}
}

func stopsCounting(t *testing.T, p *process) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream := p.call(ctx, t, "count", `{"n":1000000,"delay_ms":1}`)
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for {
		_, err := stream.Recv()
		if err == nil {
			continue
		}
		if status.Code(err) != codes.Canceled {
			t.Errorf("got %v", err)
		}
		break
	}
	// A count that went on would be waited for: the plugin would not stop in time.
	stops(t, p)
}

func stops(t *testing.T, p *process) {
	began := time.Now()
	p.client.Kill()
	// A plugin that does not go by itself costs go-plugin 2 s.
	if took := time.Since(began); took > promptly {
		t.Errorf("stopping took %v", took)
	}
}

// endsWithStdin is how a plugin of mcphost learns of its host's death: the pipe
// ends that the host holds.
func endsWithStdin(t *testing.T, p program) {
	dir, err := os.MkdirTemp("", "p") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := p.command()
	handshake := pluginapi.Handshake()
	cmd.Env = append(os.Environ(), handshake.MagicCookieKey+"="+handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); !strings.HasPrefix(line, "1|1|unix|"+dir) {
		t.Errorf("handshake %q %v", line, err)
	}

	began := time.Now()
	_ = stdin.Close()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > promptly {
		t.Errorf("ended after %v", took)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func dies(t *testing.T, p program) {
	if runtime.GOOS == "windows" {
		t.Skip("windows hands no file on to the plugin")
	}
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), hostVar+"="+p.dir+"\n"+strings.Join(p.argv, "\n"))
	stdout, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	held, end, err := os.Pipe() // ends when host and plugin are gone
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	host.Stderr = end
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	_ = end.Close()
	var says [64]byte
	if n, err := stdout.Read(says[:]); string(says[:n]) != "started\n" {
		t.Fatalf("host says %q %v", says[:n], err)
	}

	began := time.Now()
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = host.Wait() // killed
	if err := held.SetReadDeadline(began.Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(held); err != nil {
		t.Fatalf("the plugin lives on: %v", err)
	}
	if took := time.Since(began); took > promptly {
		t.Errorf("the plugin went after %v", took)
	}
}
