// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// kits are the sources of the author kits, in the order of the table's columns.
var kits = []struct{ language, folder, suffix string }{
	{"Go", "pluginapi", ".go"},
	{"Python", "pluginapi/python/mcphost_plugin", ".py"},
	{"TypeScript", "pluginapi/typescript/src", ".ts"},
	{"Rust", "pluginapi/rust/src", ".rs"},
	{"Java", "pluginapi/java/src/main/java", ".java"},
}

var backticked = regexp.MustCompile("`([^`]+)`")

func TestAbilitiesAreThoseOfTheKits(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "write-a-plugin", "abilities.md"))
	if err != nil {
		t.Fatal(err)
	}
	sources := make([]string, len(kits))
	for i, kit := range kits {
		sources[i] = sourceOf(t, filepath.Join(root, kit.folder), kit.suffix)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != len(kits)+1 || cells[0] == "ability" {
			continue
		}
		rows++
		for i, cell := range cells[1:] {
			for _, name := range backticked.FindAllStringSubmatch(cell, -1) {
				for _, word := range strings.Split(name[1], ".") {
					if !regexp.MustCompile(`\b` + word + `\b`).MatchString(sources[i]) {
						t.Errorf("%s: the kit for %s has no %s", cells[0], kits[i].language, word)
					}
				}
			}
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows", rows)
	}
}

// sourceOf is the text of all sources of a kit, without those of its tests and
// of other kits in folders of its own.
func sourceOf(t *testing.T, folder, suffix string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !strings.HasSuffix(path, suffix) || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		all.WriteString(filepath.Base(filepath.Dir(path)) + " " + strings.TrimSuffix(filepath.Base(path), suffix) + "\n")
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
