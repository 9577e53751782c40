// SPDX-License-Identifier: Apache-2.0

// Command sqlite is the plugin that lets a client query SQLite databases, read
// their schema, and, where the operator allows it, change them. What a statement
// may do and take is in internal/database; this package offers it through
// pluginapi and knows neither files nor SQLite.
package main

import (
	"os"
	"runtime/debug"
)

func main() {
	os.Exit(newPlugin(version()).Main())
}

// version is that of the module the plugin was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
