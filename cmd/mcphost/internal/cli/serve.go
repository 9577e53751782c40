// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

// defaultStopTimeout bounds a graceful stop when the configuration does not.
const defaultStopTimeout = 10 * time.Second

type serveFlags struct {
	http             string
	stdio            bool
	allowNonLoopback bool
	strict           bool
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the plugins to MCP clients",
		Long: `serve speaks MCP over standard input and output, or over HTTP with --http.
Starting it starts no plugin: each one starts when it is first needed.

Over standard input and output it ends when its input ends and everything read
is answered. After the first SIGINT or SIGTERM it answers what is in flight for
up to 2 seconds (limits.drain_timeout), then cancels the rest and stops the
plugins, all within 10 seconds (limits.stop_timeout). A second one kills.

MCPHOST_REATTACH names plugins that run already, under a debugger: a plugin that
is started with MCPHOST_DEBUG=1 prints it. They are not started or stopped, and
their calls have no time limit.

Whoever can reach the HTTP address can use every tool. An address that other
machines can reach is therefore refused, unless --allow-non-loopback is given.`,
		Example: `  mcphost serve --plugins ./plugins
  mcphost serve --http 127.0.0.1:8080
  claude mcp add mcphost -- mcphost serve --plugins ~/plugins`,
		Args: cobra.MatchAll(noArgs, exclusive("http", "stdio")),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			f.apply(&cfg)
			return a.serve(cmd.Context(), cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.http, "http", "", "listen on host:port instead of standard input")
	flags.BoolVar(&f.stdio, "stdio", false, "use standard input and output, whatever the configuration says")
	flags.BoolVar(&f.allowNonLoopback, "allow-non-loopback", false, "permit an address that other machines can reach")
	flags.BoolVar(&f.strict, "strict", false, "fail a list when any plugin has failed")
	for _, name := range []string{"http", "allow-non-loopback", "strict"} {
		fromEnv(flags, name)
	}
	return cmd
}

func (f *serveFlags) apply(cfg *host.Config) {
	if f.http != "" {
		cfg.HTTP.Addr = f.http
	}
	if f.stdio {
		cfg.HTTP.Addr = ""
	}
	cfg.HTTP.AllowNonLoopback = cfg.HTTP.AllowNonLoopback || f.allowNonLoopback
	cfg.Strict = cfg.Strict || f.strict
}

func (a *app) serve(ctx context.Context, cfg host.Config) (err error) {
	srv, log, err := a.server(cfg, hclog.Info)
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			log.Info("stopped")
		}
	}()
	defer closing(ctx, cfg, srv, &err)()
	if len(cfg.PluginDirs) == 0 && len(cfg.Plugins) == 0 && len(cfg.Reattach) == 0 {
		log.Warn("there are no plugins: name a directory with --plugins, or configure some in mcphost.yaml")
	}
	if cfg.HTTP.Addr != "" {
		return a.serveHTTP(ctx, cfg, srv, log)
	}
	return a.serveStdio(ctx, srv, log)
}

func (a *app) serveStdio(ctx context.Context, srv *host.Server, log hclog.Logger) error {
	if a.env.TypedInput {
		a.note("waiting for MCP messages on standard input; MCP clients run this command themselves")
	}
	in, out, err := a.env.TakeWire()
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	log.Info("serving", "version", a.env.Version, "on", "standard input and output")
	defer stopping(ctx, log, "its input has ended")()
	if err := srv.ServeStdio(ctx, in, out); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (a *app) serveHTTP(ctx context.Context, cfg host.Config, srv *host.Server, log hclog.Logger) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, networkOf(cfg.HTTP.Addr), cfg.HTTP.Addr)
	if err != nil {
		return listenFault(cfg.HTTP.Addr, err)
	}
	path := cfg.HTTP.Path
	if path == "" {
		path = "/mcp"
	}
	url := "http://" + reachable(l.Addr().String()) + path
	log.Info("serving", "version", a.env.Version, "on", "http://"+l.Addr().String()+path)
	if cfg.HTTP.AllowNonLoopback && !isLoopback(l.Addr()) {
		log.Warn("other machines can reach this address, and whoever can may call every tool: put something that asks who they are before it")
	}
	defer stopping(ctx, log, "it cannot serve any more")()
	if cfg.LogFormat != "json" {
		a.connectHelp(url)
	}
	if err := srv.ServeHTTP(ctx, l); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// networkOf keeps an address of IPv4 from being listened on by IPv6 as well:
// 0.0.0.0 would be, where both are served by one socket.
func networkOf(addr string) string {
	name, _, _ := net.SplitHostPort(addr) // it was checked before
	if ip, err := netip.ParseAddr(name); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

// reachable is an address that this machine can connect to: the one that is
// listened on, or the loopback one where that is every address.
func reachable(addr string) string {
	listening, err := netip.ParseAddrPort(addr)
	if err != nil || !listening.Addr().IsUnspecified() {
		return addr
	}
	if listening.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listening.Port()).String()
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), listening.Port()).String()
}

func isLoopback(addr net.Addr) bool {
	listening, err := netip.ParseAddrPort(addr.String())
	return err == nil && listening.Addr().Unmap().IsLoopback()
}

// listenFault says why an address cannot be listened on, and what to do.
func listenFault(addr string, err error) error {
	name, _, _ := net.SplitHostPort(addr) // it was checked before
	another := "choose another port, such as --http " + net.JoinHostPort(name, "0") + " for a free one"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("serve: %s is in use by another program; %s", addr, another)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("serve: %s needs more permissions than this user has; %s", addr, another)
	}
	return fmt.Errorf("serve: %w", err)
}

// stopping logs once that serving begins to end: when ctx ends, or else when the
// function that it returns is called, for the reason otherwise.
func stopping(ctx context.Context, log hclog.Logger, otherwise string) func() {
	say := sync.OnceFunc(func() {
		why := otherwise
		if ctx.Err() != nil {
			why = context.Cause(ctx).Error()
		}
		log.Info("stopping", "why", why)
	})
	forget := context.AfterFunc(ctx, say)
	return func() {
		forget()
		say()
	}
}

// connectHelp says how to connect the clients that most people use.
func (a *app) connectHelp(url string) {
	lines := []string{
		"serving " + url,
		"  Claude Code:    claude mcp add -t http mcphost " + url,
		`  VS Code:        code --add-mcp '{"name":"mcphost","type":"http","url":"` + url + `"}'`,
		`  Cursor:         in ~/.cursor/mcp.json: {"mcpServers":{"mcphost":{"url":"` + url + `"}}}`,
		`  Claude Desktop: in claude_desktop_config.json: {"mcpServers":{"mcphost":{"command":"npx","args":["mcp-remote","` + url + `"]}}}`,
	}
	a.note("%s", strings.Join(lines, "\n"))
}

// closing returns what closes the server. From the signal, or else from then
// on, everything together has the time that the configuration allows.
func closing(ctx context.Context, cfg host.Config, srv *host.Server, err *error) func() {
	limit := cfg.Limits.StopTimeout
	if limit == 0 {
		limit = defaultStopTimeout
	}
	var signalled atomic.Pointer[time.Time]
	forget := context.AfterFunc(ctx, func() {
		now := time.Now()
		signalled.Store(&now)
	})
	return func() {
		forget()
		if at := signalled.Load(); at != nil {
			limit -= time.Since(*at)
		}
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		*err = errors.Join(*err, srv.Close(stop))
	}
}
