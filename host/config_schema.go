// SPDX-License-Identifier: Apache-2.0

package host

import (
	"embed"
	"fmt"
)

//go:embed schema/*.schema.json
var schemas embed.FS

// ConfigSchema returns the JSON Schema of mcphost.yaml, for editors.
func ConfigSchema() ([]byte, error) { return readSchema("mcphost") }

// PluginSchema returns the JSON Schema of plugin.yaml, for editors.
func PluginSchema() ([]byte, error) { return readSchema("plugin") }

func readSchema(name string) ([]byte, error) {
	data, err := schemas.ReadFile("schema/" + name + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return data, nil
}
