// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestManifestErrorsNameThePlace(t *testing.T) {
	for name, test := range map[string]struct{ yaml, want string }{
		"unknown key":      {"command: x\nargz: [a]\n", `p.yaml:2:1: unknown key "argz"; did you mean "args"?`},
		"nested unknown":   {"command: x\nlimits:\n  max_tool: 1\n", `p.yaml:3:3: limits: unknown key "max_tool"; did you mean "max_tools"?`},
		"far from any":     {"command: x\nzzzzzzzz: 1\n", `p.yaml:2:1: unknown key "zzzzzzzz"`},
		"duplicate key":    {"command: x\ncommand: y\n", `p.yaml:2:1: mapping key "command" already defined`},
		"syntax":           {"command: 'x\n", "p.yaml:1:10: "},
		"not a mapping":    {"- command\n", "p.yaml:1:1: must be a mapping"},
		"second document":  {"command: x\n---\ncommand: y\n", "p.yaml:3:"},
		"list expected":    {"command: x\nargs: a\n", "p.yaml:2:7: args: must be a list"},
		"text expected":    {"command: [x]\n", "command: must be text"},
		"item":             {"command: x\nargs:\n  - a\n  - {b: c}\n", "args[1]: must be text"},
		"number expected":  {"command: x\nlimits: {max_tools: 1.5}\n", "limits.max_tools: must be a whole number"},
		"time needs unit":  {"command: x\nlimits: {start_timeout: 5}\n", "limits.start_timeout: must be a time with its unit"},
		"negative":         {"command: x\nlimits: {start_timeout: -5s}\n", "p.yaml:2:10: limits.start_timeout: -5s is less than nothing"},
		"timeouts":         {"command: x\nlimits: {call_timeout: 5m, call_max: 1m}\n", "longer than call_max"},
		"alias":            {"command: &a x\ndescription: *a\n", "anchors, aliases and tags"},
		"merge key":        {"command: x\nenv: {<<: {a: b}}\n", "env"},
		"settings":         {"command: x\nsettings: [1]\n", "settings: must be a mapping"},
		"settings nan":     {"command: x\nsettings: {a: .nan}\n", "settings.a: nan has no JSON form"},
		"settings alias":   {"command: x\nsettings: {a: &x 1, b: *x}\n", "settings.b: alias has no JSON form"},
		"no command":       {"title: T\n", "command: is missing"},
		"empty":            {"", "command: is missing"},
		"ability":          {"command: x\nprovides: [tool]\n", `p.yaml:2:1: provides: unknown ability "tool"; use tools,`},
		"prefix":           {"command: x\nprefix: a__b\n", "prefix: "},
		"env name":         {"command: x\nenv: {'A=B': c}\n", "env.A=B: is not the name"},
		"env reference":    {"command: x\nenv:\n  A: ${B\n", `p.yaml:3:3: env.A: "${" without`},
		"headers":          {"command: x\nheaders: [X-A]\n", "headers: belongs in mcphost.yaml"},
		"path":             {"path: x\n", "path: belongs in mcphost.yaml"},
		"tab":              {"command: x\nlimits:\n\tmax_tools: 1\n", "p.yaml:3:1: a tab; indent with spaces"},
		"tab at the start": {"\tcommand: x\n", "p.yaml:1:1: a tab; indent with spaces"},
		"tab after spaces": {"command: x\nargs:\n  - a\n \t- b\n", "p.yaml:4:2: a tab; indent with spaces"},
		"after a mark":     {"\ufeffargz: []\n", `p.yaml:1:1: unknown key "argz"; did you mean "args"?`},
		"key of its field": {"command: x\n\",key\": y\n", "unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseManifest("p.yaml", []byte(test.yaml))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
		})
	}
}

func TestAllErrorsComeTogether(t *testing.T) {
	_, err := ParseManifest("p.yaml", []byte("a: 1\nb: 2\nargs: 3\n"))
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("got %v, want three lines", err)
	}
}

