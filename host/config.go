// SPDX-License-Identifier: Apache-2.0

package host

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mcphost/mcphost/host/internal/discover"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// Config is what a host serves, and how. It is the content of mcphost.yaml. The
// zero value is a host without plugins; every field may be left out.
type Config struct {
	Name  string `yaml:"name"`  // of the server, as clients see it; "mcphost"
	Title string `yaml:"title"` // of the server, for people
	// Version of the server, as clients see it; that of the program.
	Version string `yaml:"version"`
	// Instructions tell a model how to use this server. They come from here
	// alone, since answering a handshake starts no plugin.
	Instructions string `yaml:"instructions"`

	// PluginDirs are searched for plugins, in this order. In mcphost.yaml a
	// relative path starts at the folder of the file.
	PluginDirs []string `yaml:"plugin_dirs"`
	// Plugins configures plugins by name: those of PluginDirs, and others. They
	// come before the rest, in the order of the file.
	Plugins []PluginConfig `yaml:"plugins"`

	// DataDir is where each plugin gets a directory of its own, by its name, for
	// data that outlives it. In mcphost.yaml a relative path starts at the folder
	// of the file. Empty: plugins get none.
	DataDir string `yaml:"data_dir"`

	// Strict makes a list fail when any plugin has failed. By default a list
	// holds what the others offer.
	Strict bool `yaml:"strict"`
	// Wait says how long a list waits for plugins that are starting: "budget"
	// (the default: Limits.ListWait), "all" or "none".
	Wait string `yaml:"wait"`

	LogLevel  string `yaml:"log_level"`  // trace, debug, info, warn, error or off; "info"
	LogFormat string `yaml:"log_format"` // text or json; "text"

	// Extensions are offered to clients: the settings of each by identifier, as
	// a JSON object. None by default.
	Extensions []byte `yaml:"extensions"`
	// StateKeys protect what a client carries between the rounds of a call that
	// asks questions: 32 random bytes each, in base64. The first one seals, all
	// of them open. ${NAME} is replaced from the environment. Hosts that share
	// them can take over from each other. A random key of this process if empty.
	StateKeys []string `yaml:"state_keys"`

	HTTP   HTTPConfig `yaml:"http"`
	Limits Limits     `yaml:"limits"`

	// Reattach names plugins that run already, under a debugger, and where: the
	// host connects to them instead of starting them, neither ends them nor judges
	// their health, and gives their calls all the time they take. A name that is no
	// plugin of the configuration becomes one. It is no key of mcphost.yaml, since
	// it is about processes of the moment; see ParseReattach.
	Reattach map[string]ReattachConfig
}

// PluginConfig configures one plugin: an entry under "plugins" in mcphost.yaml,
// or the content of a plugin.yaml.
type PluginConfig = discover.Manifest

// PluginLimits bounds one plugin.
type PluginLimits = discover.Limits

// HTTPConfig says how the host is reached over HTTP.
type HTTPConfig struct {
	// Addr is the "host:port" to listen on. Empty means standard input and
	// output instead.
	Addr string `yaml:"addr"`
	Path string `yaml:"path"` // of the endpoint; "/mcp"
	// AllowedHosts are names that requests may use in their Host header:
	// "name" with any port, or "name:port". On a loopback address its own names
	// always work; on another one every name does if the list is empty.
	AllowedHosts []string `yaml:"allowed_hosts"`
	// AllowedOrigins are the web pages, such as "https://app.example", that may
	// send requests besides those of an allowed host.
	AllowedOrigins []string `yaml:"allowed_origins"`
	// AllowNonLoopback permits an Addr that other machines can reach. The host
	// asks nobody who they are: put something in front of it that does.
	AllowNonLoopback bool `yaml:"allow_non_loopback"`

	// SSE set to false switches the transport of 2024-11-05 at /sse off.
	SSE *bool `yaml:"sse"`

	MaxBody      int64         `yaml:"max_body"`      // bytes of a request; 64 MiB
	BodyTimeout  time.Duration `yaml:"body_timeout"`  // to read a request; 60 s
	WriteTimeout time.Duration `yaml:"write_timeout"` // of one write to a client; 30 s
	KeepAlive    time.Duration `yaml:"keep_alive"`    // between comments on a silent stream; 15 s
	MaxRequests  int           `yaml:"max_requests"`  // open at once, event streams included; 4096
	MaxStreams   int           `yaml:"max_streams"`   // event streams open at once; 1024
	MaxSessions  int           `yaml:"max_sessions"`  // of clients before 2026-07-28; 1024
	SessionIdle  time.Duration `yaml:"session_idle"`  // until an unused session ends; 1 h
}

