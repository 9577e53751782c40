// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

// patience is how long a change may take to be told.
const patience = 10 * time.Second

// rooted starts the plugin on a directory with these files.
func rooted(t *testing.T, files map[string]string, more map[string]any) (*plugintest.Client, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		put(t, filepath.Join(dir, name), content)
	}
	settings := map[string]any{"roots": []string{dir}, "writable": true}
	for key, value := range more {
		settings[key] = value
	}
	return plugintest.Start(t, newPlugin("1"), settings), dir
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func isNotFound(err error) bool {
	var e *pluginapi.ProtocolError
	return errors.As(err, &e) && e.Code == pluginapi.CodeNotFound
}

func TestFilesAreResources(t *testing.T) {
	c, dir := rooted(t, map[string]string{"a b.txt": "text", "sub/data.bin": "\x00\x01", "sub/empty": ""}, nil)
	root := "file://" + filepath.ToSlash(dir)
	for uri, want := range map[string]pluginapi.ResourceContents{
		root + "/a%20b.txt":    {MIMEType: "text/plain", Text: "text"},
		root + "/sub/data.bin": {MIMEType: "application/octet-stream", Blob: []byte{0, 1}},
		root + "/sub/empty":    {MIMEType: "text/plain"},
	} {
		got, err := c.ReadResource(t.Context(), uri, plugintest.Options{})
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		one := got.Contents[0]
		mime, _, _ := strings.Cut(one.MIMEType, ";")
		if one.URI != uri || mime != want.MIMEType || one.Text != want.Text || !slices.Equal(one.Blob, want.Blob) {
			t.Errorf("%s: got %+v", uri, one)
		}
	}
	listed, err := c.ListResources(t.Context())
	if err != nil || len(listed) != 1 || listed[0].URI != root {
		t.Fatalf("got %+v %v; want the root", listed, err)
	}
	got, err := c.ReadResource(t.Context(), root, plugintest.Options{})
	if err != nil || !strings.Contains(got.Contents[0].Text, `"uri": "`+root+`/a%20b.txt"`) || !strings.Contains(got.Contents[0].Text, `"type": "directory"`) {
		t.Errorf("the root: %+v %v", got, err)
	}
}

