// SPDX-License-Identifier: Apache-2.0

// Command files is the plugin that lets a client list, read, search, write and
// edit files, only inside the directories that its settings name. What the
// tools do is in internal/tree; this package offers it through pluginapi and
// knows neither paths nor files.
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
