// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A Plugin is one running process that has described and configured itself. All
// methods are safe for concurrent use.
type Plugin struct {
	// Immutable once Start has returned.
	cfg    Config
	log    hclog.Logger
	dir    *runDir
	forker *Forker // to be closed with the plugin; nil if it is shared
	proc   *process
	client *goplugin.Client
	conn   *grpc.ClientConn
	services
	headers  map[string]bool // those it may see, in canonical form
	gate     gate
	health   *health     // nil if it is attached
	attached *attachment // the way to a process that is not ours; then proc and its kin are nil

	desc atomic.Pointer[Description] // replaced when an attached process is

	changes changes
	updates updates

	done     chan struct{} // closed when the process is gone
	lost     chan struct{} // closed when the process was killed and does not go
	finished chan struct{} // closed when nothing is left of the plugin
	stopping sync.Once     // guards stop
	losing   sync.Once     // guards lost

	mu      sync.Mutex
	stopped bool  // the host asked for the end
	silent  bool  // it was killed because it did not answer
	err     error // why it is over; set before done is closed
}

// services are the clients of what a plugin can serve.
type services struct {
	plugin      pluginv1.PluginServiceClient
	tools       pluginv1.ToolServiceClient
	resources   pluginv1.ResourceServiceClient
	prompts     pluginv1.PromptServiceClient
	completions pluginv1.CompletionServiceClient
}

func newServices(conn grpc.ClientConnInterface) services {
	return services{
		plugin:      pluginv1.NewPluginServiceClient(conn),
		tools:       pluginv1.NewToolServiceClient(conn),
		resources:   pluginv1.NewResourceServiceClient(conn),
		prompts:     pluginv1.NewPromptServiceClient(conn),
		completions: pluginv1.NewCompletionServiceClient(conn),
	}
}

// A Description is a plugin's word about itself. All but Provides and
// MaxConcurrent is for display.
type Description struct {
	Name           string // the author's; the identity if it gave none
	Version        string
	Title          string
	Description    string
	WebsiteURL     string
	Provides       mcp.Kinds
	SettingsSchema []byte   // JSON Schema; nil if it gave none
	MaxConcurrent  int      // calls it takes at once, after the host's limit
	Extensions     []string // identifiers of MCP extensions that its definitions rely on
}

// Description returns what the plugin said about itself when it started.
func (p *Plugin) Description() Description { return *p.desc.Load() }

// Provides returns the abilities that the plugin said it serves.
func (p *Plugin) Provides() mcp.Kinds { return p.desc.Load().Provides }

// Changes delivers the kinds of lists that differ from what was listed last.
// Events that nobody has read yet are merged into one. It is never closed.
func (p *Plugin) Changes() <-chan mcp.Kinds { return p.changes.ch }

// Updates delivers the URIs of resources that changed, each of which may be a
// part of one that is subscribed to. Events that nobody has read yet are merged
// by URI; of more than 256 the oldest are lost. It is never closed.
func (p *Plugin) Updates() <-chan string { return p.updates.ch }

// Done is closed when the process is gone, or was killed and the kernel does
// not let go of it. A process that is attached to may come and go; Done is then
// closed by Close alone.
func (p *Plugin) Done() <-chan struct{} { return p.done }

// Err returns nil while the process runs, then why it ended: ErrStopped if the
// host asked for it, that it does not answer health checks if it was killed for
// that, else an error with the exit status or signal and the last line of the
// plugin's standard error.
func (p *Plugin) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// EndConnection tells the plugin that a client's connection is gone. It is best
// effort and takes at most a second.
func (p *Plugin) EndConnection(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	_, err := p.plugin.EndConnection(ctx, &pluginv1.EndConnectionRequest{ConnectionId: id})
	if err != nil {
		p.log.Debug("plugin did not take the end of a connection", "connection", id, "err", err)
	}
}
