// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema config|plugin",
		Short: "Print the JSON Schema of mcphost.yaml or plugin.yaml",
		Example: `  mcphost schema config > mcphost.schema.json
  # then, as the first line of mcphost.yaml:
  # yaml-language-server: $schema=./mcphost.schema.json`,
		Args:      oneOf("config", "plugin"),
		ValidArgs: []string{"config", "plugin"},
		RunE: func(_ *cobra.Command, args []string) error {
			read := host.ConfigSchema
			if args[0] == "plugin" {
				read = host.PluginSchema
			}
			schema, err := read()
			if err != nil {
				return err
			}
			return a.print(schema)
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			platform := runtime.GOOS + "/" + runtime.GOARCH
			if asJSON {
				return a.printValue(map[string]string{"version": a.env.Version, "go": runtime.Version(), "platform": platform})
			}
			return a.print(fmt.Appendf(nil, "mcphost %s (%s %s)\n", a.env.Version, runtime.Version(), platform))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
