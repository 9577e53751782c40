// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// path is a command as one types it, without the program.
func path(cmd *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()), " ")
}

// noArgs is for commands without arguments. What follows the name of a group of
// commands was meant to be one of them.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return fmt.Errorf("%s: takes no arguments, but %q was given", path(cmd), args[0])
	}
	near := ""
	if names := cmd.SuggestionsFor(args[0]); len(names) > 0 {
		near = " (did you mean " + strings.Join(names, " or ") + "?)"
	}
	return fmt.Errorf("unknown command %q%s", args[0], near)
}

// oneArg is for commands with one argument, which their help calls what.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s: %s is missing", path(cmd), what)
		case 1:
			return nil
		}
		return fmt.Errorf("%s: takes one %s, but %d arguments were given: %s", path(cmd), what, len(args), strings.Join(args, " "))
	}
}

// oneOf is for commands whose one argument is one of a few words.
func oneOf(words ...string) cobra.PositionalArgs {
	what := strings.Join(words, " or ")
	return cobra.MatchAll(oneArg(what), func(cmd *cobra.Command, args []string) error {
		for _, word := range words {
			if args[0] == word {
				return nil
			}
		}
		return fmt.Errorf("%s: %q is not %s", path(cmd), args[0], what)
	})
}

// exclusive refuses two flags beside each other. It sees those that were typed
// and not those of the environment, over which they win.
func exclusive(one, other string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed(one) && cmd.Flags().Changed(other) {
			return fmt.Errorf("%s: --%s and --%s exclude each other", path(cmd), one, other)
		}
		return nil
	}
}

// flagFault words the error of a flag that was typed.
func flagFault(_ *cobra.Command, err error) error {
	if wrong := (*pflag.InvalidValueError)(nil); errors.As(err, &wrong) {
		return valueFault("--"+wrong.GetFlag().Name, wrong.GetValue(), err)
	}
	return err
}

// valueFault says what is wrong with a value, wherever it was given.
func valueFault(where, value string, err error) error {
	wrong := (*pflag.InvalidValueError)(nil)
	if errors.As(err, &wrong) && wrong.GetFlag().Value.Type() == "bool" {
		return fmt.Errorf("%s: %q is not true or false", where, value)
	}
	return fmt.Errorf("%s: %w", where, err)
}
