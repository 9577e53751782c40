// SPDX-License-Identifier: Apache-2.0

// Package python holds the sources of the author kit for Python, which
// "mcphost plugin new" writes into projects.
package python

import "embed"

// Source is the kit as it is published, without its tests.
//
//go:embed pyproject.toml README.md mcphost_plugin/*.py mcphost_plugin/py.typed
//go:embed mcphost_plugin/_proto/*.py mcphost_plugin/_proto/*.pyi
var Source embed.FS
