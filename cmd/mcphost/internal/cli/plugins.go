// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

func (a *app) pluginsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "Show which plugins there are",
		Args:  noArgs,

		SuggestionsMinimumDistance: 2,
		RunE: func(*cobra.Command, []string) error {
			return withCode(exitUsage, errors.New("plugins: say what to do: list or inspect; see mcphost plugins --help"))
		},
	}
	cmd.AddCommand(a.pluginsListCommand(), a.pluginsInspectCommand())
	return cmd
}

func (a *app) pluginsListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List plugins, and what was left alone and why",
		Long: `list reads the plugin directories and the configuration. It starts nothing, so
it does not tell whether a plugin works: that does "mcphost plugins inspect".`,
		Example: `  mcphost plugins list --plugins ./plugins
  mcphost plugins list --json | jq -r '.plugins[] | select(.state == "ok") | .name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.pluginsList(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// noPlugins says what to do when nothing is configured.
const noPlugins = "there are no plugins; name a directory with --plugins, or configure some in mcphost.yaml"

func (a *app) pluginsList(ctx context.Context, asJSON bool) (err error) {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	srv, err := host.New(cfg, host.Options{Version: a.env.Version, Log: a.logger(cfg, hclog.Warn)})
	if err != nil {
		return withCode(exitUsage, err)
	}
	defer closing(ctx, cfg, srv, &err)()
	list, faults := srv.Plugins(ctx)
	faults = withCode(exitUsage, faults)
	if asJSON {
		return errors.Join(a.printValue(map[string]any{"plugins": list}), faults)
	}
	if len(list) == 0 {
		a.note(noPlugins)
		return faults
	}
	rows := [][]string{{"NAME", "STATE", "PATH", "ABOUT"}}
	for _, p := range list {
		rows = append(rows, []string{orDash(p.Name), p.State, orDash(source(p)), orDash(about(p))})
	}
	return errors.Join(a.printTable(rows), faults)
}

// source is where a plugin comes from, or else the command that it is.
func source(p host.PluginStatus) string {
	if p.Path != "" {
		return p.Path
	}
	return strings.Join(p.Command, " ")
}

// about is why a plugin is not ok, or else what the configuration says of it.
func about(p host.PluginStatus) string {
	if p.Reason != "" {
		return p.Reason
	}
	text := summary("", p.Description)
	if p.Title == "" || text == "" {
		return p.Title + text
	}
	return p.Title + ": " + text
}

func (a *app) pluginsInspectCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "inspect NAME",
		Short:   "Start one plugin and show what it says about itself",
		Example: `  mcphost plugins inspect hello --plugins ./plugins`,
		Args:    oneArg("NAME"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completePlugins(cmd), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.pluginsInspect(cmd.Context(), args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// completePlugins returns the plugins that there are. It starts none, and a
// configuration that is wrong is no reason to disturb somebody who types.
func (a *app) completePlugins(cmd *cobra.Command) []cobra.Completion {
	if a.fromEnvironment(cmd) != nil {
		return nil
	}
	cfg, err := a.config()
	if err != nil {
		return nil
	}
	srv, err := host.New(cfg, host.Options{})
	if err != nil {
		return nil
	}
	defer closing(cmd.Context(), cfg, srv, &err)()
	list, _ := srv.Plugins(cmd.Context()) // directories that can be used are listed
	var names []cobra.Completion
	for _, p := range list {
		if p.State != "skipped" {
			names = append(names, cobra.CompletionWithDesc(p.Name, oneLine(about(p))))
		}
	}
	return names
}

func (a *app) pluginsInspect(ctx context.Context, name string, asJSON bool) (err error) {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	srv, _, err := a.server(cfg, hclog.Warn)
	if err != nil {
		return err
	}
	defer closing(ctx, cfg, srv, &err)()
	detail, err := srv.Inspect(ctx, name)
	if missing := (*host.ErrNoPlugin)(nil); errors.As(err, &missing) {
		return err
	}
	if err != nil && ctx.Err() != nil {
		return interrupted(ctx, "inspect "+name)
	}
	if err != nil {
		return withCode(exitPlugins, fmt.Errorf("inspect %s: %w", name, err))
	}
	if asJSON {
		return a.printValue(detail)
	}
	return a.printDetail(detail)
}

func (a *app) printDetail(d *host.PluginDetail) error {
	rows := [][]string{
		{"Name:", d.Name},
		{"Title:", orDash(d.Title)},
		{"Version:", orDash(d.Version)},
		{"Description:", orDash(d.Description)},
		{"Path:", orDash(d.Path)},
		{"Command:", strings.Join(d.Command, " ")},
		{"Abilities:", orDash(strings.Join(d.Abilities, ", "))},
		{"Started in:", d.StartTime.Round(time.Millisecond).String()},
	}
	for _, raw := range d.Tools {
		var t tool
		if err := json.Unmarshal(raw, &t); err != nil {
			return fmt.Errorf("inspect %s: tool: %w", d.Name, err)
		}
		rows = append(rows, []string{"Tool:", t.Name + ": " + summary(t.Title, t.Description)})
	}
	return a.printTable(rows)
}
