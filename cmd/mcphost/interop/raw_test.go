// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/internal/schematest"
)

// A frame is any JSON-RPC message.
type frame struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// request returns a request in the form of the handshake versions.
func request(id int, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, id, method, params)
}

// modern returns a request in the form of 2026-07-28: params, an object, say
// which version and what the client can do.
func modern(id int, method, params string) string {
	meta := `{"_meta":{"io.modelcontextprotocol/protocolVersion":"` + modernVersion +
		`","io.modelcontextprotocol/clientInfo":{"name":"by-hand","version":"1"}` +
		`,"io.modelcontextprotocol/clientCapabilities":{}}`
	if rest := strings.TrimPrefix(params, "{"); rest != "}" {
		meta += ","
	}
	return request(id, method, meta+strings.TrimPrefix(params, "{"))
}

const (
	initialize  = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"by-hand","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
)

// conversations are what a person types, in both forms. The requests are
// numbered from 1; the last one calls a tool.
func (s site) conversations() map[string][]string {
	greet := fmt.Sprintf(`{"name":"%s__greet","arguments":{"who":"Ada"}}`, s.greeter)
	read := fmt.Sprintf(`{"name":"files__read","arguments":{"path":%q}}`, s.planted)
	return map[string][]string{
		legacyVersion: {
			initialize, initialized,
			request(2, "tools/list", `{}`), request(3, "tools/call", read), request(4, "tools/call", greet),
		},
		modernVersion: {
			modern(1, "server/discover", `{}`),
			modern(2, "tools/list", `{}`), modern(3, "tools/call", read), modern(4, "tools/call", greet),
		},
	}
}

// checkAnswers holds answers against what a conversation must be told.
func checkAnswers(t *testing.T, answers []frame, version string) {
	t.Helper()
	wants := map[string]string{ // by id
		"1": version,
		"2": `"files__read"`,
		"3": strings.TrimSpace(plantedText),
		"4": "Hello, Ada!",
	}
	for _, answer := range answers {
		want, ok := wants[string(answer.ID)]
		switch {
		case answer.Method != "" && answer.ID == nil: // a notification is nobody's answer
		case !ok:
			t.Errorf("answer to %s, which nobody asked or which is answered already: %+v", answer.ID, answer)
		case answer.Error != nil:
			t.Errorf("answer to %s is the error %d, %s", answer.ID, answer.Error.Code, answer.Error.Message)
		case !strings.Contains(string(answer.Result), want):
			t.Errorf("answer to %s = %s, want %s in it", answer.ID, answer.Result, want)
		}
		delete(wants, string(answer.ID))
	}
	if len(wants) > 0 {
		t.Errorf("no answer that holds %v", wants)
	}
}

func TestPipedConversationGetsEveryAnswer(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell to type into:", err)
	}
	s := newSite(t)
	t.Setenv("MCPHOST_CONFIG", s.config)
	for version, lines := range s.conversations() {
		t.Run(version, func(t *testing.T) {
			typed := `printf '%s\n' '` + strings.Join(lines, "' '") + `' | mcphost serve`
			cmd := exec.CommandContext(bounded(t), shell, "-c", typed)
			cmd.Stderr = t.Output()
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("mcphost serve ended with %v, want exit code 0", err)
			}
			checkAnswers(t, parseLines(t, out), version)
			checkShapes(t, lines, out)
		})
	}
}

// checkShapes holds what a host said against the schemas of MCP.
func checkShapes(t *testing.T, said []string, out []byte) {
	t.Helper()
	conversation := schematest.New(t).Conversation()
	for _, line := range said {
		conversation.Client([]byte(line))
	}
	for line := range bytes.Lines(out) {
		conversation.Server(line)
	}
}

// parseLines reads the output of a host, which must be messages and nothing else.
func parseLines(t *testing.T, out []byte) []frame {
	t.Helper()
	var frames []frame
	for line := range bytes.Lines(out) {
		var f frame
		if err := json.Unmarshal(line, &f); err != nil || f.JSONRPC != "2.0" {
			t.Fatalf("standard output holds %q, want one message a line (%v)", line, err)
		}
		frames = append(frames, f)
	}
	return frames
}

