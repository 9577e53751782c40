// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// pluginCommand holds what the author of one plugin needs. What there is in the
// plugin directories is for pluginsCommand.
func (a *app) pluginCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Write, test and debug a plugin",
		Args:  noArgs,

		SuggestionsMinimumDistance: 2,
		RunE: func(*cobra.Command, []string) error {
			return withCode(exitUsage, errors.New("plugin: say what to do; see mcphost plugin --help"))
		},
	}
	cmd.AddCommand(a.pluginNewCommand(), a.pluginTestCommand(), a.pluginDevCommand())
	return cmd
}
