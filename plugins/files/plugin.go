// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/plugins/files/internal/tree"
)

// settings are what the operator configures.
type settings struct {
	Roots         []string `json:"roots,omitempty" jsonschema:"directories that the tools may use, with all that is below them; ~/ stands for the home directory"`
	Writable      bool     `json:"writable,omitempty" jsonschema:"also offer the tools that change files; default: false"`
	MaxReadBytes  int64    `json:"max_read_bytes,omitempty" jsonschema:"most bytes of text in one answer; default: 1048576"`
	MaxMediaBytes int64    `json:"max_media_bytes,omitempty" jsonschema:"most bytes of an image or a sound in one answer; default: 8388608"`
	MaxResults    int      `json:"max_results,omitempty" jsonschema:"most entries or matches in one answer; default: 1000"`
	Confirm       string   `json:"confirm,omitempty" jsonschema:"whether a person is asked before write replaces a file: auto (where the client can ask), always (and where it cannot, nothing is replaced) or never; default: auto"`
}

func (s settings) options() tree.Options {
	return tree.Options{
		Roots: s.Roots, Writable: s.Writable,
		MaxReadBytes: s.MaxReadBytes, MaxMediaBytes: s.MaxMediaBytes, MaxResults: s.MaxResults,
	}
}

// server answers all calls.
type server struct {
	tree       atomic.Pointer[tree.Tree]           // set when the host configures; never nil
	confirm    atomic.Pointer[string]              // never nil
	watcher    atomic.Pointer[tree.Watcher]        // nil before the first subscription
	subscribed atomic.Pointer[map[string][]string] // URIs that are watched, by path
}

// newPlugin returns the plugin, ready to serve. Until it is configured each
// call is answered with how to do that.
func newPlugin(version string) *pluginapi.Plugin {
	p := pluginapi.New("files", version)
	p.SetDetails(pluginapi.Details{
		Title:       "Files",
		Description: "List, read, search, write and edit files inside configured directories.",
		Abilities:   []pluginapi.Ability{pluginapi.AbilityResources, pluginapi.AbilitySubscriptions},
	})
	s := &server{}
	s.tree.Store(&tree.Tree{})
	s.confirm.Store(new(confirmAuto))
	s.addReaders(p)
	s.addPrompt(p)
	s.watch(p)
	pluginapi.OnConfigure(p, func(_ context.Context, set settings) error { return s.configure(p, set) })
	p.OnShutdown(func(context.Context) {
		if w := s.watcher.Load(); w != nil {
			if err := w.Close(); err != nil {
				p.Logger().Warn("ending the watch failed", "err", err)
			}
		}
		if err := s.tree.Load().Close(); err != nil {
			p.Logger().Warn("closing the roots failed", "err", err)
		}
	})
	return p
}

// configure opens the roots, and offers what they allow.
func (s *server) configure(p *pluginapi.Plugin, set settings) error {
	if err := checkConfirm(set.Confirm); err != nil {
		return err
	}
	opened, err := tree.Open(set.options())
	if err != nil {
		return err
	}
	s.tree.Store(opened)
	if set.Confirm != "" {
		s.confirm.Store(&set.Confirm)
	}
	s.addResources(p)
	if set.Writable {
		// A client that may not change files is not offered to.
		s.addWriters(p)
	}
	return nil
}

// pathRule is what each description says about paths.
const pathRule = " Paths are relative to the root (with several roots they begin with the name of one, as the tool roots lists them) or absolute inside a root."

// addReaders adds the tools that change nothing.
func (s *server) addReaders(p *pluginapi.Plugin) {
	reads := pluginapi.Hints{ReadOnly: true, Destructive: new(false), Idempotent: true, OpenWorld: new(false)}
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "roots", Title: "List roots", Hints: reads,
		Description: "Lists the directories that the other tools work in, and whether files in them can be changed.",
	}, func(ctx context.Context, req tree.RootsRequest) (*tree.RootList, error) {
		return s.tree.Load().ListRoots(ctx, req)
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "list", Title: "List a directory", Hints: reads,
		Description: "Lists what a directory holds, in the order of names, with type, size and time of change; with recursive also what is below. Symbolic links are listed, not followed, and .git directories are not descended into. Ignored files are listed too; use search with a glob to leave them out." + pathRule,
	}, func(ctx context.Context, req tree.ListRequest) (*tree.Listing, error) {
		return s.tree.Load().List(ctx, req)
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "read", Title: "Read a file", Hints: reads,
		Description: "Reads a file. Text (UTF-8, or UTF-16 with a byte order mark) comes as text, images and sounds as such. A large file is read in parts: by lines with start_line and lines, or by bytes with offset and bytes. A range of bytes of a binary file comes as an embedded resource." + pathRule,
	}, s.read)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "search", Title: "Search files", Hints: reads,
		Description: "Finds lines that hold a pattern (plain text, or RE2 with regex) in the files of a directory, or files and directories whose names match a glob, or both: give pattern, glob or both. Leaves out .git, what .gitignore files leave out, and binary files; follows no symbolic links." + pathRule,
	}, s.search)
}

// addWriters adds the tools that change files.
func (s *server) addWriters(p *pluginapi.Plugin) {
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "write", Title: "Write a file",
		Hints:       pluginapi.Hints{Destructive: new(true), OpenWorld: new(false)},
		Description: "Writes a text file: creates a new one, or replaces or extends an existing one as mode says. A file is replaced at once or not at all, and keeps its permissions; a person may be asked before. To change parts of a file use edit." + pathRule,
	}, s.write)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "edit", Title: "Edit a file",
		Hints:       pluginapi.Hints{Destructive: new(true), OpenWorld: new(false)},
		Description: "Replaces exact pieces of a text file and returns a unified diff. Each old text must occur exactly once, or all must be set; otherwise nothing is changed. With dry_run it only shows the diff." + pathRule,
	}, func(ctx context.Context, req tree.EditRequest) (*tree.EditResult, error) {
		return s.tree.Load().Edit(ctx, req)
	})
}

func (s *server) search(ctx context.Context, req tree.SearchRequest) (*tree.SearchResult, error) {
	return s.tree.Load().Search(ctx, req, func(done int) {
		pluginapi.Progress(ctx, float64(done), 0, "searching")
	})
}

func (s *server) read(ctx context.Context, req tree.ReadRequest) ([]pluginapi.Content, error) {
	r, err := s.tree.Load().Read(ctx, req)
	if err != nil {
		return nil, err
	}
	content := []pluginapi.Content{body(r)}
	if r.Note != "" {
		content = append(content, pluginapi.Text{Text: "[" + r.Note + "]"})
	}
	return content, nil
}

// body is the content block that suits what was read.
func body(r *tree.Reading) pluginapi.Content {
	switch {
	case r.Data == nil:
		return pluginapi.Text{Text: r.Text}
	case r.Media && strings.HasPrefix(r.MIMEType, "image/"):
		return pluginapi.Image{Data: r.Data, MIMEType: r.MIMEType}
	case r.Media:
		return pluginapi.Audio{Data: r.Data, MIMEType: r.MIMEType}
	default:
		return pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: r.URI, MIMEType: r.MIMEType, Blob: r.Data}}
	}
}
