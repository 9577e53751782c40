// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mcphost/mcphost/host/internal/mcp"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// Start runs the plugin and returns once it is configured and can be used. If
// that takes longer than the configuration allows, or ctx ends first, the
// process is killed and gone before Start returns. Every error is a
// *StartError.
func Start(ctx context.Context, cfg Config) (*Plugin, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, &StartError{Plugin: cfg.Name, Phase: PhaseProcess, Err: err, permanent: true}
	}
	if cfg.Attach != nil {
		return attach(ctx, cfg)
	}
	dir, err := newRunDir(cfg.RunDir)
	if err != nil {
		return nil, &StartError{Plugin: cfg.Name, Phase: PhaseProcess, Err: err}
	}
	p := newPlugin(cfg)
	p.useProcess(dir)

	ctx, cancel := context.WithTimeoutCause(ctx, cfg.StartTimeout, errStartTimeout)
	defer cancel()
	// go-plugin's start takes no context and holds its lock, so its own Kill
	// would wait behind it. The process does not.
	release := context.AfterFunc(ctx, p.proc.kill)
	phase, err := p.bringUp(ctx)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		failed := p.startError(ctx, phase, err)
		p.abandon()
		return nil, failed
	}
	go p.attend()
	return p, nil
}

// newPlugin builds a plugin that is nothing yet but its configuration.
func newPlugin(cfg Config) *Plugin {
	return &Plugin{
		cfg:      cfg,
		log:      cfg.Log,
		headers:  visibleHeaders(cfg.AllowHeaders),
		changes:  changes{ch: make(chan mcp.Kinds, 1)},
		updates:  updates{ch: make(chan string, maxUpdates)},
		done:     make(chan struct{}),
		lost:     make(chan struct{}),
		finished: make(chan struct{}),
	}
}

// useProcess gives it a process of its own that is not started yet.
func (p *Plugin) useProcess(dir *runDir) {
	p.dir = dir
	forker := p.cfg.Forker
	if forker == nil {
		p.forker = NewForker()
		forker = p.forker
	}
	p.proc = newProcess(p.cfg, dir.path, forker)
	p.client = newClient(p.cfg, p.proc)
}

// bringUp runs the phases in order and names the one that failed.
func (p *Plugin) bringUp(ctx context.Context) (Phase, error) {
	if err := p.shakeHands(ctx); err != nil {
		return PhaseHandshake, err
	}
	phase, err := p.introduce(ctx, p.plugin)
	if err == nil {
		p.gate = newGate(p.desc.Load().MaxConcurrent, p.cfg.QueueLimit)
		p.health.answered()
	}
	return phase, err
}

// introduce makes host and plugin known to each other over a new connection.
func (p *Plugin) introduce(ctx context.Context, client pluginv1.PluginServiceClient) (Phase, error) {
	desc, err := p.describe(ctx, client)
	if err != nil {
		return PhaseDescribe, err
	}
	p.desc.Store(&desc)
	return PhaseConfigure, p.configure(ctx, client)
}

// describe makes the first call. Only now is it known that anybody answers:
// go-plugin connects lazily and reports nothing.
func (p *Plugin) describe(ctx context.Context, client pluginv1.PluginServiceClient) (Description, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	resp, err := client.Describe(ctx, &pluginv1.DescribeRequest{HostVersion: p.cfg.HostVersion})
	if status.Code(err) == codes.Unimplemented {
		return Description{}, permanentf("it does not serve mcphost.plugin.v1.PluginService: check that it is an mcphost plugin")
	}
	if err != nil {
		return Description{}, fmt.Errorf("call Describe: %w", err)
	}
	return p.description(resp)
}

// configure hands over the settings, once in the life of the process.
func (p *Plugin) configure(ctx context.Context, client pluginv1.PluginServiceClient) error {
	_, err := client.Configure(ctx, &pluginv1.ConfigureRequest{
		SettingsJson: p.cfg.Settings,
		PluginName:   p.cfg.Name,
		DataDir:      p.cfg.DataDir,
	})
	switch st := status.Convert(err); st.Code() {
	case codes.OK:
		return nil
	case codes.FailedPrecondition:
		if p.attached == nil {
			return fmt.Errorf("call Configure: %w", err)
		}
		// A host was attached before. Settings come once in the life of a process.
		p.log.Info("plugin keeps the settings that an earlier host gave it", "said", clean(st.Message()))
		return nil
	case codes.InvalidArgument:
		return permanentf("it refuses its settings, correct them in its configuration: %s", clean(st.Message()))
	case codes.Unimplemented:
		if hasMembers(p.cfg.Settings) {
			return permanentf("it takes no settings: remove them from its configuration")
		}
		return nil
	default:
		return fmt.Errorf("call Configure: %w", err)
	}
}

// abandon ends a plugin whose start failed and leaves nothing of it.
func (p *Plugin) abandon() {
	p.proc.kill()
	if p.proc.started() {
		timer := time.NewTimer(killWait)
		defer timer.Stop()
		select {
		case <-p.proc.done:
		case <-timer.C:
			p.log.Error("killed plugin does not go", "plugin", p.cfg.Name)
		}
	}
	p.release()
}

// startError words the failure of a start: what happened, and what to do.
func (p *Plugin) startError(ctx context.Context, phase Phase, err error) *StartError {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errStartTimeout):
		err = fmt.Errorf("not ready within %v, raise its start timeout if it needs longer%s", p.cfg.StartTimeout, p.words())
	case cause != nil:
		err = cause
	case !p.proc.started():
		phase = PhaseProcess
		err = p.commandError(err)
	case phase == PhaseHandshake:
		err = p.handshakeError(err)
	case p.proc.exited():
		err = fmt.Errorf("%w (%s)%s", err, p.proc.ended().state, p.words())
	}
	var permanent permanentError
	return &StartError{Plugin: p.cfg.Name, Phase: phase, Err: err, permanent: errors.As(err, &permanent)}
}
