// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host"
)

// late is when a change that was to be noticed has not been.
const late = 10 * time.Second

// files makes files, with the folders that they are in.
func files(t *testing.T, dir string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// relative are the names below dir.
func relative(t *testing.T, dir string, paths []string) []string {
	t.Helper()
	var names []string
	for _, path := range paths {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(name))
	}
	return names
}

func TestOnlyNewContentIsAChange(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"same": "a", "changed": "a", "gone": "a", "sub/deep/changed": "a", "node_modules/x": "a", ".git/x": "a"})
	w, err := NewWatcher([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	files(t, dir, map[string]string{"same": "a", "node_modules/x": "b", ".git/x": "b", ".hidden": "b", "save~": "b", "passing": "b"})
	for _, name := range []string{"gone", "passing"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	files(t, dir, map[string]string{"changed": "b", "sub/deep/changed": "b", "new/folder/file": "b"})
	changed, err := w.next(t.Context(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"changed", "gone", "new/folder/file", "sub/deep/changed"}
	if got := relative(t, dir, changed); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFileIsWatchedWithoutItsNeighbours(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"bin/plugin": "a", "bin/other": "a"})
	w, err := NewWatcher([]string{filepath.Join(dir, "bin", "plugin")})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	files(t, dir, map[string]string{"bin/other": "b", "bin/next": "b"})
	// Builds replace a file.
	if err := os.Rename(filepath.Join(dir, "bin", "next"), filepath.Join(dir, "bin", "plugin")); err != nil {
		t.Fatal(err)
	}
	changed, err := w.next(t.Context(), quiet)
	if got := relative(t, dir, changed); err != nil || !slices.Equal(got, []string{"bin/plugin"}) {
		t.Errorf("got %v %v", got, err)
	}
}

func TestWhatIsNotThereCannotBeWatched(t *testing.T) {
	if _, err := NewWatcher([]string{filepath.Join(t.TempDir(), "absent")}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("got %v", err)
	}
}

// watching fails the test unless a change of a file is noticed.
func watching(t *testing.T, dir string, paths []string, change func()) {
	t.Helper()
	w, err := NewWatcher(paths)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	change()
	ctx, cancel := context.WithTimeout(t.Context(), late)
	defer cancel()
	if changed, err := w.next(ctx, quiet); err != nil || len(changed) == 0 {
		t.Errorf("nothing noticed (%v); watched are %v", err, relative(t, dir, w.notify.WatchList()))
	}
}

func TestFileBesideTheExecutableIsWatched(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, map[string]string{"hello": "bin", "main.go": "a"})
	watching(t, dir, []string{filepath.Join(dir, "hello"), dir}, func() {
		files(t, dir, map[string]string{"main.go": "b"})
	})
}

func TestLinkIsWatchedWhereItLeads(t *testing.T) {
	for name, changed := range map[string]string{"folder": "folder/main.go", "file": "file"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files(t, dir, map[string]string{"real/folder/main.go": "a", "real/file": "a"})
			link := filepath.Join(dir, "link")
			if err := os.Symlink(filepath.Join(dir, "real", name), link); err != nil {
				t.Skip(err)
			}
			watching(t, dir, []string{link}, func() {
				files(t, dir, map[string]string{"real/" + changed: "b"})
			})
		})
	}
}

func TestReplacedFolderIsWatchedAnew(t *testing.T) {
	for name, paths := range map[string][]string{"folder": {"p"}, "executable": {"p/main"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files(t, dir, map[string]string{"p/main": "a"})
			w, err := NewWatcher([]string{filepath.Join(dir, paths[0])})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			for _, content := range []string{"b", "c"} {
				if err := os.RemoveAll(filepath.Join(dir, "p")); err != nil {
					t.Fatal(err)
				}
				files(t, dir, map[string]string{"p/main": content})
				ctx, cancel := context.WithTimeout(t.Context(), late)
				changed, err := w.next(ctx, quiet)
				cancel()
				if got := relative(t, dir, changed); err != nil || !slices.Equal(got, []string{"p/main"}) {
					t.Fatalf("got %v %v", got, err)
				}
			}
		})
	}
}

func TestFailureSaysWhatItLeaves(t *testing.T) {
	var said string
	loop := Loop{
		Build: func(context.Context) error { return errors.New("make build: exit status 2") },
		Start: func(context.Context) error { return nil },
		Say:   func(format string, args ...any) { said = fmt.Sprintf(format, args...) },
	}
	expect := func(want string) {
		t.Helper()
		if said != want {
			t.Errorf("got %q, want %q", said, want)
		}
		said = ""
	}
	loop.turn(t.Context())
	expect("build failed: make build: exit status 2; it is tried again when a file changes")
	failing := loop.Build
	loop.Build = nil
	loop.turn(t.Context())
	loop.Build = failing
	loop.turn(t.Context())
	expect("build failed: make build: exit status 2; what ran before still does")
	ended, end := context.WithCancel(t.Context())
	end()
	loop.turn(ended)
	expect("")
}

func TestLastWordsAreShownOnce(t *testing.T) {
	failure := errors.New("it ended before the handshake; its last words:\nTraceback\n  ValueError: oops")
	var out bytes.Buffer
	log := Log{hclog.New(&hclog.LoggerOptions{Output: &out})}.Named("part").With("plugin", "toy")
	log.Warn("plugin did not start", "failures", 1, "err", failure)
	log.Error("plugin is disabled", "err", failure)
	loop := Loop{
		Start: func(context.Context) error { return failure },
		Say:   func(format string, args ...any) { fmt.Fprintf(&out, format, args...) },
	}
	loop.turn(t.Context())
	if got := out.String(); strings.Count(got, "its last words are above") != 3 || strings.Contains(got, "oops") {
		t.Errorf("got %s", got)
	}
}

