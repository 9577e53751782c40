// SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/mcphost/mcphost/host/internal/discover"
)

// fullConfig sets every key that there is.
const fullConfig = `
name: mine
title: My server
version: 1.2
instructions: |
  Use it well.
plugin_dirs: [plugins, /opt/plugins]
plugins:
  zeta:
    path: ./zeta
    enabled: true
    headers: [X-Tenant]
    title: Zeta
    description: The last one
    args: [-p, 8080]
    dir: work
    env: {TOKEN: "${TOKEN}"}
    settings: {roots: [/srv], deep: {n: 1}}
    provides: [tools, subscribe]
    prefix: z
    limits: {max_concurrent: 1, max_queued: 2, start_timeout: 1s, call_timeout: 2s, call_max: 3s, stop_grace: 4s, max_tools: 5, max_prompts: 8, max_resources: 9, max_templates: 10, max_schema: 6, max_description: 7}
  alpha:
    command: ./bin/alpha
  beta:
data_dir: data
strict: true
wait: all
log_level: debug
log_format: json
extensions: {com.example/x: {}}
state_keys: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
http:
  addr: 127.0.0.1:8080
  path: /mcp
  allowed_hosts: [a.example]
  allowed_origins: ["https://a.example"]
  allow_non_loopback: true
  sse: false
  max_body: 1
  body_timeout: 1s
  write_timeout: 1s
  keep_alive: 1s
  max_requests: 1
  max_streams: 1
  max_sessions: 1
  session_idle: 1h
limits: {list_wait: 1s, list_wait_empty: 2s, list_timeout: 1s, start_timeout: 1s, call_timeout: 1s, call_max: 1m, question_timeout: 1m, state_ttl: 1h,
  stop_grace: 1s, drain_timeout: 1s, stop_timeout: 1s,
  max_in_flight: 1, max_message: 1, max_starting: 1, max_concurrent: 1, max_queued: 1, max_tools: 1, max_prompts: 1, max_resources: 1, max_templates: 1, max_schema: 1, max_description: 1}
`

func writeConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mcphost.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigIsDecodedInTheOrderOfTheFile(t *testing.T) {
	path := writeConfig(t, fullConfig)
	cfg, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(path)
	var names []string
	for _, p := range cfg.Plugins {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"zeta", "alpha", "beta"}) {
		t.Errorf("plugins are %q", names)
	}
	zeta, alpha := cfg.Plugins[0], cfg.Plugins[1]
	if zeta.Path != filepath.Join(folder, "zeta") || zeta.Dir != filepath.Join(folder, "work") || alpha.Command != filepath.Join(folder, "bin", "alpha") {
		t.Errorf("paths are not those of the file's folder: %+v", cfg.Plugins)
	}
	if !slices.Equal(cfg.PluginDirs, []string{filepath.Join(folder, "plugins"), "/opt/plugins"}) {
		t.Errorf("plugin_dirs %q", cfg.PluginDirs)
	}
	if string(zeta.Settings) != `{"roots":["/srv"],"deep":{"n":1}}` || cfg.Limits.CallMax != time.Minute || cfg.Version != "1.2" {
		t.Errorf("values: %+v", cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Errorf("valid configuration refused: %v", err)
	}
}

// A key that is added to the struct and forgotten here leaves its schema and
// its decoding untested.
func TestFullConfigSetsEveryField(t *testing.T) {
	cfg, err := LoadConfig(writeConfig(t, fullConfig))
	if err != nil {
		t.Fatal(err)
	}
	var unset func(v reflect.Value, path string)
	unset = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			field, name := v.Field(i), path+v.Type().Field(i).Name
			if v.Type().Field(i).Tag.Get("yaml") == "" {
				continue // not of the file
			}
			if field.Kind() == reflect.Struct {
				unset(field, name+".")
			} else if field.IsZero() {
				t.Errorf("%s is not set", name)
			}
		}
	}
	unset(reflect.ValueOf(cfg), "")
	cfg.Plugins[0].Command = "one of two" // excludes path
	unset(reflect.ValueOf(cfg.Plugins[0]), "plugins.")
}

