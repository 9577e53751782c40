// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mcphost/mcphost/host"
)

// shown is how much of arguments and results a line shows, in bytes.
const shown = 120

// A Traffic writes a line when a request comes and one when it is answered. It
// is safe for concurrent use.
type Traffic struct {
	Out   io.Writer
	Whole bool // show params and results in full
	JSON  bool // write an Exchange as a JSON object, when it is over

	mu sync.Mutex
}

// An Exchange is one request and its answer, as Traffic writes it.
type Exchange struct {
	Time       time.Time       `json:"time"`
	Method     string          `json:"method"`
	ID         json.RawMessage `json:"id,omitempty"` // 1 is not "1"; absent in a notification
	Client     string          `json:"client,omitempty"`
	Version    string          `json:"version,omitempty"`
	Params     json.RawMessage `json:"params,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	Error      string          `json:"error,omitempty"`
	DurationMS float64         `json:"duration_ms"`
}

// Middleware sees what passes between the clients and the plugin.
func (t *Traffic) Middleware(next host.Handler) host.Handler {
	return func(ctx context.Context, req *host.Request) (host.Result, error) {
		begun := time.Now()
		if !t.JSON {
			t.line("-> %s", strings.TrimSpace(summary(req)+" "+t.cut(arguments(req))))
		}
		result, err := next(ctx, req)
		t.answered(req, begun, result, err)
		return result, err
	}
}

func (t *Traffic) answered(req *host.Request, begun time.Time, result host.Result, err error) {
	var data []byte
	if result != nil && err == nil {
		data, err = result.AppendJSON(nil)
	}
	took := time.Since(begun)
	if t.JSON {
		t.object(req, begun, data, err)
		return
	}
	switch {
	case isNotification(req):
	case err != nil:
		t.line("<- %s: %v (%s)", summary(req), err, rounded(took))
	default:
		t.line("<- %s: %s (%s)", summary(req), t.cut(outcome(data)), rounded(took))
	}
}

func (t *Traffic) object(req *host.Request, begun time.Time, data []byte, err error) {
	e := Exchange{
		Time: begun, Method: req.Method, Client: req.Client.Name, Version: req.Version.String(),
		Params: req.Params, Result: data, DurationMS: float64(time.Since(begun).Microseconds()) / 1000,
	}
	if !isNotification(req) {
		e.ID = req.ID.AppendJSON(nil)
	}
	if err != nil {
		e.Error = err.Error()
	}
	line, err := json.Marshal(e)
	if err != nil {
		line = fmt.Appendf(nil, `{"error":%q}`, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = t.Out.Write(append(escaped(line), '\n')) // nobody is left to tell
}

// escaped is JSON without the characters that steer a terminal and that JSON
// permits in a string: 0x7f to 0x9f.
func escaped(line []byte) []byte {
	out := make([]byte, 0, len(line)+1)
	for _, r := range string(line) {
		if unicode.IsControl(r) {
			out = fmt.Appendf(out, "\\u%04x", r)
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// line writes one line, whatever clients and the plugin have put into it.
func (t *Traffic) line(format string, args ...any) {
	line := time.Now().Format("15:04:05.000 ") + oneLine(fmt.Sprintf(format, args...)) + "\n"
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.Out, line) // nobody is left to tell
}

func isNotification(req *host.Request) bool { return req.Channel == nil }

// summary names the request: its method, and what it is about.
func summary(req *host.Request) string {
	about := struct {
		Name      string
		URI       string
		RequestID any
		Ref       struct{ Name, URI string }
	}{}
	_ = json.Unmarshal(orObject(req.Params), &about) // what does not fit is not named
	for _, name := range []string{about.Name, about.URI, about.Ref.Name, about.Ref.URI} {
		if name != "" {
			return req.Method + " " + name
		}
	}
	return req.Method
}

// arguments is what the request brings, without what every request has.
func arguments(req *host.Request) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(orObject(req.Params), &members); err != nil {
		return ""
	}
	if args, ok := members["arguments"]; ok {
		return compact(args)
	}
	for _, known := range []string{"_meta", "name", "uri", "ref"} {
		delete(members, known)
	}
	if len(members) == 0 {
		return ""
	}
	rest, err := json.Marshal(members)
	if err != nil {
		return ""
	}
	return string(rest)
}

// outcome says what an answer is, in the words of the plugin where it has some.
func outcome(result []byte) string {
	var answer struct {
		IsError    bool
		ResultType string
		Content    []struct{ Type, Text string }
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return compact(result)
	}
	switch {
	case answer.IsError && len(answer.Content) > 0:
		return "tool error: " + answer.Content[0].Text
	case answer.ResultType == "input_required":
		return "asks: " + compact(result)
	case len(answer.Content) == 1 && answer.Content[0].Type == "text":
		return "ok: " + answer.Content[0].Text
	}
	return "ok: " + compact(result)
}

// cut shortens a text that is too long for a line.
func (t *Traffic) cut(text string) string {
	if t.Whole || len(text) <= shown {
		return text
	}
	end := shown
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s... (%d bytes)", text[:end], len(text))
}

func compact(data []byte) string {
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		return string(data)
	}
	return out.String()
}

// oneLine keeps what a client or plugin says from looking like lines of ours,
// and from steering the terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

func orObject(params []byte) []byte {
	if len(params) == 0 {
		return []byte("{}")
	}
	return params
}
