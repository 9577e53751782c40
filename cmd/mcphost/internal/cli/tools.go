// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host"
)

const (
	codeInvalidParams = -32602
	// metaSources is where an incomplete list reports on the plugins behind it.
	metaSources = "io.github.mcphost/sources"
)

func (a *app) toolsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "tools",
		Short: "List the tools of all plugins",
		Long: `tools starts every plugin, prints what they offer and stops them. When a plugin
fails, the tools of the others are printed and the exit code is 5.`,
		Example: `  mcphost tools --plugins ./plugins
  mcphost tools --json | jq -r '.tools[].name'`,
		Args: cobra.NoArgs,
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
	srv, _, err := a.server(cfg, hclog.Error)
	if err != nil {
		return err
	}
	defer closing(ctx, cfg, srv, &err)()
	list, err := listTools(ctx, srv)
	if err != nil {
		return requestFault("tools", err)
	}
	if asJSON {
		err = a.printValue(list)
	} else {
		rows := [][]string{{"NAME", "DESCRIPTION"}}
		for _, tool := range list.Tools {
			rows = append(rows, []string{tool.Name, summary(tool.Title, tool.Description)})
		}
		err = a.printTable(rows)
	}
	return errors.Join(err, pluginFaults(list.Failed))
}

// toolList is all tools, and the plugins that could not list theirs.
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

type failedPlugin struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// listTools reads all pages. The server was configured to wait for all plugins
// that may still settle.
func listTools(ctx context.Context, srv *host.Server) (*toolList, error) {
	list := &toolList{Tools: []tool{}}
	cursor := ""
	for {
		var page struct {
			Tools      []tool                     `json:"tools"`
			NextCursor string                     `json:"nextCursor"`
			Meta       map[string]json.RawMessage `json:"_meta"`
		}
		raw, err := srv.Request(ctx, "tools/list", cursorParams(cursor), nil)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &page); err != nil {
			return nil, err
		}
		list.Tools = append(list.Tools, page.Tools...)
		if list.Failed, err = failedOf(page.Meta[metaSources]); err != nil {
			return nil, err
		}
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

// failedOf returns the plugins that are not ready, by name.
func failedOf(sources json.RawMessage) ([]failedPlugin, error) {
	if sources == nil {
		return nil, nil
	}
	var byName map[string]failedPlugin
	if err := json.Unmarshal(sources, &byName); err != nil {
		return nil, err
	}
	var failed []failedPlugin
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if p := byName[name]; p.State != "ready" {
			p.Name = name
			failed = append(failed, p)
		}
	}
	return failed, nil
}

// pluginFaults is the error about plugins that failed, nil if none did.
func pluginFaults(failed []failedPlugin) error {
	var errs []error
	for _, p := range failed {
		errs = append(errs, fmt.Errorf("plugin %s: %s: %s", p.Name, p.State, oneLine(p.Reason)))
	}
	return withCode(exitPlugins, errors.Join(errs...))
}

// requestFault explains an error of the server. One about all plugins comes
// with the state of each.
func requestFault(what string, err error) error {
	refused := (*host.Error)(nil)
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", what, err)
	}
	fault := fmt.Errorf("%s: %s", what, refused.Message)
	var data struct {
		Sources []failedPlugin `json:"sources"`
	}
	if json.Unmarshal(refused.Data, &data) != nil || len(data.Sources) == 0 {
		return fault
	}
	return withCode(exitPlugins, errors.Join(fault, pluginFaults(data.Sources)))
}
