// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/cmd/mcphost/internal/dev"
	"github.com/mcphost/mcphost/host"
)

// devAddr is where a plugin under development is served.
const devAddr = "127.0.0.1:8321"

type devFlags struct {
	http             string
	stdio            bool
	allowNonLoopback bool
	build            string
	noBuild          bool
	watch            []string
	settings         []string
	verbose          bool
	asJSON           bool
}

func (a *app) pluginDevCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev PATH",
		Short: "Serve one plugin, and restart it when its files change",
		Long: `dev serves the plugin at PATH, an executable or a folder with a plugin.yaml, to
any MCP client or the MCP Inspector. When a file changes it builds the plugin,
starts it anew and tells connected clients what has changed in its lists. A
build that fails, or a plugin that does not start, leaves the one before in
place. Requests, answers and what the plugin logs are shown as they come.

A folder whose Makefile has a target build is built with "make build", unless
--build or --no-build says otherwise. Below a watched folder, hidden files and
node_modules, target, dist, build, bin, venv and __pycache__ are left alone.

Settings and limits are those that the configuration file has for a plugin of
that name, if any.`,
		Example: `  mcphost plugin dev .
  mcphost plugin dev ./bin/hello --watch . --build 'go build -o bin/hello .'
  npx @modelcontextprotocol/inspector --transport http --server-url http://` + devAddr + `/mcp`,
		Args: cobra.MatchAll(oneArg("the path of an executable or of a folder with a plugin.yaml"), exclusive("http", "stdio"), exclusive("build", "no-build")),
		RunE: func(cmd *cobra.Command, args []string) error { return a.pluginDev(cmd.Context(), args[0], &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.http, "http", devAddr, "listen on host:port")
	flags.BoolVar(&f.stdio, "stdio", false, "use standard input and output instead")
	flags.BoolVar(&f.allowNonLoopback, "allow-non-loopback", false, "permit an address that other machines can reach")
	flags.StringVar(&f.build, "build", "", "shell command that builds the plugin, run in its folder")
	flags.BoolVar(&f.noBuild, "no-build", false, "build nothing")
	flags.StringArrayVar(&f.watch, "watch", nil, "another folder or file to watch; may be repeated")
	flags.StringArrayVar(&f.settings, "set", nil, "setting name=value of the plugin, as JSON or else text; may be repeated")
	flags.BoolVar(&f.verbose, "verbose", false, "show requests and answers in full")
	flags.BoolVar(&f.asJSON, "json", false, "show each request with its answer as a line of JSON")
	fromEnv(flags, "allow-non-loopback")
	return cmd
}

func (a *app) pluginDev(ctx context.Context, path string, f *devFlags) (err error) {
	cfg, name, err := a.onePlugin(path, f.settings)
	if err != nil {
		return withCode(exitUsage, err)
	}
	cfg.HTTP.Addr = f.http
	cfg.HTTP.AllowNonLoopback = cfg.HTTP.AllowNonLoopback || f.allowNonLoopback
	if f.stdio {
		cfg.HTTP.Addr = ""
	}
	loop, err := a.devLoop(path, f)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if loop.Watch, err = dev.NewWatcher(append([]string{path}, f.watch...)); err != nil {
		return withCode(exitUsage, fmt.Errorf("plugin dev: %w", err))
	}
	defer loop.Watch.Close()
	traffic := &dev.Traffic{Out: a.env.Err, Whole: f.verbose, JSON: f.asJSON}
	log := dev.Log{Logger: a.logger(cfg, hclog.Info)}
	srv, err := host.New(cfg, host.Options{Version: a.env.Version, Log: log, Middleware: []host.Middleware{traffic.Middleware}})
	if err != nil {
		return withCode(exitUsage, err)
	}
	defer func() {
		if err == nil {
			log.Info("stopped")
		}
	}()
	defer closing(ctx, cfg, srv, &err)()
	loop.Start = func(ctx context.Context) error { return srv.Reload(ctx, name) }
	return a.serveDev(ctx, loop, cfg, srv, log)
}

// serveDev serves until ctx ends, the input ends, or nothing can be watched.
func (a *app) serveDev(ctx context.Context, loop *dev.Loop, cfg host.Config, srv *host.Server, log hclog.Logger) error {
	ctx, stop := context.WithCancelCause(ctx)
	looped := make(chan error, 1)
	go func() {
		err := loop.Run(ctx)
		if err != nil {
			stop(err)
		}
		looped <- err
	}()
	serve := a.serveStdio
	if cfg.HTTP.Addr != "" {
		serve = func(ctx context.Context, srv *host.Server, log hclog.Logger) error {
			return a.serveHTTP(ctx, cfg, srv, log)
		}
	}
	err := serve(ctx, srv, log)
	stop(nil)
	return errors.Join(err, <-looped)
}

// onePlugin is the configuration of a host that serves only the plugin at path.
func (a *app) onePlugin(path string, settings []string) (host.Config, string, error) {
	cfg, err := a.config()
	if err != nil {
		return cfg, "", err
	}
	plugin, err := host.PluginAt(path)
	if err != nil {
		return cfg, "", err
	}
	for _, known := range cfg.Plugins {
		if known.Name == plugin.Name {
			known.Path, known.Command, known.Args, known.Enabled = plugin.Path, "", nil, nil
			plugin = known
		}
	}
	if len(settings) > 0 {
		if plugin.Settings, err = withMembers(orEmpty(plugin.Settings), "--set", settings); err != nil {
			return cfg, "", err
		}
	}
	cfg.PluginDirs, cfg.Plugins = nil, []host.PluginConfig{plugin}
	return cfg, plugin.Name, nil
}

func orEmpty(object []byte) []byte {
	if object == nil {
		return []byte("{}")
	}
	return object
}

// devLoop is what builds the plugin at path. It is not watched yet.
func (a *app) devLoop(path string, f *devFlags) (*dev.Loop, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	folder := path
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.IsDir() {
		folder = filepath.Dir(path)
	}
	loop := &dev.Loop{Say: a.note}
	command, err := f.buildCommand(path, folder)
	if err != nil || command == nil {
		return loop, err
	}
	loop.Build = (&dev.Builder{Command: command, Dir: folder, Out: inherited(a.env.Err)}).Build
	return loop, nil
}

// buildCommand is what builds the plugin, or nil.
func (f *devFlags) buildCommand(path, folder string) ([]string, error) {
	switch {
	case f.noBuild:
		return nil, nil
	case f.build != "" && runtime.GOOS == "windows":
		return []string{"cmd", "/c", f.build}, nil
	case f.build != "":
		return []string{"sh", "-c", f.build}, nil
	case path != folder || !hasBuildTarget(folder):
		return nil, nil
	}
	if _, err := exec.LookPath("make"); err != nil {
		return nil, errors.New("plugin dev: the Makefile has a target build, but there is no make; install it, or say --build or --no-build")
	}
	return []string{"make", "build"}, nil
}

var buildTarget = regexp.MustCompile(`(?m)^build\s*:`)

func hasBuildTarget(folder string) bool {
	makefile, err := os.ReadFile(filepath.Join(folder, "Makefile"))
	return err == nil && buildTarget.Match(makefile)
}