func TestTrafficCannotBeForged(t *testing.T) {
	const params = "{\"name\":\"n\\nm\",\"arguments\":{\"a\":\"\u009b2J\x7f\u2028\u202e\"}}"
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		traffic := &Traffic{Out: &out, JSON: asJSON}
		serve := traffic.Middleware(func(context.Context, *host.Request) (host.Result, error) {
			return nil, errors.New("no\n12:00:00.000 <- tools/call pay: ok: done\x1b[2J")
		})
		_, _ = serve(t.Context(), request("tools/call\nfake", params))
		want := 2 // one for the request, one for the answer
		if asJSON {
			want = 1
		}
		if n := strings.Count(out.String(), "\n"); n != want || strings.ContainsAny(out.String(), "\x1b\u009b\x7f\u2028") {
			t.Errorf("JSON %v: %d lines: %q", asJSON, n, &out)
		}
		var got Exchange
		if err := json.Unmarshal(out.Bytes(), &got); asJSON && (err != nil || !strings.Contains(string(got.Params), `\u009b2J\u007f`)) {
			t.Errorf("%v: %s", err, &out)
		}
	}
}

type raw []byte

func (r raw) AppendJSON(dst []byte) ([]byte, error) { return append(dst, r...), nil }

func TestTrafficSaysWhoAskedWhatAndWhatCameOfIt(t *testing.T) {
	const forged = `{"name":"greet","arguments":{"who":"Ada"},"_meta":{}}`
	tests := map[string]struct {
		method, params, result string
		err                    error
		want                   []string
	}{
		"a call":           {"tools/call", forged, `{"content":[{"type":"text","text":"Hello\nthere"}]}`, nil, []string{`-> tools/call greet {"who":"Ada"}`, `<- tools/call greet: ok: Hello there (`}},
		"a tool error":     {"tools/call", forged, `{"isError":true,"content":[{"type":"text","text":"no"}]}`, nil, []string{`tool error: no`}},
		"a protocol error": {"resources/read", `{"uri":"a://b"}`, ``, errors.New("not found"), []string{`-> resources/read a://b`, `<- resources/read a://b: not found (`}},
		"a question":       {"tools/call", forged, `{"resultType":"input_required"}`, nil, []string{`asks: {"resultType":"input_required"}`}},
		"a list":           {"tools/list", ``, `{"tools":[]}`, nil, []string{`-> tools/list`, `<- tools/list: ok: {"tools":[]} (`}},
		"a long one":       {"tools/call", `{"name":"n","arguments":{"a":"` + strings.Repeat("ż", 100) + `"}}`, `{}`, nil, []string{`ż... (208 bytes)`}},
		"a completion":     {"completion/complete", `{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"v"}}`, `{}`, nil, []string{`-> completion/complete p {"argument":{"name":"a","value":"v"}}`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			traffic := &Traffic{Out: &out}
			serve := traffic.Middleware(func(context.Context, *host.Request) (host.Result, error) { return raw(test.result), test.err })
			if _, err := serve(t.Context(), request(test.method, test.params)); !errors.Is(err, test.err) {
				t.Error(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("got %s, want %s", &out, want)
				}
			}
		})
	}
}

func TestTrafficInJSONHoldsEverything(t *testing.T) {
	var out bytes.Buffer
	traffic := &Traffic{Out: &out, JSON: true}
	params := `{"name":"n","arguments":{"a":"` + strings.Repeat("x", 1000) + `"}}`
	serve := traffic.Middleware(func(context.Context, *host.Request) (host.Result, error) { return raw(`{"content":[]}`), nil })
	if _, err := serve(t.Context(), request("tools/call", params)); err != nil {
		t.Fatal(err)
	}
	var got Exchange
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || string(got.Params) != params || string(got.Result) != `{"content":[]}` {
		t.Errorf("%v: %s", err, &out)
	}
}

func TestTrafficInJSONShowsIDsAsTheyCame(t *testing.T) {
	var out bytes.Buffer
	traffic := &Traffic{Out: &out, JSON: true}
	srv, err := host.New(host.Config{}, host.Options{Middleware: []host.Middleware{traffic.Middleware}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = srv.Close(t.Context()) }() // there are no plugins
	in := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":"1","method":"ping"}
{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}
`)
	if err := srv.ServeStdio(t.Context(), in, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"method":"initialize","id":1,`, `"method":"ping","id":"1",`, `"method":"ping","id":12345678901234567890,`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, &out)
		}
	}
	if strings.Contains(out.String(), `"method":"notifications/initialized","id"`) {
		t.Errorf("a notification has an id: %s", &out)
	}
}

// request is one that wants an answer.
func request(method, params string) *host.Request {
	return &host.Request{Method: method, Params: []byte(params), Channel: silent{}}
}

// silent is the channel of a request that nobody listens to.
type silent struct{}

func (silent) Notify(context.Context, string, []byte) error { return nil }
func (silent) Call(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func (silent) AfterAnswer(func())        {}
func (silent) Standing() <-chan struct{} { return nil }
