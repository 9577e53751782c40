// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds the wait for another process.
const patience = 30 * time.Second

const modernMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// process is a running mcphost.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr chan string // lines
	begun  time.Time
}

func startServe(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcess(t, append([]string{"serve", "--config", helloConfig(t)}, args...)...)
}

func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, stderr: make(chan string, 1000)}
	p.cmd = exec.Command("mcphost", args...)
	p.cmd.Env = append(os.Environ(), "GORACE="+quickExit)
	p.cmd.WaitDelay = patience
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	logs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(logs); lines.Scan(); {
			p.stderr <- lines.Text()
		}
		close(p.stderr)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // a process that has ended is fine
		<-read
	})
	return p
}

// helloConfig configures the plugin hello, which is this binary.
func helloConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mcphost.yaml")
	if err := os.WriteFile(path, []byte("plugin_dirs: []\nplugins: {hello: {command: hello, env: {GORACE: "+quickExit+"}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *process) send(id int, tool string) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"hello__%s",%s}}`+"\n", id, tool, modernMeta); err != nil {
		p.t.Fatal(err)
	}
}

// call calls a tool of the plugin and returns the text of its result.
func (p *process) call(id int, tool string) string {
	p.t.Helper()
	p.send(id, tool)
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	return resultText(p.t, line)
}

func resultText(t *testing.T, answer []byte) string {
	t.Helper()
	var message struct {
		Result struct {
			Content []struct{ Text string }
			IsError bool
		}
	}
	if err := json.Unmarshal(answer, &message); err != nil || len(message.Result.Content) != 1 || message.Result.IsError {
		t.Fatalf("answer %s, %v", answer, err)
	}
	return message.Result.Content[0].Text
}

// awaitLog waits for a line on standard error and returns it.
func (p *process) awaitLog(part string) string {
	p.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.stderr:
			if !ok {
				p.t.Fatalf("standard error ended without %q", part)
			}
			if strings.Contains(line, part) {
				return line
			}
		case <-late:
			p.t.Fatalf("%q did not come", part)
		}
	}
}

func (p *process) signal(sig os.Signal) {
	p.t.Helper()
	p.begun = time.Now()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the process and returns what it still printed.
func (p *process) end() (rest string, err error) {
	data, readErr := io.ReadAll(p.out)
	if readErr != nil {
		p.t.Fatal(readErr)
	}
	for range p.stderr { // Wait closes the pipe
	}
	return string(data), p.cmd.Wait()
}

// awaitGone waits until a process has ended.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still alive", pid)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func pidOf(t *testing.T, text string) int {
	t.Helper()
	pid, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestSignalStopsHostAndPlugins(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			p := startServe(t)
			pid := pidOf(t, p.call(1, "pid"))
			p.signal(sig)
			p.awaitLog("stopping: why=\"" + sig.String())
			p.awaitLog("stopped")
			if rest, err := p.end(); err != nil || rest != "" {
				t.Errorf("ended with %v, printed %q", err, rest)
			}
			awaitGone(t, pid)
		})
	}
}

func TestStopIsBoundedWhenAToolHangs(t *testing.T) {
	p := startServe(t)
	pid := pidOf(t, p.call(1, "pid"))
	p.send(2, "hang")
	p.awaitLog("hanging")
	p.signal(syscall.SIGTERM)
	_, err := p.end()
	if took := time.Since(p.begun); took > 15*time.Second {
		t.Errorf("stopping took %v, the bound is 10 s (%v)", took, err)
	}
	awaitGone(t, pid)
}

func TestSecondSignalKillsAtOnce(t *testing.T) {
	p := startServe(t)
	pid := pidOf(t, p.call(1, "pid"))
	p.send(2, "hang")
	p.awaitLog("hanging")
	p.signal(syscall.SIGTERM)
	// The first signal is taken at some moment; from then on one more kills. A
	// graceful end would be exit code 0.
	ended := make(chan error, 1)
	go func() { _, err := p.end(); ended <- err }()
	var err error
	for waiting := true; waiting; {
		select {
		case err = <-ended:
			waiting = false
		case <-time.After(20 * time.Millisecond):
			_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may be gone
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, want a death by the signal", err)
	}
	awaitGone(t, pid)
}

func TestKilledPluginIsStartedAgain(t *testing.T) {
	p := startServe(t)
	first := pidOf(t, p.call(1, "pid"))
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, first)
	answer := p.call(2, "pid")
	if strings.Contains(answer, `"isError":true`) {
		// The host had not heard of the death yet: one call may pay for it.
		answer = p.call(3, "pid")
	}
	if second := pidOf(t, answer); second == first {
		t.Error("a dead process answered")
	}
}

func TestClientThatGoesAwayStopsHostAndPlugins(t *testing.T) {
	p := startServe(t)
	pid := pidOf(t, p.call(1, "pid"))
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := p.end(); err != nil || rest != "" {
		t.Errorf("ended with %v, printed %q", err, rest)
	}
	awaitGone(t, pid)
}

func TestAddressThatIsTakenSaysHowToChooseAnother(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := startServe(t, "--http", l.Addr().String())
	line := p.awaitLog("is in use")
	if want := "serve: " + l.Addr().String() + " is in use by another program; choose another port, such as --http 127.0.0.1:0 for a free one"; !strings.Contains(line, want) {
		t.Errorf("got %q, want %q", line, want)
	}
	if _, err := p.end(); err == nil {
		t.Error("ended as if all were well")
	}
}

func TestHTTPServesUntilTheSignal(t *testing.T) {
	p := startServe(t, "--http", "127.0.0.1:0")
	_, url, _ := strings.Cut(p.awaitLog("mcphost: serving http"), "serving ")
	for _, client := range []string{"claude mcp add", "code --add-mcp", "mcp.json", "claude_desktop_config.json"} {
		p.awaitLog(client)
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hello__pid",` + modernMeta + `}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "hello__pid",
	} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	pid := pidOf(t, resultText(t, bytes.TrimSpace(answer)))
	p.signal(syscall.SIGTERM)
	if rest, err := p.end(); err != nil || rest != "" {
		t.Errorf("ended with %v, printed %q", err, rest)
	}
	awaitGone(t, pid)
}
