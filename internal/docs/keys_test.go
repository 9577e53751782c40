// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
)

var update = flag.Bool("update", false, "write the table of keys into docs/configuration.md")

// The marks between which the page has its table.
const (
	keysBegin = "<!-- keys: go test ./internal/docs -run Keys -update -->\n"
	keysEnd   = "<!-- end of keys -->"
)

// A schema is the part of a JSON Schema that the table shows.
type schema struct {
	Description string
	Type        any
	Default     any
	Properties  ordered
	Additional  json.RawMessage `json:"additionalProperties"`
}

// ordered keeps the members of an object as they come.
type ordered []member

type member struct {
	name  string
	value schema
}

func (o *ordered) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		m := member{name: fmt.Sprint(name)}
		if err := dec.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

func TestKeysOfTheConfigurationAreAllTold(t *testing.T) {
	data, err := host.ConfigSchema()
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	table := "\n| key | default | |\n|---|---|---|\n" + strings.Join(rows("", &s), "") + "\n"
	path := filepath.Join(root, "docs", "configuration.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(page), keysBegin)
	old, after, ended := strings.Cut(rest, keysEnd)
	if !begun || !ended {
		t.Fatal("docs/configuration.md has no marks")
	}
	if old == table {
		return
	}
	if !*update {
		t.Fatal("docs/configuration.md is stale: run go test ./internal/docs -run Keys -update")
	}
	if err := os.WriteFile(path, []byte(before+keysBegin+table+keysEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rows are the lines of an object's members, and of theirs.
func rows(path string, s *schema) []string {
	var lines []string
	for i := range s.Properties {
		name, child := path+s.Properties[i].name, &s.Properties[i].value
		lines = append(lines, fmt.Sprintf("| `%s` | %s | %s |\n", name, defaultOf(child), strings.ReplaceAll(child.Description, "|", `\|`)))
		lines = append(lines, rows(name+".", child)...)
		var each schema
		if json.Unmarshal(child.Additional, &each) == nil && len(each.Properties) > 0 {
			lines = append(lines, rows(name+".NAME.", &each)...)
		}
	}
	return slices.Clip(lines)
}

func defaultOf(s *schema) string {
	if s.Default == nil {
		return ""
	}
	if f, ok := s.Default.(float64); ok {
		return fmt.Sprintf("`%.0f`", f)
	}
	return fmt.Sprintf("`%v`", s.Default)
}