func TestManifestIsDecoded(t *testing.T) {
	m, err := ParseManifest("p.yaml", []byte(`
# a comment
title: A title
description: |
  Two
  lines
command: python3
args: [main.py, 1.0, 0x10, yes, true]
dir: work
env:
  PORT: 8080
  TOKEN: ${TOKEN}
settings:
  list: [1, 2.50, 12345678901234567890123, 0x1f, null, "x\"y"]
  nested: {deep: {er: true}}
provides: [tools]
prefix: ""
limits:
  max_concurrent: 3
  start_timeout: 1m30s
  call_max:
`))
	if err != nil {
		t.Fatal(err)
	}
	if m.Description != "Two\nlines\n" || strings.Join(m.Args, " ") != "main.py 1.0 0x10 yes true" || m.Env["PORT"] != "8080" {
		t.Errorf("text: %+v", m)
	}
	if m.Prefix == nil || *m.Prefix != "" || m.Limits.MaxConcurrent != 3 || m.Limits.StartTimeout != 90*time.Second || m.Limits.CallMax != 0 {
		t.Errorf("values: %+v", m)
	}
	want := `{"list":[1,2.50,12345678901234567890123,31,null,"x\"y"],"nested":{"deep":{"er":true}}}`
	if string(m.Settings) != want {
		t.Errorf("settings\n got %s\nwant %s", m.Settings, want)
	}
}

func TestByteOrderMarkIsNoPartOfTheText(t *testing.T) {
	m, err := ParseManifest("p.yaml", []byte("\ufeffcommand: x\n"))
	if err != nil || m.Command != "x" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestTabWithinALineIsNoMistake(t *testing.T) {
	m, err := ParseManifest("p.yaml", []byte("command:\tx\ntitle: \"a\tb\" # \t\n"))
	if err != nil || m.Command != "x" || m.Title != "a\tb" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestEnvironIsExpandedFromTheHost(t *testing.T) {
	host := map[string]string{"TOKEN": "s${X}", "X": "y"}
	lookup := func(name string) (string, bool) { v, ok := host[name]; return v, ok }
	m := Manifest{Env: map[string]string{"B": "a ${TOKEN}-${X}", "A": "$${X} $X }", "C": ""}}
	got, err := m.Environ(lookup)
	if want := "A=${X} $X }|B=a s${X}-y|C="; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	m.Env["D"] = "${ABSENT}"
	if _, err := m.Environ(lookup); err == nil || !strings.Contains(err.Error(), "env D: the host's environment has no ABSENT") {
		t.Errorf("got %v", err)
	}
}

func TestCredentialsAreNoHeadersForAPlugin(t *testing.T) {
	for _, header := range []string{"Authorization", "COOKIE", "proxy-authorization", "Mcp-Session-Id", "a b", ""} {
		m := Manifest{Headers: []string{header}}
		if len(m.Check()) == 0 {
			t.Errorf("%q passed", header)
		}
	}
	m := Manifest{Headers: []string{"X-Tenant", "User-Agent"}}
	if found := m.Check(); len(found) != 0 {
		t.Errorf("refused: %v", found)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add("command: x\nargs: [a]\nsettings: {a: [1, {b: null}]}\nenv: {A: '${B}'}\n")
	f.Add("a: &x [*x]\n<<: *x\n")
	f.Add("? [a]\n: b\n---\n!!map {}")
	f.Add("settings:\n  a: |\n    x\n  b: >-\n    y\n  1: 2\n")
	f.Fuzz(func(t *testing.T, data string) {
		m, err := ParseManifest("plugin.yaml", []byte(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "plugin.yaml") {
				t.Errorf("error without its file: %v", err)
			}
			return
		}
		if m.Settings != nil && !json.Valid(m.Settings) {
			t.Errorf("settings are no JSON: %q", m.Settings)
		}
		if len(m.Settings) > 0 && m.Settings[0] != '{' {
			t.Errorf("settings are no object: %q", m.Settings)
		}
	})
}
