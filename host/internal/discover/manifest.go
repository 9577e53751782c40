// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ManifestFile is the name of the file that makes a folder a plugin.
const ManifestFile = "plugin.yaml"

// maxFile is the largest YAML file, in bytes, that is read.
const maxFile = 1 << 20

// A Manifest configures one plugin. It is the content of a plugin.yaml, and of
// an entry under "plugins" in mcphost.yaml. Every field may be left out, but a
// plugin.yaml must name a command.
type Manifest struct {
	// Name is the plugin's identity: the key under "plugins", or the name of
	// the file or folder.
	Name string `yaml:",key"`

	// Path is an executable, or a folder with a plugin.yaml. A relative one
	// starts at the folder of mcphost.yaml. Only there.
	Path string `yaml:"path"`
	// Enabled set to false leaves the plugin alone. Only in mcphost.yaml.
	Enabled *bool `yaml:"enabled"`
	// Headers names the HTTP request headers that the plugin may see; none by
	// default. Credentials are never among them. Only in mcphost.yaml.
	Headers []string `yaml:"headers"`

	Title       string `yaml:"title"`       // for people
	Description string `yaml:"description"` // for people

	// Command starts the plugin. With a slash it is a path, relative to the
	// folder of the file that names it; without one it is looked up in PATH.
	Command string   `yaml:"command"`
	Args    []string `yaml:"args"`
	// Dir is the working directory, relative to the folder of the file. By
	// default it is the folder of the plugin.yaml; empty if there is none.
	Dir string `yaml:"dir"`
	// Env is added to the plugin's environment, which is otherwise a short
	// allow-list. "${NAME}" is replaced from the host's environment when the
	// plugin starts; "$${" stands for a literal "${".
	Env map[string]string `yaml:"env"`
	// Settings is handed to the plugin when it has started: a JSON object, nil
	// if there are none. ${NAME} in its strings is replaced as in Env.
	Settings []byte `yaml:"settings"`

	// Provides narrows what the plugin is asked for: tools, prompts, resources,
	// completions, subscribe. Everything if empty.
	Provides []string `yaml:"provides"`
	// Prefix stands before "__" in the names of what it offers. Its own name if
	// nil; if it points to "", names are offered as they are.
	Prefix *string `yaml:"prefix"`
	Limits Limits  `yaml:"limits"`
}

// Limits bounds one plugin. A zero means the host's limit of that name, or the
// default given here.
type Limits struct {
	MaxConcurrent  int           `yaml:"max_concurrent"`  // calls at once; 64
	MaxQueued      int           `yaml:"max_queued"`      // calls that wait behind those, one more is refused; 256
	StartTimeout   time.Duration `yaml:"start_timeout"`   // until it is ready to serve; 30 s
	CallTimeout    time.Duration `yaml:"call_timeout"`    // of a call without progress; 60 s
	CallMax        time.Duration `yaml:"call_max"`        // of a call in all; 10 min
	StopGrace      time.Duration `yaml:"stop_grace"`      // to exit when asked, before it is killed; 2 s
	MaxTools       int           `yaml:"max_tools"`       // further ones are left out; 1000
	MaxPrompts     int           `yaml:"max_prompts"`     // further ones are left out; 1000
	MaxResources   int           `yaml:"max_resources"`   // further ones are left out; 10,000
	MaxTemplates   int           `yaml:"max_templates"`   // further resource templates are left out; 1000
	MaxSchema      int           `yaml:"max_schema"`      // bytes of a tool's schema; 256 KiB
	MaxDescription int           `yaml:"max_description"` // bytes of a tool's description; 16 KiB
}

// hostOnly are the keys that a plugin must not set for itself.
func hostOnly() []string { return []string{"path", "enabled", "headers"} }

// Abilities are the words that Manifest.Provides knows.
func Abilities() []string {
	return []string{"tools", "prompts", "resources", "completions", "subscribe"}
}

// ParseManifest decodes a plugin.yaml; file is its name for errors, which give
// line and column. It reads no other file and changes no path.
func ParseManifest(file string, data []byte) (Manifest, error) {
	var m Manifest
	doc, err := Parse(file, data)
	if err != nil {
		return m, err
	}
	if err := doc.Decode(&m); err != nil {
		return m, err
	}
	found := m.Check()
	for _, key := range hostOnly() {
		if doc.has(key) {
			found = append(found, problem("belongs in mcphost.yaml, not in a plugin's own file", key))
		}
	}
	if m.Command == "" {
		found = append(found, problem("is missing; name the program to start, such as ./main or python3", "command"))
	}
	return m, doc.Locate(found)
}