func TestPostedConversationGetsEveryAnswer(t *testing.T) {
	s := newSite(t)
	url, _ := serveHTTP(t, s.config)
	for version, lines := range s.conversations() {
		t.Run(version, func(t *testing.T) {
			poster := newPoster(t, url)
			var answers []frame
			for _, line := range lines {
				answers = append(answers, poster.post(bounded(t), t, line)...)
			}
			checkAnswers(t, answers, version)
			poster.endSession(bounded(t), t)
		})
	}
}

// A poster sends messages as curl would, with the headers that a person adds.
type poster struct {
	url     string
	client  *http.Client
	session string // once the host has named one
}

func newPoster(t *testing.T, url string) *poster {
	t.Helper()
	p := &poster{url: url, client: newClient(t)}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// newClient returns an HTTP client that holds all that a host says against the
// schemas of MCP.
func newClient(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Transport: schematest.New(t).RoundTripper(&http.Transport{})}
}

// another returns a poster that only shares connections and schemas with p.
func (p *poster) another() *poster { return &poster{url: p.url, client: p.client} }

// post sends one message and returns what comes back.
func (p *poster) post(ctx context.Context, t *testing.T, message string) []frame {
	t.Helper()
	resp, body, err := p.exchange(ctx, message)
	if err != nil {
		t.Fatalf("post %s: %v", message, err)
	}
	if id := resp.Header.Get("Mcp-Session-Id"); id != "" {
		p.session = id
	}
	if message == initialized {
		if resp.StatusCode != http.StatusAccepted || len(body) > 0 {
			t.Errorf("%s got status %d and %q, want 202 and nothing", message, resp.StatusCode, body)
		}
		return nil
	}
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s got status %d and %q", message, resp.StatusCode, body)
	}
	return parseLines(t, body)
}

// exchange posts a message and reads the whole answer, one message a line. It
// is for any goroutine.
func (p *poster) exchange(ctx context.Context, message string) (*http.Response, []byte, error) {
	req, err := p.request(ctx, http.MethodPost, message)
	if err != nil {
		return nil, nil, err
	}
	if err := describe(req.Header, message); err != nil {
		return nil, nil, err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		body = eventData(body)
	}
	return resp, body, err
}

// describe adds the headers in which 2026-07-28 repeats what the body says.
func describe(header http.Header, message string) error {
	var sent struct {
		Method string `json:"method"`
		Params struct {
			Name string         `json:"name"`
			Meta map[string]any `json:"_meta"`
		} `json:"params"`
	}
	if err := json.Unmarshal([]byte(message), &sent); err != nil {
		return err
	}
	if sent.Params.Meta == nil {
		return nil
	}
	header.Set("MCP-Protocol-Version", modernVersion)
	header.Set("Mcp-Method", sent.Method)
	if sent.Params.Name != "" {
		header.Set("Mcp-Name", sent.Params.Name)
	}
	return nil
}

// eventData returns the data of an event stream, one event a line.
func eventData(stream []byte) []byte {
	var all []byte
	for line := range bytes.Lines(stream) {
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok && len(bytes.TrimSpace(data)) > 0 {
			all = append(all, data...)
		}
	}
	return all
}

func (p *poster) request(ctx context.Context, method, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if p.session != "" {
		req.Header.Set("Mcp-Session-Id", p.session)
		req.Header.Set("MCP-Protocol-Version", legacyVersion)
	}
	return req, nil
}

// endSession ends the session, if there is one: then it must be gone.
func (p *poster) endSession(ctx context.Context, t *testing.T) {
	t.Helper()
	if p.session == "" {
		return
	}
	for _, step := range []struct {
		method string
		status int
	}{{http.MethodDelete, http.StatusOK}, {http.MethodPost, http.StatusNotFound}} {
		req, err := p.request(ctx, step.method, request(9, "ping", "{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		ok := resp.StatusCode == step.status || step.status == http.StatusOK && resp.StatusCode/100 == 2
		if !ok {
			t.Errorf("%s at the end of the session got status %d, want %d", step.method, resp.StatusCode, step.status)
		}
	}
}