func TestConfigErrorsNameThePlace(t *testing.T) {
	for name, test := range map[string]struct{ yaml, want string }{
		"unknown key":     {"plugin_dir: [x]\n", `mcphost.yaml:1:1: unknown key "plugin_dir"; did you mean "plugin_dirs"?`},
		"in a plugin":     {"plugins:\n  a:\n    comand: x\n", `mcphost.yaml:3:5: plugins.a: unknown key "comand"; did you mean "command"?`},
		"duplicate":       {"plugins:\n  a:\n    path: x\n  a:\n    path: y\n", `mcphost.yaml:4:3: mapping key "a" already defined`},
		"bad identity":    {"plugins:\n  a b:\n    path: x\n", `mcphost.yaml:2:3: plugins.a b: "a b" holds ' '`},
		"two underscores": {"plugins: {a__b: {path: x}}\n", "two underscores"},
		"path or command": {"plugins:\n  a:\n    path: x\n    command: y\n", "mcphost.yaml:4:5: plugins.a.command: cannot stand beside path"},
		"credential":      {"plugins:\n  a:\n    headers: [authorization]\n", "mcphost.yaml:3:5: plugins.a.headers: authorization is a credential"},
		"wait":            {"wait: forever\n", `mcphost.yaml:1:1: wait: "forever" is not one of all, budget, none`},
		"log level":       {"log_level: loud\n", "mcphost.yaml:1:1: log_level: "},
		"address":         {"http:\n  addr: 8080\n", `mcphost.yaml:2:3: http.addr: "8080" is not host:port`},
		"port":            {"http:\n  addr: 127.0.0.1:99999\n", `mcphost.yaml:2:3: http.addr: "127.0.0.1:99999" has the port "99999"; a port is a number from 0 to 65535`},
		"named port":      {"http: {addr: 'localhost:http'}\n", `has the port "http"`},
		"tab":             {"http:\n\taddr: 127.0.0.1:1\n", "mcphost.yaml:2:1: a tab; indent with spaces"},
		"endpoint":        {"http: {path: mcp}\n", "http.path: "},
		"query":           {"http: {path: '/a?b'}\n", `http.path: "/a?b" is no plain path`},
		"dots":            {"http: {path: /a/../b}\n", "is no plain path"},
		"slashes":         {"http: {path: //a}\n", "is no plain path"},
		"two transports":  {"http:\n  path: /sse\n", "mcphost.yaml:2:3: http.path: \"/sse\" is where the transport of 2024-11-05 is served"},
		"host":            {"http: {allowed_hosts: ['https://x']}\n", `http.allowed_hosts: "https://x" is no name of a host`},
		"any origin":      {"http: {allowed_origins: ['*']}\n", `http.allowed_origins: "*" is no origin`},
		"origin's path":   {"http: {allowed_origins: ['https://x.example/']}\n", "is no origin, such as https://app.example"},
		"no directory":    {"plugin_dirs: [a, '']\n", "mcphost.yaml:1:1: plugin_dirs: one is empty"},
		"extension":       {"extensions:\n  com.example/x: {}\n  foo: {}\n", "mcphost.yaml:3:3: extensions.foo: is no identifier with a prefix"},
		"deep":            {"plugins: {a: {settings: {b: " + strings.Repeat("[", 20_000) + "}}}\n", "more than 100 values inside of each other"},
		"negative":        {"limits:\n  call_timeout: -1s\n", "mcphost.yaml:2:3: limits.call_timeout: -1s is less than nothing"},
		"timeouts":        {"limits: {call_timeout: 2m, call_max: 1m}\n", "limits.call_timeout: is longer than call_max"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadConfig(writeConfig(t, test.yaml))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
		})
	}
}

func TestMissingOrHugeConfigIsAnError(t *testing.T) {
	if _, err := LoadConfig(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a missing file passed")
	}
	if _, err := LoadConfig(writeConfig(t, strings.Repeat("# filler\n", 1<<17))); err == nil {
		t.Error("a file of more than 1 MiB passed")
	}
}

func TestEmptyConfigIsTheZeroValue(t *testing.T) {
	for _, content := range []string{"", "\ufeff", "# nothing\n", "---\n", "http:\nplugins:\n"} {
		cfg, err := LoadConfig(writeConfig(t, content))
		if err != nil || !reflect.DeepEqual(cfg, Config{}) {
			t.Errorf("%q gives %+v, %v", content, cfg, err)
		}
	}
}

