// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

type callFlags struct {
	args     string
	argsFile string
	pairs    []string
	out      string
	json     bool
}

func (a *app) callCommand() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call TOOL",
		Short: "Call one tool and print what it returns",
		Long: `call starts the plugin that owns the tool, calls it once and stops the plugin.

Arguments are a JSON object: --args, or --args-file with "-" for standard input.
--arg sets one member on top of that; its value is JSON if it can be read as such,
else text. Quote what must stay text: --arg 'id="7"'.

The text of the result goes to standard output. An image, a sound or other bytes
are only mentioned there; --out saves the first one, or the text if there is
none. An error of the tool goes to standard error, with exit code 3.`,
		Example: `  mcphost call hello__greet --arg who=world
  mcphost call files__read --args '{"path":"README.md"}' --json
  jq -n '{path: "logo.png"}' | mcphost call files__read --args-file - --out logo.png`,
		Args: cobra.MatchAll(oneArg("TOOL"), exclusive("args", "args-file"), exclusive("out", "json")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.args, "args", "", "arguments as a JSON object")
	flags.StringVar(&f.argsFile, "args-file", "", `file with the arguments as a JSON object; "-" is standard input`)
	flags.StringArrayVar(&f.pairs, "arg", nil, "one argument, as name=value; may be repeated")
	flags.StringVar(&f.out, "out", "", `file for the first image, sound or other bytes, or else for the text; "-" is standard output`)
	flags.BoolVar(&f.json, "json", false, "print the raw result")
	return cmd
}

func (a *app) call(ctx context.Context, tool string, f callFlags) (err error) {
	arguments, err := f.arguments(a.env.In)
	if err == nil {
		err = checkOut(f.out)
	}
	if err != nil {
		return withCode(exitUsage, err)
	}
	params, err := json.Marshal(map[string]any{"name": tool, "arguments": json.RawMessage(arguments)})
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("call %s: %w", tool, err))
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	cfg.Strict = false // what else fails does not matter to a call
	srv, log, err := a.server(cfg, hclog.Warn)
	if err != nil {
		return err
	}
	defer closing(ctx, cfg, srv, &err)()
	why := listen(log)
	result, err := srv.Request(ctx, "tools/call", params, a.reporter())
	if err != nil {
		return callFault(ctx, srv, why, tool, err)
	}
	return a.printResult(tool, result, f, why.calls(tool))
}

// reporter shows what a call reports, if a person watches. It is nil otherwise:
// then nothing is asked for.
func (a *app) reporter() func(method string, params []byte) {
	if !a.env.WatchedErr {
		return nil
	}
	return func(method string, params []byte) {
		var report struct {
			Progress float64         `json:"progress"`
			Total    float64         `json:"total"`
			Message  string          `json:"message"`
			Level    string          `json:"level"`
			Data     json.RawMessage `json:"data"`
		}
		if json.Unmarshal(params, &report) != nil {
			return
		}
		switch method {
		case "notifications/progress":
			a.note("%s %s", fraction(report.Progress, report.Total), oneLine(report.Message))
		case "notifications/message":
			a.note("%s: %s", oneLine(report.Level), oneLine(string(report.Data)))
		}
	}
}

func fraction(done, total float64) string {
	if total == 0 {
		return fmt.Sprintf("%g", done)
	}
	return fmt.Sprintf("%g/%g", done, total)
}

// callFault explains why a call was refused: by a plugin that failed, for want
// of such a tool, or else by the tool's plugin. It starts nothing more.
func callFault(ctx context.Context, srv *host.Server, why *causes, tool string, err error) error {
	if ctx.Err() != nil {
		return interrupted(ctx, "call "+tool)
	}
	fault := requestFault("call "+tool, err)
	refused := (*host.Error)(nil)
	if !errors.As(err, &refused) {
		return fault
	}
	plugins, _ := srv.Plugins(ctx) // directories were checked before
	hint := "mcphost tools shows what there is"
	if notProvided(err) {
		fault, hint = fmt.Errorf("call %s: Unknown tool", tool), whyNoTools(plugins)
	}
	owners := slices.DeleteFunc(slices.Clone(plugins), func(p host.PluginStatus) bool { return !mayOwn(p, tool) })
	failed := slices.DeleteFunc(failedPlugins(ctx, srv, why), func(failed failedPlugin) bool {
		return failed.State == "skipped" || !slices.ContainsFunc(owners, func(p host.PluginStatus) bool { return p.Name == failed.Name })
	})
	switch {
	case len(failed) > 0:
		return errors.Join(fault, pluginFaults(failed))
	case !notProvided(err) && !strings.HasPrefix(refused.Message, "Unknown tool"): // which is how the host says it
		return fault
	}
	for _, p := range owners {
		if p.State == "skipped" {
			return withCode(exitNotFound, fmt.Errorf("%w; plugin %s was left alone: %s", fault, p.Name, p.Reason))
		}
	}
	return withCode(exitNotFound, fmt.Errorf("%w; %s", fault, hint))
}
