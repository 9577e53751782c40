// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/files/internal/tree"
)

// fileTemplate matches the URI of every file: slashes are part of the path.
const fileTemplate = "file:///{+path}"

// kept escapes what a client leaves as it is when it fills in {+path} (RFC 6570,
// section 3.2.3), and what would end the path in the URI or be decoded there.
var kept = strings.NewReplacer("%", "%25", "#", "%23", "?", "%3F")

// addResources offers the roots as resources, and every file below them through
// a template.
func (s *server) addResources(p *pluginapi.Plugin) {
	for uri, name := range s.tree.Load().Roots() {
		pluginapi.AddResource(p, pluginapi.Resource{
			URI: uri, Name: name, MIMEType: "application/json", Subscribable: true,
			Description: "What this directory holds; each entry has its own URI.",
		}, s.readURI)
	}
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{
		URITemplate: fileTemplate, Name: "file", Title: "File or directory", Subscribable: true,
		Description: "A file inside one of the roots, as text or bytes, or what a directory holds.",
	}, func(ctx context.Context, uri string, _ map[string]string) (pluginapi.ResourceContents, error) {
		return s.readURI(ctx, uri)
	})
	pluginapi.CompleteTemplate(p, fileTemplate, "path", func(_ context.Context, req pluginapi.CompleteRequest) ([]string, error) {
		typed, err := url.PathUnescape(req.Value)
		if err != nil {
			typed = req.Value // a percent sign as it is
		}
		// The template has the slash that an absolute path begins with.
		found := s.tree.Load().Complete("/" + typed)
		for i := range found {
			found[i] = kept.Replace(strings.TrimPrefix(found[i], "/"))
		}
		return found, nil
	})
}

// addPrompt offers the one prompt.
func (s *server) addPrompt(p *pluginapi.Plugin) {
	pluginapi.AddPrompt(p, pluginapi.Prompt{
		Name: "explain_file", Title: "Explain a file", Description: "Asks to explain what a file is for and how it works, with the file attached.",
	}, s.explain)
	pluginapi.CompletePrompt(p, "explain_file", "path", func(_ context.Context, req pluginapi.CompleteRequest) ([]string, error) {
		return s.tree.Load().Complete(req.Value), nil
	})
}

func (s *server) explain(ctx context.Context, in struct {
	Path string `json:"path" jsonschema:"file to explain"`
}) ([]pluginapi.PromptMessage, error) {
	r, err := s.tree.Load().Read(ctx, tree.ReadRequest{Path: in.Path})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, pluginapi.InvalidParams("%v", err) // it says what is wrong with the path
	}
	attached := body(r)
	if text, ok := attached.(pluginapi.Text); ok {
		attached = pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: r.URI, MIMEType: "text/plain", Text: text.Text}}
	}
	return []pluginapi.PromptMessage{
		{Role: pluginapi.RoleUser, Content: pluginapi.Text{Text: fmt.Sprintf("Explain what the file %q is for and how it works.", in.Path)}},
		{Role: pluginapi.RoleUser, Content: attached},
	}, nil
}

// readURI reads the file or directory of a file URI.
func (s *server) readURI(ctx context.Context, uri string) (pluginapi.ResourceContents, error) {
	path, ok := pathOf(uri)
	if !ok {
		return pluginapi.ResourceContents{}, notFound(uri)
	}
	whole, err := s.tree.Load().Whole(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pluginapi.ResourceContents{}, notFound(uri)
	case err != nil:
		return pluginapi.ResourceContents{}, err
	}
	contents := pluginapi.ResourceContents{MIMEType: whole.MIMEType, Text: whole.Text, Blob: whole.Data}
	if whole.Entries != nil {
		listing, err := json.MarshalIndent(map[string]any{"entries": whole.Entries, "truncated": whole.Cut}, "", "  ")
		if err != nil {
			return contents, err
		}
		contents.Text = string(listing)
	}
	return contents, nil
}

// notFound does not tell what is outside of the roots from what does not exist.
func notFound(uri string) error {
	return pluginapi.NotFound("there is no file %q inside the roots of this plugin", uri)
}

// pathOf returns the absolute path that a file URI names.
func pathOf(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || u.RawQuery != "" || u.Fragment != "" {
		return "", false
	}
	path := filepath.FromSlash(u.Path)
	if volume := strings.TrimPrefix(path, string(filepath.Separator)); filepath.VolumeName(volume) != "" {
		path = volume // a drive letter of Windows
	}
	return path, true
}

// watch has the tree watched for what clients subscribe to.
func (s *server) watch(p *pluginapi.Plugin) {
	p.OnSubscriptions(func(uris []string) []string {
		w, err := s.watching(p, len(uris))
		if err != nil {
			p.Logger().Warn("subscriptions are refused: files cannot be watched", "err", err)
		}
		if w == nil {
			return nil
		}
		byPath := map[string][]string{}
		var paths []string
		for _, uri := range uris {
			if path, ok := pathOf(uri); ok {
				byPath[path] = append(byPath[path], uri)
				paths = append(paths, path)
			}
		}
		s.subscribed.Store(&byPath) // before the first change can come
		var accepted []string
		for _, path := range w.Set(slices.Compact(slices.Sorted(slices.Values(paths)))) {
			accepted = append(accepted, byPath[path]...)
		}
		return accepted
	})
}

// watching returns what watches files. It is made for the first subscription:
// the system has few of them, and the tools work without. Nil if there is none.
func (s *server) watching(p *pluginapi.Plugin, wanted int) (*tree.Watcher, error) {
	w := s.watcher.Load()
	if w != nil || wanted == 0 {
		return w, nil
	}
	w, err := s.tree.Load().Watch(func(path string) { s.updated(p, path) })
	if err != nil {
		return nil, err
	}
	s.watcher.Store(w)
	return w, nil
}

// updated tells of a changed path under each URI that it was asked for by.
func (s *server) updated(p *pluginapi.Plugin, path string) {
	if byPath := s.subscribed.Load(); byPath != nil {
		for _, uri := range (*byPath)[path] {
			p.ResourceUpdated(uri)
		}
	}
}
