// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

func (a *app) toolsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "tools",
		Short: "List the tools of all plugins",
		Long: `tools starts every plugin, prints what they offer and stops them. When a plugin
fails, or is configured but cannot be found, the tools of the others are printed
and the exit code is 5. That no plugin offers tools is no failure.`,
		Example: `  mcphost tools --plugins ./plugins
  mcphost tools --json | jq -r '.tools[].name'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.tools(cmd.Context(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the definitions as JSON")
	return cmd
}

func (a *app) tools(ctx context.Context, asJSON bool) (err error) {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	cfg.Wait = "all" // whoever asks by hand wants them all
	srv, log, err := a.server(cfg, hclog.Error)
	if err != nil {
		return err
	}
	defer closing(ctx, cfg, srv, &err)()
	why := listen(log)
	list, err := listTools(ctx, srv)
	if ctx.Err() != nil {
		return interrupted(ctx, "tools")
	}
	failed := failedPlugins(ctx, srv, why)
	if err != nil {
		return errors.Join(requestFault("tools", err), pluginFaults(failed))
	}
	list.Failed = failed
	a.noteTroubles(srv)
	if len(list.Tools)+len(failed) == 0 {
		plugins, _ := srv.Plugins(ctx) // directories were checked before
		a.note("%s", whyNoTools(plugins))
	}
	if asJSON {
		err = a.printValue(list)
	} else {
		err = a.printTools(list.Tools)
	}
	return errors.Join(err, pluginFaults(failed))
}

func (a *app) printTools(tools []tool) error {
	rows := [][]string{{"NAME", "DESCRIPTION"}}
	for _, tool := range tools {
		rows = append(rows, []string{tool.Name, summary(tool.Title, tool.Description)})
	}
	return a.printTable(rows)
}

// whyNoTools says why there are no tools although no plugin has failed, and what
// to do.
func whyNoTools(plugins []host.PluginStatus) string {
	if len(plugins) == 0 {
		return noPlugins
	}
	return "no plugin offers tools; mcphost plugins list shows what there is"
}

// methodNotFound is the code that the server answers with what no plugin of the
// configuration may provide.
const methodNotFound = -32601

// notProvided reports whether the server refused a request for that.
func notProvided(err error) bool {
	refused := (*host.Error)(nil)
	return errors.As(err, &refused) && refused.Code == methodNotFound
}

// noteTroubles tells of plugins that run, but not all is well with them.
func (a *app) noteTroubles(srv *host.Server) {
	for _, p := range srv.States() {
		if p.Reason != "" && !p.Failed() {
			a.note("plugin %s: %s", p.Name, oneLine(p.Reason))
		}
	}
}

// toolList is all tools, and the plugins whose tools are not among them.
type toolList struct {
	Tools  []tool         `json:"tools"`
	Failed []failedPlugin `json:"failed,omitempty"`
}

// tool is a definition as it is, with what is shown of it.
type tool struct {
	Name, Title, Description string
	raw                      json.RawMessage
}

// UnmarshalJSON keeps the definition besides what is shown of it.
func (t *tool) UnmarshalJSON(data []byte) error {
	var shown struct{ Name, Title, Description string }
	if err := json.Unmarshal(data, &shown); err != nil {
		return err
	}
	*t = tool{shown.Name, shown.Title, shown.Description, slices.Clone(data)}
	return nil
}

// MarshalJSON returns the definition as it came.
func (t tool) MarshalJSON() ([]byte, error) { return t.raw, nil }

// listTools reads all pages. The server was configured to wait for all plugins
// that may still settle.
func listTools(ctx context.Context, srv *host.Server) (*toolList, error) {
	list := &toolList{Tools: []tool{}}
	cursor := ""
	for {
		var page struct {
			Tools      []tool `json:"tools"`
			NextCursor string `json:"nextCursor"`
		}
		raw, err := srv.Request(ctx, "tools/list", cursorParams(cursor), nil)
		if notProvided(err) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, err
		}
		list.Tools = append(list.Tools, page.Tools...)
		if cursor = page.NextCursor; cursor == "" {
			return list, nil
		}
	}
}

func cursorParams(cursor string) []byte {
	if cursor == "" {
		return nil
	}
	params, _ := json.Marshal(map[string]string{"cursor": cursor}) // strings always encode
	return params
}