// Limits bounds the host. A zero means the default given here. Those that a
// plugin has too are for plugins that set none.
type Limits struct {
	ListWait      time.Duration `yaml:"list_wait"`       // a list waits for plugins that are starting; 3 s
	ListWaitEmpty time.Duration `yaml:"list_wait_empty"` // the same while no plugin is ready at all; 4.5 s
	ListTimeout   time.Duration `yaml:"list_timeout"`    // for one plugin to list, or to take subscriptions; 5 s
	StartTimeout  time.Duration `yaml:"start_timeout"`   // for a plugin to get ready to serve; 30 s
	CallTimeout   time.Duration `yaml:"call_timeout"`    // of a call without progress; 60 s
	CallMax       time.Duration `yaml:"call_max"`        // of a call in all; 10 min
	// For a client before 2026-07-28 to answer a question; 10 min.
	QuestionTimeout time.Duration `yaml:"question_timeout"`
	// Until what a client of 2026-07-28 carries between questions expires; 1 h.
	StateTTL time.Duration `yaml:"state_ttl"`

	StopGrace    time.Duration `yaml:"stop_grace"`    // for a plugin to exit when asked; 2 s
	DrainTimeout time.Duration `yaml:"drain_timeout"` // from the signal until what is in flight is cancelled; 2 s
	StopTimeout  time.Duration `yaml:"stop_timeout"`  // from the signal until everything is killed; 10 s

	MaxInFlight    int `yaml:"max_in_flight"`   // requests of one connection; 256
	MaxMessage     int `yaml:"max_message"`     // bytes of a message on standard input; 64 MiB
	MaxStarting    int `yaml:"max_starting"`    // plugins that start at once; twice the processors
	MaxConcurrent  int `yaml:"max_concurrent"`  // calls of one plugin, without those that are cancelled or timed out; 64
	MaxQueued      int `yaml:"max_queued"`      // calls that wait for one plugin; 256
	MaxTools       int `yaml:"max_tools"`       // of one plugin; 1000
	MaxPrompts     int `yaml:"max_prompts"`     // of one plugin; 1000
	MaxResources   int `yaml:"max_resources"`   // of one plugin; 10,000
	MaxTemplates   int `yaml:"max_templates"`   // resource templates of one plugin; 1000
	MaxSchema      int `yaml:"max_schema"`      // bytes of a tool's schema; 256 KiB
	MaxDescription int `yaml:"max_description"` // bytes of a tool's description; 16 KiB
}

