// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mcphost/mcphost/host"
)

// envNote marks the flags that an environment variable can set.
const envNote = "mcphost_env"

type globalFlags struct {
	plugins   []string
	config    string
	logLevel  string
	logFormat string
}

func (g *globalFlags) bind(flags *pflag.FlagSet) {
	flags.StringArrayVar(&g.plugins, "plugins", nil, "directory that holds plugins, in place of plugin_dirs in the file; may be repeated")
	flags.StringVar(&g.config, "config", "", "configuration file")
	flags.StringVar(&g.logLevel, "log-level", "", "trace, debug, info, warn, error or off (default info for serve, else warn)")
	flags.StringVar(&g.logFormat, "log-format", "", "text or json (default text)")
	for _, name := range []string{"plugins", "config", "log-level", "log-format"} {
		fromEnv(flags, name)
	}
}

// fromEnv lets an environment variable set a flag.
func fromEnv(flags *pflag.FlagSet, name string) {
	flag := flags.Lookup(name)
	variable := "MCPHOST_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	flag.Usage += " (" + variable + ")"
	if flag.Annotations == nil {
		flag.Annotations = make(map[string][]string)
	}
	flag.Annotations[envNote] = []string{variable}
}

// fromEnvironment sets the flags that were not given from their variables.
// Several directories are separated as in PATH; as such lists often have them,
// empty ones among them are none.
func (a *app) fromEnvironment(cmd *cobra.Command) error {
	var errs []error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		variable := flag.Annotations[envNote]
		if len(variable) == 0 || flag.Changed || a.env.Getenv(variable[0]) == "" {
			return
		}
		values := []string{a.env.Getenv(variable[0])}
		if flag.Value.Type() == "stringArray" {
			values = slices.DeleteFunc(filepath.SplitList(values[0]), func(dir string) bool { return dir == "" })
		}
		for _, value := range values {
			if err := cmd.Flags().Set(flag.Name, value); err != nil {
				errs = append(errs, valueFault(variable[0], value, err))
			}
		}
	})
	return errors.Join(errs...)
}

// config reads the configuration and lets the flags win over it. Its errors
// have the exit code of wrong usage.
func (a *app) config() (host.Config, error) {
	if slices.Contains(a.flags.plugins, "") {
		return host.Config{}, withCode(exitUsage, errors.New("--plugins: is empty; name a directory"))
	}
	cfg, err := a.configFile()
	if err != nil {
		return cfg, withCode(exitUsage, err)
	}
	if a.flags.plugins != nil {
		cfg.PluginDirs = a.flags.plugins
	}
	if cfg.PluginDirs == nil {
		cfg.PluginDirs = a.ifExists(a.xdg("XDG_DATA_HOME", ".local/share", "plugins"))
	}
	if a.flags.logLevel != "" {
		cfg.LogLevel = a.flags.logLevel
	}
	if a.flags.logFormat != "" {
		cfg.LogFormat = a.flags.logFormat
	}
	cfg.Reattach, err = host.ParseReattach(a.env.Getenv("MCPHOST_REATTACH"))
	return cfg, withCode(exitUsage, err)
}

func (a *app) configFile() (host.Config, error) {
	if a.flags.config != "" {
		return host.LoadConfig(a.flags.config)
	}
	for _, path := range a.ifExists(a.xdg("XDG_CONFIG_HOME", ".config", "mcphost.yaml")) {
		return host.LoadConfig(path)
	}
	return host.Config{}, nil
}

// xdg returns the path of one of our files in a base directory, or "" if there
// is no home. The specification has relative base directories ignored.
func (a *app) xdg(variable, fallback, name string) string {
	base := a.env.Getenv(variable)
	if !filepath.IsAbs(base) {
		home := a.env.Getenv("HOME")
		if home == "" {
			return ""
		}
		base = filepath.Join(home, fallback)
	}
	return filepath.Join(base, "mcphost", name)
}

func (a *app) ifExists(path string) []string {
	if _, err := os.Stat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return []string{path}
}

// server makes the server of a command. Directories that cannot be used are an
// error now, not when the first client asks.
func (a *app) server(cfg host.Config, level hclog.Level) (*host.Server, hclog.InterceptLogger, error) {
	log := a.logger(cfg, level)
	err := errors.Join(cfg.Validate(), cfg.CheckPluginDirs())
	if err != nil {
		return nil, log, withCode(exitUsage, err)
	}
	srv, err := host.New(cfg, host.Options{Version: a.env.Version, Log: log})
	return srv, log, withCode(exitUsage, err)
}

// logger logs to standard error, from level on if the configuration names none.
func (a *app) logger(cfg host.Config, level hclog.Level) hclog.InterceptLogger {
	if named := hclog.LevelFromString(cfg.LogLevel); named != hclog.NoLevel {
		level = named
	}
	return hclog.NewInterceptLogger(&hclog.LoggerOptions{
		Name:       "mcphost",
		Level:      level,
		Output:     a.env.Err,
		JSONFormat: cfg.LogFormat == "json",
	})
}
