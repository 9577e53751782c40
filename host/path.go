// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mcphost/mcphost/host/internal/discover"
)

// PluginAt configures the plugin at path, an executable or a folder with a
// plugin.yaml, under the name that it would have in a plugin directory. For a
// plugin.yaml itself it is the plugin of that folder.
func PluginAt(path string) (PluginConfig, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return PluginConfig{}, fmt.Errorf("plugin %s: %w", path, err)
	}
	if filepath.Base(full) == discover.ManifestFile {
		full = filepath.Dir(full)
	}
	info, err := os.Stat(full)
	if err != nil {
		return PluginConfig{}, fmt.Errorf("plugin %s: %w", path, err)
	}
	name := filepath.Base(full)
	if !info.IsDir() {
		name = discover.IdentityOf(full)
	}
	if fault := discover.IdentityFault(name); fault != "" {
		return PluginConfig{}, fmt.Errorf("plugin %s: the name %s", path, fault)
	}
	return PluginConfig{Name: name, Path: full}, nil
}

// PluginNameFault says why a plugin cannot have that name, or "" if it can.
func PluginNameFault(name string) string { return discover.IdentityFault(name) }

// Reload starts a new process of one plugin and lets it take the place of the
// old one, or of a failure of any kind; changed lists are announced. On error a
// plugin that ran still does. Calls in flight have the grace of the old process
// to end. What its plugin.yaml says is read when the plugins are discovered, at
// the first read, and not again.
func (s *Server) Reload(ctx context.Context, name string) error { return s.registry.Reload(ctx, name) }
