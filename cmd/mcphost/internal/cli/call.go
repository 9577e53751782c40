// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
are only mentioned there; --out saves the first one. An error of the tool goes to
standard error, with exit code 3.`,
		Example: `  mcphost call hello__greet --arg who=world
  mcphost call files__read --args '{"path":"README.md"}' --json
  jq -n '{path: "logo.png"}' | mcphost call files__read --args-file - --out logo.png`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.args, "args", "", "arguments as a JSON object")
	flags.StringVar(&f.argsFile, "args-file", "", `file with the arguments as a JSON object; "-" is standard input`)
	flags.StringArrayVar(&f.pairs, "arg", nil, "one argument, as name=value; may be repeated")
	flags.StringVar(&f.out, "out", "", `file for the first image, sound or other bytes; "-" is standard output`)
	flags.BoolVar(&f.json, "json", false, "print the raw result")
	cmd.MarkFlagsMutuallyExclusive("args", "args-file")
	cmd.MarkFlagsMutuallyExclusive("out", "json")
	return cmd
}

func (a *app) call(ctx context.Context, tool string, f callFlags) (err error) {
	arguments, err := f.arguments(a.env.In)
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
	srv, _, err := a.server(cfg, hclog.Warn)
	if err != nil {
		return err
	}
	defer closing(ctx, cfg, srv, &err)()
	result, err := srv.Request(ctx, "tools/call", params, a.reporter())
	if err != nil {
		return a.callFault(ctx, srv, tool, err)
	}
	return a.printResult(tool, result, f)
}

// arguments puts the arguments together as a JSON object.
func (f *callFlags) arguments(in io.Reader) ([]byte, error) {
	object, err := f.object(in)
	if err != nil || len(f.pairs) == 0 {
		return object, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	for _, pair := range f.pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--arg %q: is not name=value", pair)
		}
		members[name] = jsonOrText(value)
	}
	return json.Marshal(members)
}

func (f *callFlags) object(in io.Reader) ([]byte, error) {
	data, source := []byte(f.args), "--args"
	var err error
	switch f.argsFile {
	case "":
	case "-":
		source = "standard input"
		data, err = io.ReadAll(in)
	default:
		source = f.argsFile
		data, err = os.ReadFile(f.argsFile)
	}
	if err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	if f.args == "" && f.argsFile == "" {
		return []byte("{}"), nil
	}
	if !json.Valid(data) || !strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		return nil, fmt.Errorf(`arguments: %s is not a JSON object, such as {"path":"x"}`, source)
	}
	return data, nil
}

func jsonOrText(value string) json.RawMessage {
	if json.Valid([]byte(value)) {
		return json.RawMessage(value)
	}
	text, _ := json.Marshal(value) // a string always has a JSON form
	return text
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

// callFault explains why a call was refused. Whether the tool exists is not in
// the error's code, so the list decides.
func (a *app) callFault(ctx context.Context, srv *host.Server, tool string, fault error) error {
	refused := (*host.Error)(nil)
	if !errors.As(fault, &refused) || refused.Code != codeInvalidParams {
		return requestFault("call "+tool, fault)
	}
	list, err := listTools(ctx, srv)
	if err != nil {
		return requestFault("call "+tool, fault)
	}
	for _, known := range list.Tools {
		if known.Name == tool {
			return requestFault("call "+tool, fault)
		}
	}
	return withCode(exitNotFound, fmt.Errorf("call %s: %s; mcphost tools shows what there is", tool, refused.Message))
}
