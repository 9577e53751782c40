// SPDX-License-Identifier: Apache-2.0

// Command fetch is the plugin that lets a client read what is at a URL. How it is
// fetched, and what is refused, is in internal/web; how HTML becomes text, in
// internal/page. This package joins them and offers them through pluginapi.
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