// LoadConfig reads mcphost.yaml at path. It makes relative paths in it absolute
// and checks every value on its own; errors name file, line and column. The
// environment is not read: ${NAME} in a plugin's env is replaced when it starts.
func LoadConfig(path string) (Config, error) {
	data, err := discover.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	cfg, err := parseConfig(path, data)
	if err != nil {
		return Config{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	cfg.resolve(folder)
	return cfg, nil
}

func parseConfig(file string, data []byte) (Config, error) {
	var cfg Config
	doc, err := discover.Parse(file, data)
	if err != nil {
		return cfg, err
	}
	if err := doc.Decode(&cfg); err != nil {
		return cfg, err
	}
	return cfg, doc.Locate(cfg.problems())
}

// resolve makes the paths of a file in folder absolute.
func (c *Config) resolve(folder string) {
	for i, dir := range c.PluginDirs {
		c.PluginDirs[i] = discover.Resolve(folder, dir)
	}
	if c.DataDir != "" {
		c.DataDir = discover.Resolve(folder, c.DataDir)
	}
	for i := range c.Plugins {
		p := &c.Plugins[i]
		for _, path := range []*string{&p.Path, &p.Dir} {
			if *path != "" {
				*path = discover.Resolve(folder, *path)
			}
		}
		if strings.ContainsRune(p.Command, '/') {
			p.Command = discover.Resolve(folder, p.Command)
		}
	}
}

// Validate reports everything that is wrong with c, without looking at the
// machine. New calls it.
func (c *Config) Validate() error {
	var errs []error
	for _, problem := range c.problems() {
		errs = append(errs, problem)
	}
	return errors.Join(append(errs, c.HTTP.checkReach())...)
}

// CheckPluginDirs reports which plugin directories cannot be used, and what to
// do about it. It opens no plugin.
func (c *Config) CheckPluginDirs() error {
	var errs []error
	for _, dir := range c.PluginDirs {
		errs = append(errs, discover.CheckDir(dir))
	}
	return errors.Join(errs...)
}

// problems judges each value on its own, so that flags may still change others.
func (c *Config) problems() []discover.Problem {
	found := slices.Concat(
		oneOf("wait", c.Wait, "all", "budget", "none"),
		oneOf("log_level", c.LogLevel, "trace", "debug", "info", "warn", "error", "off"),
		oneOf("log_format", c.LogFormat, "text", "json"),
		extensionProblems(c.Extensions),
		c.HTTP.problems(),
		c.Limits.problems(),
		reattachProblems(c.Reattach),
	)
	for _, dir := range c.PluginDirs {
		if dir == "" { // which would be the folder of the file
			found = append(found, discover.Problem{Path: []string{"plugin_dirs"}, Text: "one is empty; name a directory, such as ./plugins"})
		}
	}
	seen := make(map[string]bool, len(c.Plugins))
	for i := range c.Plugins {
		p := &c.Plugins[i]
		at := []string{"plugins", p.Name}
		if reason := discover.IdentityFault(p.Name); reason != "" {
			found = append(found, discover.Problem{Path: at, Text: reason})
		}
		if seen[p.Name] {
			found = append(found, discover.Problem{Path: at, Text: "is configured twice"})
		}
		seen[p.Name] = true
		for _, problem := range p.Check() {
			found = append(found, discover.Problem{Path: slices.Concat(at, problem.Path), Text: problem.Text})
		}
	}
	return found
}

func (l *Limits) problems() []discover.Problem {
	found := discover.Negatives("limits", l)
	if l.CallMax != 0 && l.CallTimeout > l.CallMax {
		found = append(found, discover.Problem{Path: []string{"limits", "call_timeout"}, Text: "is longer than call_max"})
	}
	return found
}

// extensionProblems refuses identifiers without the prefix that says whose they
// are (2026-07-28, "Extension Negotiation").
func extensionProblems(extensions []byte) []discover.Problem {
	if extensions == nil {
		return nil
	}
	label := `[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?`
	identifier := regexp.MustCompile(`^` + label + `(\.` + label + `)*/[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$`)
	var found []discover.Problem
	rawjson.Members(extensions, func(key, _ []byte) bool {
		if !identifier.Match(key) {
			found = append(found, discover.Problem{
				Path: []string{"extensions", string(key)}, Text: "is no identifier with a prefix, such as com.example/search",
			})
		}
		return true
	})
	return found
}

// oneOf reports a value that is neither empty nor one of words.
func oneOf(key, value string, words ...string) []discover.Problem {
	if value == "" || slices.Contains(words, value) {
		return nil
	}
	return []discover.Problem{{Path: []string{key}, Text: fmt.Sprintf("%q is not one of %s", value, strings.Join(words, ", "))}}
}