func TestWhatIsOutsideLooksLikeWhatIsNot(t *testing.T) {
	c, dir := rooted(t, map[string]string{"in": "x"}, nil)
	outside := t.TempDir()
	put(t, filepath.Join(outside, "secret"), "s")
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	root := "file://" + filepath.ToSlash(dir)
	said := map[string]bool{}
	for _, uri := range []string{
		root + "/absent", root + "/../" + filepath.Base(outside) + "/secret", "file://" + filepath.ToSlash(outside) + "/secret",
		root + "/link/secret", "file:///etc/passwd", root + "/in?x=y", "file:///%00",
	} {
		_, err := c.ReadResource(t.Context(), uri, plugintest.Options{})
		if !isNotFound(err) {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		said[strings.ReplaceAll(err.Error(), uri, "URI")] = true
	}
	if len(said) != 1 {
		t.Errorf("the answers differ: %v", said)
	}
	// Another host's file is none of ours, and matches no template.
	if _, err := c.ReadResource(t.Context(), "file://elsewhere/etc/passwd", plugintest.Options{}); err == nil {
		t.Error("a file of another host was read")
	}
}

func TestPathsAreCompleted(t *testing.T) {
	c, dir := rooted(t, map[string]string{"src/main.go": "", "src/mail/x": "", "setup": "", ".git/config": ""}, nil)
	typed := strings.TrimPrefix(filepath.ToSlash(dir), "/")
	template := plugintest.Reference{Template: fileTemplate}
	prompt := plugintest.Reference{Prompt: "explain_file"}
	tests := []struct {
		ref             plugintest.Reference
		argument, value string
		want            []string
	}{
		{template, "path", typed + "/s", []string{typed + "/setup", typed + "/src/"}},
		{template, "path", typed + "/src/ma", []string{typed + "/src/mail/", typed + "/src/main.go"}},
		{template, "path", "", []string{typed + "/"}},
		{template, "path", "etc/pass", nil},
		{template, "path", typed + "/../", nil},
		{prompt, "path", "s", []string{"setup", "src/"}},
		{prompt, "path", "src/main", []string{"src/main.go"}},
		{prompt, "path", "../", nil},
	}
	for _, test := range tests {
		got, err := c.Complete(t.Context(), test.ref, test.argument, test.value, nil)
		if err != nil || !slices.Equal(got.Values, test.want) {
			t.Errorf("%v %q: got %q %v, want %q", test.ref, test.value, got.Values, err, test.want)
		}
	}
}

func TestSubscribedFilesAreWatched(t *testing.T) {
	c, dir := rooted(t, map[string]string{"file": "a", "other": "a", "sub/x": ""}, nil)
	root := "file://" + filepath.ToSlash(dir)
	accepted, err := c.Subscribe(t.Context(), root+"/file", root+"/new", root+"/sub", root+"/absent/x", "file:///etc/passwd")
	if want := []string{root + "/absent/x", root + "/file", root + "/new", root + "/sub"}; err != nil || !slices.Equal(slices.Sorted(slices.Values(accepted)), want) {
		t.Fatalf("accepted %v %v, want %v", accepted, err, want)
	}
	hear := func(what, uri string, do func()) {
		t.Helper()
		do()
		select {
		case got := <-c.Updates():
			if got != uri {
				t.Errorf("%s: told of %s", what, got)
			}
		case <-time.After(patience):
			t.Fatalf("%s: nothing was told", what)
		}
	}
	put(t, filepath.Join(dir, "other"), "b") // nobody asked
	hear("changed", root+"/file", func() { put(t, filepath.Join(dir, "file"), "b") })
	hear("replaced", root+"/file", func() {
		put(t, filepath.Join(dir, ".next"), "c")
		if err := os.Rename(filepath.Join(dir, ".next"), filepath.Join(dir, "file")); err != nil {
			t.Fatal(err)
		}
	})
	hear("created", root+"/new", func() { put(t, filepath.Join(dir, "new"), "") })
	hear("below", root+"/sub", func() { put(t, filepath.Join(dir, "sub", "y"), "") })
	hear("removed", root+"/file", func() {
		if err := os.Remove(filepath.Join(dir, "file")); err != nil {
			t.Fatal(err)
		}
	})
	if accepted, err := c.Subscribe(t.Context(), root+"/new"); err != nil || len(accepted) != 1 {
		t.Fatalf("%v %v", accepted, err)
	}
	put(t, filepath.Join(dir, "sub", "y"), "not watched any more")
	hear("the rest", root+"/new", func() { put(t, filepath.Join(dir, "new"), "x") })
}

// answering answers the question whether to replace a file.
func answering(t *testing.T, action string, replace bool, meanwhile func()) plugintest.Options {
	t.Helper()
	return plugintest.Options{Answer: func(key, method string, params json.RawMessage) (any, error) {
		if key != "overwrite" || method != "elicitation/create" || !strings.Contains(string(params), "Replace the file") {
			t.Errorf("asked %s %s %s", key, method, params)
		}
		if meanwhile != nil {
			meanwhile()
		}
		if action != "accept" {
			return map[string]any{"action": action}, nil
		}
		return map[string]any{"action": action, "content": map[string]any{"replace": replace}}, nil
	}}
}

func TestPersonIsAskedBeforeAFileIsReplaced(t *testing.T) {
	mute := plugintest.Options{Capabilities: &pluginapi.Capabilities{}}
	tests := map[string]struct {
		confirm  string
		options  func(path string) plugintest.Options
		replaced bool
		says     string
	}{
		"agrees":             {"auto", func(string) plugintest.Options { return answering(t, "accept", true, nil) }, true, ""},
		"unticks":            {"auto", func(string) plugintest.Options { return answering(t, "accept", false, nil) }, false, "nothing was written: the user does not want it replaced"},
		"declines":           {"auto", func(string) plugintest.Options { return answering(t, "decline", false, nil) }, false, "nothing was written"},
		"closes it":          {"always", func(string) plugintest.Options { return answering(t, "cancel", false, nil) }, false, "nothing was written"},
		"cannot be asked":    {"auto", func(string) plugintest.Options { return mute }, true, ""},
		"must be asked":      {"always", func(string) plugintest.Options { return mute }, false, "this client cannot ask one"},
		"is not to be asked": {"never", func(string) plugintest.Options { return plugintest.Options{} }, true, ""},
		"agrees to another version": {"auto", func(path string) plugintest.Options {
			return answering(t, "accept", true, func() { put(t, path, "changed meanwhile") })
		}, false, "has changed since the question"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, dir := rooted(t, map[string]string{"f": "old"}, map[string]any{"confirm": test.confirm})
			path := filepath.Join(dir, "f")
			result, err := c.CallTool(t.Context(), "write", map[string]any{"path": "f", "content": "new", "mode": "overwrite"}, test.options(path))
			if err != nil || result.IsError == test.replaced || !strings.Contains(result.Text(), test.says) {
				t.Errorf("got %q, an error: %v; %v", result.Text(), result.IsError, err)
			}
			content, err := os.ReadFile(path)
			if err != nil || (string(content) == "new") != test.replaced {
				t.Errorf("the file holds %q, %v", content, err)
			}
		})
	}
}