// Check returns what is wrong with the values of m, judged on their own.
func (m *Manifest) Check() []Problem {
	var found []Problem
	if m.Path != "" && m.Command != "" {
		found = append(found, problem("cannot stand beside path; choose one", "command"))
	}
	for _, ability := range m.Provides {
		if !slices.Contains(Abilities(), ability) {
			text := fmt.Sprintf("unknown ability %q; use %s", ability, strings.Join(Abilities(), ", "))
			found = append(found, problem(text, "provides"))
		}
	}
	if m.Prefix != nil && *m.Prefix != "" && IdentityFault(*m.Prefix) != "" {
		found = append(found, problem(IdentityFault(*m.Prefix), "prefix"))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		if fault := envFault(name, m.Env[name]); fault != "" {
			found = append(found, problem(fault, "env", name))
		}
	}
	for _, header := range m.Headers {
		if fault := headerFault(header); fault != "" {
			found = append(found, problem(fault, "headers"))
		}
	}
	found = append(found, Negatives("limits", &m.Limits)...)
	if m.Limits.CallMax != 0 && m.Limits.CallTimeout > m.Limits.CallMax {
		found = append(found, problem("is longer than call_max", "limits", "call_timeout"))
	}
	return found
}

// headerFault says why a plugin cannot be shown a header.
func headerFault(name string) string {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "mcp-session-id":
		return fmt.Sprintf("%s is a credential of the client and is never handed on", name)
	}
	if !regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$").MatchString(name) {
		return fmt.Sprintf("%q is not the name of a header", name)
	}
	return ""
}

func envFault(name, value string) string {
	if name == "" || strings.ContainsAny(name, "=\x00") {
		return "is not the name of an environment variable"
	}
	_, err := Expand(value, func(string) (string, bool) { return "", true })
	if err != nil {
		return err.Error()
	}
	return ""
}

// Environ returns Env as sorted "NAME=value" lines, with each ${NAME} replaced
// by what lookup knows; os.LookupEnv fits. An unset name is an error.
func (m *Manifest) Environ(lookup func(string) (string, bool)) ([]string, error) {
	lines := make([]string, 0, len(m.Env))
	for _, name := range slices.Sorted(maps.Keys(m.Env)) {
		value, err := Expand(m.Env[name], lookup)
		if err != nil {
			return nil, fmt.Errorf("env %s: %w", name, err)
		}
		lines = append(lines, name+"="+value)
	}
	return lines, nil
}

// Expand replaces each ${NAME} by what lookup knows; os.LookupEnv fits. "$${" is
// a literal "${", and an unset name an error.
func Expand(value string, lookup func(string) (string, bool)) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(value, "${")
		if !ok {
			return b.String() + value, nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			value = rest
			continue
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok || name == "" {
			return "", errors.New(`"${" without a name and "}"; write "$${" for a literal "${"`)
		}
		known, ok := lookup(name)
		if !ok {
			return "", fmt.Errorf("the host's environment has no %s; set it before the host starts", name)
		}
		b.WriteString(before + known)
		value = after
	}
}

func (m *Manifest) disabled() bool { return m.Enabled != nil && !*m.Enabled }

// refersToDirectory reports whether m stands for a plugin of a directory.
func (m *Manifest) refersToDirectory() bool { return m.Path == "" && m.Command == "" }

// readManifest reads the plugin.yaml of a folder and makes its paths absolute.
func readManifest(folder string) (Manifest, error) {
	data, err := ReadFile(filepath.Join(folder, ManifestFile))
	if err != nil {
		return Manifest{}, fmt.Errorf("%s cannot be read: %w", ManifestFile, withoutPath(err))
	}
	m, err := ParseManifest(ManifestFile, data)
	if err != nil {
		return m, err
	}
	m.Command, err = resolveCommand(folder, m.Command)
	m.Dir = Resolve(folder, m.Dir)
	return m, err
}

// ReadFile reads a YAML file whole and refuses one of more than 1 MiB.
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: more than %d bytes", path, maxFile)
	}
	return data, err
}

// Resolve returns path as it is meant in a file of folder: a relative path
// starts there, "~/" is the home directory, and "" is the folder itself.
func Resolve(folder, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, path)
}
