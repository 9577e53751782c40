// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

var update = flag.Bool("update", false, "rewrite testdata")

const png = "\x89PNG\r\n\x1a\n"

// site is a small site that ends with the test.
func site(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "User-agent: mcphost-fetch\nDisallow: /private")
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<title>A page</title><nav>Menu</nav><h1>Hello</h1><p>Zoë & <a href=/other>others</a></p>")
	})
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/page", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/data", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"a": "<b>"}`)
	})
	mux.HandleFunc("/image", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png; x=y")
		fmt.Fprint(w, png)
	})
	mux.HandleFunc("/agent", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.UserAgent()) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, strings.Repeat("0123456789", 100_000))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func start(t *testing.T, settings map[string]any) *plugintest.Client {
	t.Helper()
	return plugintest.Start(t, newPlugin("1.2.3"), settings)
}

func fetch(t *testing.T, c *plugintest.Client, args map[string]any) *plugintest.ToolResult {
	t.Helper()
	result, err := c.CallTool(t.Context(), "fetch", args, plugintest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestDefinitionsAreThoseInTestdata(t *testing.T) {
	c := start(t, map[string]any{})
	tools, err := c.ListTools(t.Context())
	prompts, promptsErr := c.ListPrompts(t.Context())
	if err := errors.Join(err, promptsErr); err != nil || len(tools) != 1 || len(prompts) != 1 {
		t.Fatalf("%d tools, %d prompts, %v", len(tools), len(prompts), err)
	}
	compare(t, "tool_fetch.json", struct {
		Name, Title, Description string
		Hints                    pluginapi.Hints
		Input                    json.RawMessage
	}{tools[0].Name, tools[0].Title, tools[0].Description, tools[0].Hints, tools[0].InputSchema})
	compare(t, "prompt_fetch.json", struct {
		Name, Title, Description string
		Arguments                []pluginapi.PromptArgument
	}{prompts[0].Name, prompts[0].Title, prompts[0].Description, prompts[0].Arguments})
}

// compare fails unless the file in testdata holds v.
func compare(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nrun go test with -update if that is intended", name, got, want)
	}
}

func TestPagesComeInTheFormatAskedFor(t *testing.T) {
	s := site(t)
	c := start(t, map[string]any{"allow_private": true})
	html := "URL: " + s.URL + "/page\nStatus: 200 OK\nType: text/html; charset=utf-8"
	for _, r := range []struct {
		path, format, heading, body string
	}{
		{"/page", "", html + "\nTitle: A page", "# Hello\n\nZoë & [others](" + s.URL + "/other)"},
		{"/old", "text", html + "\nTitle: A page", "Hello\n\nZoë & others"},
		{"/page", "raw", html, "<title>A page</title><nav>Menu"},
		{"/data", "", "URL: " + s.URL + "/data\nStatus: 200 OK\nType: application/json", `{"a": "<b>"}`},
		{"/agent", "", "URL: " + s.URL + "/agent\nStatus: 200 OK\nType: text/plain; charset=utf-8", "mcphost-fetch/1.2.3 (+https://github.com/mcphost/mcphost)"},
	} {
		result := fetch(t, c, map[string]any{"url": s.URL + r.path, "format": r.format})
		if len(result.Content) != 2 || result.IsError {
			t.Errorf("%s: %+v", r.path, result.Content)
			continue
		}
		heading, body := result.Content[0].(pluginapi.Text).Text, result.Content[1].(pluginapi.Text).Text
		n := utf8.RuneCountInString(body)
		wantHeading := fmt.Sprintf("%s\nCharacters: 1 to %d of %d", r.heading, n, n)
		if heading != wantHeading || !strings.HasPrefix(body, r.body) {
			t.Errorf("%s as %q: %q, %q; want %q, %q", r.path, r.format, heading, body, wantHeading, r.body)
		}
	}
}

func TestImagesComeAsImages(t *testing.T) {
	s := site(t)
	result := fetch(t, start(t, map[string]any{"allow_private": true}), map[string]any{"url": s.URL + "/image"})
	if len(result.Content) != 2 {
		t.Fatalf("%+v", result.Content)
	}
	if image, ok := result.Content[1].(pluginapi.Image); !ok || image.MIMEType != "image/png" || string(image.Data) != png {
		t.Errorf("%+v", result.Content[1])
	}
}

func TestLongTextsComeInPartsThatFitTogether(t *testing.T) {
	s := site(t)
	c := start(t, map[string]any{"allow_private": true, "max_bytes": 2500, "max_chars": 1000})
	whole := ""
	for _, want := range []string{"1 to 1000 of 2500; go on with start 1000", "1001 to 2000 of 2500; go on with start 2000", "2001 to 2500 of 2500; of the page only the first 2500 bytes were read"} {
		result := fetch(t, c, map[string]any{"url": s.URL + "/big", "start": len(whole)})
		if heading := result.Content[0].(pluginapi.Text).Text; !strings.Contains(heading, "Characters: "+want) {
			t.Errorf("%q; want %q", heading, want)
		}
		whole += result.Content[1].(pluginapi.Text).Text
	}
	if whole != strings.Repeat("0123456789", 250) {
		t.Errorf("%d characters", len(whole))
	}
	for want, args := range map[string]map[string]any{
		"start 2500 is behind the end: there are 2500 characters": {"start": 2500},
		"cannot be negative":                             {"start": -1},
		`"html" is none of markdown, text, raw`:          {"format": "html"},
		"Characters: 2 to 2 of 2500; go on with start 2": {"start": 1, "max_chars": 1},
		"Characters: 2 to 2500 of 2500":                  {"start": 1, "max_chars": 1 << 62},
	} {
		args["url"] = s.URL + "/big"
		if got := fetch(t, c, args).Text(); !strings.Contains(got, want) {
			t.Errorf("%v: %q; want %q", args, got, want)
		}
	}
}

func TestProgressOfLargePagesIsReported(t *testing.T) {
	s := site(t)
	result := fetch(t, start(t, map[string]any{"allow_private": true}), map[string]any{"url": s.URL + "/big"})
	if len(result.Progress) == 0 || result.Progress[0].Done < 1 {
		t.Errorf("%+v", result.Progress)
	}
}

func TestWhatIsRefusedIsAToolError(t *testing.T) {
	s := site(t)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		settings map[string]any
		url      string
		want     string
		isError  bool
	}{
		{nil, s.URL + "/page", "its address is not public", true},
		{map[string]any{"allow_hosts": []string{host}}, s.URL + "/page", "# Hello", false},
		{map[string]any{"allow_private": true}, s.URL + "/private", "robots.txt asks programs not to fetch it", true},
		{map[string]any{"allow_private": true}, s.URL + "/missing", "Status: 404 Not Found", true},
		{map[string]any{"allow_private": true, "user_agent": "reader/1"}, s.URL + "/private", "Status: 404 Not Found", true},
		{map[string]any{"allow_private": true, "ignore_robots": true}, s.URL + "/private", "Status: 404 Not Found", true},
		{nil, "file:///etc/passwd", "only http and https", true},
	} {
		if c.settings == nil {
			c.settings = map[string]any{}
		}
		result := fetch(t, start(t, c.settings), map[string]any{"url": c.url})
		if result.IsError != c.isError || !strings.Contains(result.Text(), c.want) {
			t.Errorf("%v %s: %q, an error: %v; want %q", c.settings, c.url, result.Text(), result.IsError, c.want)
		}
	}
}

func TestPromptPutsThePageIntoTheConversation(t *testing.T) {
	s := site(t)
	c := start(t, map[string]any{"allow_private": true})
	result, err := c.GetPrompt(t.Context(), "fetch", map[string]string{"url": s.URL + "/page"}, plugintest.Options{})
	if err != nil || len(result.Messages) != 2 || !strings.Contains(result.Messages[1].Content.(pluginapi.Text).Text, "# Hello") {
		t.Errorf("%+v, %v", result, err)
	}
	_, err = c.GetPrompt(t.Context(), "fetch", map[string]string{"url": "file:///x"}, plugintest.Options{})
	if refused, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || refused.Code != pluginapi.CodeInvalidParams {
		t.Errorf("%v; want invalid params", err)
	}
}

func TestWrongSettingsAreRefusedWithTheReason(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		`"soon" is no duration such as`: {"timeout": "soon"},
		"cannot be negative":            {"max_bytes": -1},
		"max_chars cannot be negative":  {"max_chars": -1},
		"does not begin with a name":    {"user_agent": "(x)"},
		`"allow"`:                       {"allow": true},
	} {
		if got := plugintest.Refusal(t, newPlugin("1.2.3"), settings); !strings.Contains(got, want) {
			t.Errorf("%v: %s; want %q", settings, got, want)
		}
	}
}