func TestNobodyIsAskedWhereNothingIsReplaced(t *testing.T) {
	c, _ := rooted(t, map[string]string{"f": "old"}, nil)
	for _, args := range []map[string]any{
		{"path": "new", "content": "x", "mode": "overwrite"},
		{"path": "f", "content": "x", "mode": "append"},
		{"path": "created", "content": "x"},
	} {
		result, err := c.CallTool(t.Context(), "write", args, plugintest.Options{})
		if err != nil || result.IsError || len(result.Questions) > 0 {
			t.Errorf("%v: %q %v", args, result.Text(), err)
		}
	}
}

func TestConfirmIsOneOfItsWords(t *testing.T) {
	if said := plugintest.Refusal(t, newPlugin("1"), map[string]any{"confirm": "sometimes"}); !strings.Contains(said, "auto, always or never") {
		t.Errorf("got %q", said)
	}
}

func TestPromptExplainsAFile(t *testing.T) {
	c, _ := rooted(t, map[string]string{"a.go": "package a\n"}, nil)
	got, err := c.GetPrompt(t.Context(), "explain_file", map[string]string{"path": "a.go"}, plugintest.Options{})
	if err != nil || len(got.Messages) != 2 {
		t.Fatalf("%+v %v", got, err)
	}
	attached, ok := got.Messages[1].Content.(pluginapi.EmbeddedResource)
	if !ok || attached.Contents.Text != "package a\n" {
		t.Errorf("attached is %+v", got.Messages[1].Content)
	}
	for path, want := range map[string]string{"absent": "no such file", "../x": "outside of the configured roots", "/etc/passwd": "outside of the configured roots"} {
		_, err := c.GetPrompt(t.Context(), "explain_file", map[string]string{"path": path}, plugintest.Options{})
		if e, ok := errors.AsType[*pluginapi.ProtocolError](err); !ok || e.Code != pluginapi.CodeInvalidParams || !strings.Contains(e.Message, want) {
			t.Errorf("%s: got %v, want %s", path, err, want)
		}
	}
}

func TestEachNameOfAFileIsToldOfItsChange(t *testing.T) {
	c, dir := rooted(t, map[string]string{"sub/file": "a"}, nil)
	root := "file://" + filepath.ToSlash(dir)
	want := []string{root + "/sub/../sub/file", root + "/sub/file"}
	accepted, err := c.Subscribe(t.Context(), want...)
	if err != nil || len(accepted) != len(want) {
		t.Fatalf("accepted %v %v", accepted, err)
	}
	put(t, filepath.Join(dir, "sub", "file"), "b")
	told := map[string]bool{}
	for late := time.After(patience); len(told) < len(want); {
		select {
		case uri := <-c.Updates():
			told[uri] = true
		case <-late:
			t.Fatalf("only %v were told", told)
		}
	}
}

func TestCompletedPathsNameTheFileInsideTheTemplate(t *testing.T) {
	c, dir := rooted(t, map[string]string{"c#/q?": "hash", "100%41": "percent"}, nil)
	typed := strings.TrimPrefix(filepath.ToSlash(dir), "/")
	for value, want := range map[string]string{"/c#/": "hash", "/c%23/": "hash", "/100": "percent"} {
		got, err := c.Complete(t.Context(), plugintest.Reference{Template: fileTemplate}, "path", typed+value, nil)
		if err != nil || len(got.Values) != 1 {
			t.Errorf("%q: %v %v", value, got.Values, err)
			continue
		}
		// Clients leave reserved characters and escapes as they are.
		read, err := c.ReadResource(t.Context(), "file:///"+got.Values[0], plugintest.Options{})
		if err != nil || read.Contents[0].Text != want {
			t.Errorf("%q: %+v %v", got.Values[0], read, err)
		}
	}
}

func TestListingSaysThatItWasCut(t *testing.T) {
	c, dir := rooted(t, map[string]string{"a": "", "b": "", "c": ""}, map[string]any{"max_results": 3})
	root := "file://" + filepath.ToSlash(dir)
	for _, cut := range []bool{false, true} {
		got, err := c.ReadResource(t.Context(), root, plugintest.Options{})
		if err != nil || strings.Contains(got.Contents[0].Text, `"truncated": true`) != cut {
			t.Errorf("cut %v: %+v %v", cut, got, err)
		}
		put(t, filepath.Join(dir, "d"), "")
	}
}
