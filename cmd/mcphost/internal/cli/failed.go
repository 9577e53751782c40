// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host"
)

// causes gathers from the log why plugins fail. What the server answers tells
// less, since clients must not see it; whoever runs this command may.
type causes struct {
	mu       sync.Mutex
	byPlugin map[string]string // the last one
	byTool   map[string]bool   // the calls that a plugin failed, and not the tool
}

// A pluginFailure is the type of errors that say of a plugin what clients may
// know. The server alone logs them: what plugins log arrives as text and
// numbers, so that none can pass for one.
type pluginFailure interface{ Public() string }

// listen has the causes of all that the logger is told from now on.
func listen(log hclog.InterceptLogger) *causes {
	c := &causes{byPlugin: make(map[string]string), byTool: make(map[string]bool)}
	log.RegisterSink(c)
	return c
}

// Accept takes one record of the log, whether or not it is written.
func (c *causes) Accept(_ string, level hclog.Level, _ string, args ...any) {
	if level < hclog.Warn {
		return
	}
	plugin, tool, cause := "", "", ""
	failure := pluginFailure(nil)
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "plugin":
			plugin = fmt.Sprint(args[i+1])
		case "tool":
			tool = fmt.Sprint(args[i+1])
		case "err":
			cause = fmt.Sprint(args[i+1])
			if err, ok := args[i+1].(error); ok {
				errors.As(err, &failure)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if plugin != "" && cause != "" {
		c.byPlugin[plugin] = strings.TrimPrefix(cause, "plugin "+plugin+": ")
	}
	if tool != "" && failure != nil {
		c.byTool[tool] = true
	}
}

// calls reports whether a plugin failed a call of the tool.
func (c *causes) calls(tool string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byTool[tool]
}

func (c *causes) of(plugin string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byPlugin[plugin]
}

// failedPlugin is a plugin that should be there, but is not.
type failedPlugin struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// failedPlugins are those that do not run although they should, and those that
// are configured but cannot be found.
func failedPlugins(ctx context.Context, srv *host.Server, why *causes) []failedPlugin {
	var failed []failedPlugin
	for _, p := range srv.States() {
		if !p.Failed() {
			continue
		}
		reason := why.of(p.Name)
		if reason == "" {
			reason = strings.TrimPrefix(p.Reason+"; mcphost plugins inspect "+p.Name+" may say why", "; ")
		}
		failed = append(failed, failedPlugin{Name: p.Name, State: p.State, Reason: reason})
	}
	found, _ := srv.Plugins(ctx) // directories were checked before
	for _, p := range found {
		if p.Configured {
			reason := strings.TrimPrefix(p.Path+": "+p.Reason, ": ")
			failed = append(failed, failedPlugin{Name: p.Name, State: p.State, Reason: reason})
		}
	}
	return failed
}

// pluginFaults is the error about plugins that failed, nil if none did.
func pluginFaults(failed []failedPlugin) error {
	var errs []error
	for _, p := range failed {
		errs = append(errs, fmt.Errorf("plugin %s: %s: %s", p.Name, p.State, oneLine(p.Reason)))
	}
	return withCode(exitPlugins, errors.Join(errs...))
}

// requestFault words an error of the server.
func requestFault(what string, err error) error {
	if refused := (*host.Error)(nil); errors.As(err, &refused) {
		return fmt.Errorf("%s: %s", what, refused.Message)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// mayOwn reports whether a tool of that name could be the plugin's.
func mayOwn(p host.PluginStatus, tool string) bool {
	if p.State == "skipped" {
		return p.Name != "" && (tool == p.Name || strings.HasPrefix(tool, p.Name+"__"))
	}
	return p.Prefix == "" || strings.HasPrefix(tool, p.Prefix+"__")
}
