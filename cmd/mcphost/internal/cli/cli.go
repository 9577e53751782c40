// SPDX-License-Identifier: Apache-2.0

// Package cli turns the arguments of mcphost into calls of package host, and
// what comes back into text or JSON. It knows flags, environment variables and
// exit codes. It knows nothing of the protocol but the few members of a result
// that it shows, and touches the process only through Env.
//
// Data goes to standard output, everything else to standard error: there is
// nothing to filter when a command's output is piped. There are no colours.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

// Env is the process that the commands run in.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	// TakeWire gives standard input and output away for the protocol, once.
	// After it nobody reads In or writes Out.
	TakeWire   func() (io.Reader, io.Writer, error)
	TypedInput bool // a person types In
	WatchedErr bool // a person watches Err
	WatchedOut bool // Out is a terminal
	Version    string
}

// The exit codes.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2 // arguments or configuration
	exitTool     = 3 // the tool answered with an error
	exitNotFound = 4 // no such tool or plugin
	exitPlugins  = 5 // some plugin failed
)

const exitHelp = `Exit codes:
  0  success
  1  something failed, or was interrupted
  2  wrong arguments or configuration
  3  the tool answered with an error
  4  no such tool or plugin
  5  a plugin failed or is missing; what the others offer is printed`

// exitError is an error that decides the exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code, err}
}

// Main runs one command and returns the exit code. When ctx ends the command
// stops what it started and returns, and so it does when nobody reads what it
// prints any more: then it says nothing, and the exit code is not 0.
func Main(ctx context.Context, args []string, env Env) int {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	env = env.endedBy(end)
	a := &app{env: env}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if errors.Is(context.Cause(ctx), errUnread) {
		return exitCode(err)
	}
	if err == nil {
		return exitOK
	}
	if !a.running { // the arguments were not understood
		err = withCode(exitUsage, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	}
	for line := range strings.Lines(err.Error()) {
		a.note("%s", oneLine(strings.TrimSuffix(line, "\n")))
	}
	return exitCode(err)
}

// interrupted is the error of a command that the end of ctx has ended: no plugin
// is to blame for what is missing then.
func interrupted(ctx context.Context, what string) error {
	return fmt.Errorf("%s: interrupted: %w", what, context.Cause(ctx))
}

// exitCode is that of a command that did not do all it was to do.
func exitCode(err error) int {
	if coded := (*exitError)(nil); errors.As(err, &coded) {
		return coded.code
	}
	if missing := (*host.ErrNoPlugin)(nil); errors.As(err, &missing) {
		return exitNotFound
	}
	return exitFailure
}

// app is one run of the program.
type app struct {
	env     Env
	flags   globalFlags
	running bool // the arguments were understood
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "mcphost",
		Short: "Serve plugins to MCP clients",
		Long: `mcphost is an MCP server whose tools are plugins: executables in a directory.

Every flag that names a variable can be set by that variable instead; both win
over the configuration file. That file is --config, or else mcphost/mcphost.yaml
in $XDG_CONFIG_HOME (~/.config) if it exists. Plugins are searched in --plugins,
or else where the file says (plugin_dirs), or else in mcphost/plugins in
$XDG_DATA_HOME (~/.local/share) if it exists.

` + exitHelp,
		Example: `  mcphost plugins list --plugins ./plugins
  mcphost call --plugins ./plugins hello__greet --arg who=world
  mcphost serve --plugins ./plugins`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Version:                    a.env.Version,
		Args:                       noArgs,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.fromEnvironment(cmd)
		},
	}
	root.SetFlagErrorFunc(flagFault)
	root.SetVersionTemplate("mcphost {{.Version}}\n")
	a.flags.bind(root.PersistentFlags())
	root.AddCommand(a.serveCommand(), a.callCommand(), a.toolsCommand(), a.pluginsCommand(), a.pluginCommand(), a.schemaCommand(), a.versionCommand())
	a.noteRuns(root)
	return root
}

// noteRuns has every command note that its arguments were understood.
func (a *app) noteRuns(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.noteRuns(sub)
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.running = true
			return run(cmd, args)
		}
	}
}

// note tells a person something on standard error.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.env.Err, "mcphost: "+format+"\n", args...) // nobody is left to tell
}
