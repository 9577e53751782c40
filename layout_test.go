// SPDX-License-Identifier: Apache-2.0

// Package mcphost_test holds the laws of the module's layout as ordinary tests.
package mcphost_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mcphost/mcphost"

// mayImport is the whole import law within the module: for each folder, what
// its code may import of the others. "x/..." is x and everything below it; the
// longest key that matches a package is its law.
var mayImport = map[string][]string{
	"cmd/mcphost/...":               {"cmd/mcphost/...", "host", "host/contract", "internal/shell"},
	"cmd/mcphost/internal/scaffold": {".", "pluginapi/java", "pluginapi/python", "pluginapi/rust", "pluginapi/typescript"},

	"host":                    {"host/internal/..."}, // the one place that joins the stages
	"host/contract":           {"host/internal/child", "host/internal/discover", "host/internal/schema", "pluginapi", "proto/..."},
	"host/internal/transport": {"host/internal/jsonrpc"},
	"host/internal/dispatch":  {"host/internal/jsonrpc", "host/internal/rawjson"},
	"host/internal/runner":    {"host/internal/jsonrpc", "host/internal/mcp", "host/internal/rawjson"},
	"host/internal/registry":  {"host/internal/mcp", "host/internal/rawjson"},
	"host/internal/plugin":    {"host/internal/child", "host/internal/mcp", "host/internal/rawjson", "host/internal/schema", "pluginapi", "proto/..."},
	"host/internal/schema":    {"host/internal/rawjson"},
	"host/internal/seal":      {"host/internal/rawjson"},
	"host/internal/discover":  {"internal/shell"},
	"host/internal/child":     {},
	"host/internal/jsonrpc":   {"host/internal/rawjson"},
	"host/internal/mcp":       {"host/internal/rawjson"},
	"host/internal/rawjson":   {},
	"pluginapi/...":           {"pluginapi/...", "proto/..."},
	"proto/...":               {},
	"plugins/...":             {"plugins/...", "pluginapi"},
	"examples/...":            {"pluginapi"},
	"internal/testenv":        {},
	"internal/schematest":     {"internal/testenv"},
	"internal/conformance":    {"internal/testenv"},
	"internal/docs":           {"host", "internal/testenv"},
	"internal/languages":      {"host"},
	"internal/protodoc":       {},
	"internal/shell":          {},
}

// forbidden are the imports from outside the module that only some folders may
// have, and why.
var forbidden = []struct {
	prefix string
	except []string
	why    string
}{
	{"github.com/hashicorp/go-plugin", []string{"host/internal/plugin", "pluginapi/..."}, "one room knows how plugins run, so that it can be replaced"},
	{"google.golang.org/grpc", []string{"host/internal/plugin", "host/contract", "pluginapi/...", "proto/..."}, "gRPC is how plugins are spoken to, nothing else"},
	{"google.golang.org/protobuf", []string{"host/internal/plugin", "pluginapi/...", "proto/...", "internal/protodoc"}, "protobuf messages end at the plugin room's door"},
	{"github.com/spf13/cobra", []string{"cmd/mcphost/..."}, "the command line belongs to the program"},
	{"net/http", []string{"host", "host/internal/transport", "host/internal/runner", "cmd/mcphost/...", "pluginapi", "plugins/...", "internal/schematest"}, "HTTP is one transport; the runner knows its status codes alone"},
	{"testing", []string{"internal/...", "pluginapi/plugintest"}, "production code must not carry test code"},
	{"log", nil, "there is one logger, hclog"},
	{"log/slog", nil, "there is one logger, hclog"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImportsKeepTheLaw(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := lawOf(folder)
		if !known {
			t.Errorf("%s has no import law: add its folder to mayImport", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			if rest, ours := strings.CutPrefix(path, module+"/"); ours {
				if !matches(allowed, rest) {
					t.Errorf("%s imports %s, which it may not know", folder, rest)
				}
				continue
			}
			for _, f := range forbidden {
				if under(path, f.prefix) && !matches(f.except, folder) {
					t.Errorf("%s imports %s: %s", folder, path, f.why)
				}
			}
		}
	}
}

func TestTopLevelHoldsOnlyWhatReadersExpect(t *testing.T) {
	expected := []string{
		".ci", ".git", ".gitattributes", ".github", ".gitignore", ".golangci.yml", ".tmp", "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
		"bin", "buf.gen.yaml", "buf.yaml", "cmd", "docs", "examples", "go.mod", "go.sum", "host", "internal", "kit.go", "layout_test.go",
		"pluginapi", "plugins", "proto",
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(expected, e.Name()) {
			t.Errorf("%s is not expected at the top level", e.Name())
		}
	}
}

func TestEveryGoFileNamesItsLicence(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", ".tmp", "bin", "node_modules"}, d.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".pb.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err == nil && !strings.HasPrefix(string(data), "// SPDX-License-Identifier: Apache-2.0\n") {
			t.Errorf("%s does not begin with its SPDX line", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// lawOf returns what a folder may import, by its longest matching key.
func lawOf(folder string) (allowed []string, known bool) {
	best := -1
	for key, law := range mayImport {
		if matches([]string{key}, folder) && len(key) > best {
			best, allowed, known = len(key), law, true
		}
	}
	return allowed, known
}

func matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if base, all := strings.CutSuffix(p, "/..."); all {
			return under(folder, base)
		}
		return folder == p
	})
}

func under(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath != module { // the tests of this folder
			list = append(list, p)
		}
	}
}