func TestOnlyLoopbackIsServedUnlessAllowed(t *testing.T) {
	for addr, ok := range map[string]bool{
		"": true, "127.0.0.1:0": true, "localhost:80": true, "[::1]:80": true, "127.8.8.8:1": true,
		":8080": false, "0.0.0.0:80": false, "[::]:80": false, "192.168.1.2:80": false, "myhost:80": false,
	} {
		cfg := Config{HTTP: HTTPConfig{Addr: addr}}
		err := cfg.Validate()
		if (err == nil) != ok {
			t.Errorf("%q: %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "--allow-non-loopback") {
			t.Errorf("%q: %v does not say how to allow it", addr, err)
		}
		cfg.HTTP.AllowNonLoopback = true
		if err := cfg.Validate(); err != nil {
			t.Errorf("%q is allowed, yet: %v", addr, err)
		}
	}
}

func TestOrdinaryHTTPSettingsAreTaken(t *testing.T) {
	off := false
	for _, h := range []HTTPConfig{
		{Path: "/"}, {Path: "/mcp/"}, {Path: "/v1/mcp"}, {Path: "/.well-known/mcp"}, {Path: "/sse", SSE: &off},
		{AllowedHosts: []string{"app.example", "app.example:8080", "[::1]:80", "10.0.0.1"}},
		{AllowedOrigins: []string{"https://app.example", "http://localhost:3000", "null", "vscode-webview://abc", "HTTPS://App.Example"}},
	} {
		cfg := Config{HTTP: h}
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

func TestPluginOfOneNameIsConfiguredOnce(t *testing.T) {
	cfg := Config{Plugins: []PluginConfig{{Name: "a", Path: "x"}, {Name: "a", Path: "y"}}}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "plugins.a: is configured twice") {
		t.Errorf("got %v", err)
	}
}

func TestSchemasMatchTheStructs(t *testing.T) {
	config, plugin := schema(t, ConfigSchema), schema(t, PluginSchema)
	sameKeys(t, "mcphost.yaml", config, reflect.TypeFor[Config](), nil)
	sameKeys(t, "plugins", config.Properties["plugins"].AdditionalProperties, reflect.TypeFor[PluginConfig](), nil)
	sameKeys(t, "plugin.yaml", plugin, reflect.TypeFor[PluginConfig](), []string{"path", "enabled", "headers"})
}

func schema(t *testing.T, read func() ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	data, err := read()
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// sameKeys compares the properties of a schema with the keys of a struct.
func sameKeys(t *testing.T, path string, s *jsonschema.Schema, typ reflect.Type, except []string) {
	t.Helper()
	var keys []string
	for i := range typ.NumField() {
		key, field := typ.Field(i).Tag.Get("yaml"), typ.Field(i).Type
		if key == "" || strings.HasPrefix(key, ",") || slices.Contains(except, key) {
			continue
		}
		keys = append(keys, key)
		property := s.Properties[key]
		if property == nil {
			continue // reported below
		}
		if property.Description == "" {
			t.Errorf("%s.%s has no description", path, key)
		}
		if field.Kind() == reflect.Struct {
			sameKeys(t, path+"."+key, property, field, nil)
		}
	}
	slices.Sort(keys)
	if properties := slices.Sorted(maps.Keys(s.Properties)); !slices.Equal(keys, properties) {
		t.Errorf("%s: struct has %q, schema has %q", path, keys, properties)
	}
}

// The schema and the decoder must agree on what is a good file, or editors lead
// people astray.
func TestSchemasJudgeAsTheDecoderDoes(t *testing.T) {
	resolved, err := schema(t, ConfigSchema).Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	good := []string{fullConfig, "plugins: {a: {prefix: ''}}", "plugins: {a_b-C: {command: x, env: {A: 1, B: true}}}", "limits: {call_max: 1h30m}"}
	bad := []string{"nope: 1", "plugins: {a__b: {}}", "plugins: {_a: {}}", "wait: sometimes", "limits: {call_max: 5}", "limits: {max_tools: -1}",
		"plugins: {a: {path: x, command: y}}", "plugins: {a: {provides: [tool]}}", "http: {path: x}", "http: {addr: '8080'}", "http: {addr: '[::1]:http'}", "limits: {drain_timeout: 2}", "plugins: {a: {settings: [1]}}"}
	for _, content := range slices.Concat(good, bad) {
		var value any
		if err := yaml.Unmarshal([]byte(content), &value); err != nil {
			t.Fatal(err)
		}
		bySchema := resolved.Validate(asJSON(t, value))
		_, byDecoder := parseConfig("c.yaml", []byte(content))
		want := slices.Contains(good, content)
		if (bySchema == nil) != want || (byDecoder == nil) != want {
			t.Errorf("%s\nschema: %v\ndecoder: %v", content, bySchema, byDecoder)
		}
	}
}

// What the repository shows people must be right by both.
func TestExamplesAreValid(t *testing.T) {
	config, plugin := schema(t, ConfigSchema), schema(t, PluginSchema)
	seen := 0
	for pattern, kind := range map[string]*jsonschema.Schema{
		"../examples/*.yaml": config, "../examples/*/mcphost.yaml": config, "../examples/*/plugin.yaml": plugin, "../plugins/*/plugin.yaml": plugin,
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			seen++
			t.Run(file, func(t *testing.T) { checkExample(t, file, kind, kind == plugin) })
		}
	}
	if seen == 0 {
		t.Error("found no example")
	}
}

func checkExample(t *testing.T, file string, by *jsonschema.Schema, isPlugin bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if isPlugin {
		_, err = discover.ParseManifest(file, data)
	} else {
		_, err = parseConfig(file, data)
	}
	if err != nil {
		t.Error(err)
	}
	resolved, err := by.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(asJSON(t, value)); err != nil {
		t.Errorf("schema: %v", err)
	}
}

func asJSON(t *testing.T, value any) any {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzParseConfig(f *testing.F) {
	f.Add(fullConfig)
	f.Add("plugins:\n  a: {path: x}\n  a: {path: y}\n")
	f.Add("plugins: [a]\nhttp: 5\nlimits: {list_wait: 1}\n")
	f.Fuzz(func(t *testing.T, content string) {
		cfg, err := parseConfig("mcphost.yaml", []byte(content))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "mcphost.yaml") {
				t.Errorf("error without its file: %v", err)
			}
			return
		}
		cfg.HTTP.AllowNonLoopback = true
		if err := cfg.Validate(); err != nil {
			t.Errorf("parsed without error, yet %v", err)
		}
	})
}
