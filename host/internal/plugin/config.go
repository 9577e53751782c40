// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"

	"github.com/mcphost/mcphost/host/internal/rawjson"
	"github.com/mcphost/mcphost/host/internal/schema"
)

// The defaults of Config, and the limits that nothing configures.
const (
	defaultStartTimeout   = 30 * time.Second
	defaultStopGrace      = 2 * time.Second
	defaultMaxCallTime    = 10 * time.Minute
	defaultMaxConcurrent  = 64
	defaultQueueLimit     = 256
	defaultMaxTools       = 1000
	defaultMaxPrompts     = 1000
	defaultMaxResources   = 10_000
	defaultMaxTemplates   = 1000
	defaultMaxSchemaBytes = schema.MaxBytes
	defaultMaxDescription = 16 << 10

	describeTimeout  = 5 * time.Second  // the protocol's, see PluginService.Describe
	endTimeout       = time.Second      // the protocol's, see PluginService.EndConnection
	listTimeout      = 30 * time.Second // for all pages, where the caller sets no limit
	subscribeTimeout = 5 * time.Second  // likewise
	termGrace        = time.Second      // between SIGTERM and SIGKILL
	killWait         = 5 * time.Second  // for the kernel to end a killed process
)

// Config says what to run and within which limits. Only Name and Command, or
// Attach, are required; Start does not change it.
type Config struct {
	Name    string   // the plugin's identity
	Command string   // a path, or a name to be found in PATH
	Args    []string // without the command itself
	Dir     string   // working directory; the host's if empty

	// Attach is a process to use in place of one that is started here: Command,
	// Args, Dir, Env, RunDir and Forker are for nothing then, and so are the limits
	// of time but StartTimeout.
	Attach *Running

	// Env holds "K=V" on top of the allow-list: PATH, HOME, LANG, LC_ALL, TZ,
	// XDG_*, and a TMPDIR that is removed with the plugin.
	Env []string

	Settings []byte // JSON object; {} if nil
	DataDir  string // existing directory for the plugin's data; none if empty

	StartTimeout time.Duration // 30 s if zero: process start, handshake, Describe and Configure
	StopGrace    time.Duration // 2 s if zero: between the request to stop and SIGTERM
	MaxCallTime  time.Duration // 10 min if zero: absolute cap of one call

	// MaxConcurrent is how many calls may be in flight, 64 if zero; the plugin may
	// lower it. A call that is cancelled or timed out counts no longer, though the
	// plugin may still be busy with it.
	MaxConcurrent int
	QueueLimit    int // calls that wait for a free place, 256 if zero; more are refused

	// Of each list the definitions above the quota are dropped.
	MaxTools     int // 1000 if zero
	MaxPrompts   int // 1000 if zero
	MaxResources int // 10,000 if zero
	MaxTemplates int // 1000 if zero

	MaxSchemaBytes int // bytes of one schema, 256 KiB if zero, and never more; tools above are dropped
	MaxDescription int // bytes of one description, 16 KiB if zero; definitions above are dropped

	// AllowHeaders names the request headers that the plugin may see. Those that
	// carry credentials are never passed on, named here or not.
	AllowHeaders []string

	// RunDir is a short, private directory for sockets, at most 60 bytes. Empty:
	// mcphost-<pid>, and in Linux its namespace, in $XDG_RUNTIME_DIR or in the directory for temporary files.
	RunDir string

	// Forker starts processes; one can serve all plugins. Nil: the plugin has
	// one of its own, which costs a thread.
	Forker *Forker

	// Unary and Stream wrap every RPC to the plugin, first one outermost.
	Unary  []grpc.UnaryClientInterceptor
	Stream []grpc.StreamClientInterceptor

	HostVersion string       // told to the plugin for its logs
	Log         hclog.Logger // nothing is logged if nil
}

// complete returns the configuration with its defaults filled in.
func (c Config) complete() (Config, error) {
	if c.Name == "" || c.Command == "" && c.Attach == nil {
		return c, errors.New("a plugin needs a name and a command: set both in its configuration")
	}
	if c.Settings == nil {
		c.Settings = []byte("{}")
	}
	if err := rawjson.ParseObject(c.Settings, func(_, _ []byte) error { return nil }); err != nil {
		return c, fmt.Errorf("settings are not a JSON object: %w", err)
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	orDefault(&c.StartTimeout, defaultStartTimeout)
	orDefault(&c.StopGrace, defaultStopGrace)
	orDefault(&c.MaxCallTime, defaultMaxCallTime)
	orDefault(&c.MaxConcurrent, defaultMaxConcurrent)
	orDefault(&c.QueueLimit, defaultQueueLimit)
	orDefault(&c.MaxTools, defaultMaxTools)
	orDefault(&c.MaxPrompts, defaultMaxPrompts)
	orDefault(&c.MaxResources, defaultMaxResources)
	orDefault(&c.MaxTemplates, defaultMaxTemplates)
	orDefault(&c.MaxSchemaBytes, defaultMaxSchemaBytes)
	c.MaxSchemaBytes = min(c.MaxSchemaBytes, schema.MaxBytes)
	orDefault(&c.MaxDescription, defaultMaxDescription)
	return c, nil
}

func orDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
