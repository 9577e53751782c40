// SPDX-License-Identifier: Apache-2.0

// Package mcphost holds the sources of the author kit for Go, which "mcphost
// plugin new" writes into projects where the go command could not find the kit
// as a published version. It is here because no other folder is above all of
// them.
package mcphost

import "embed"

// Source is a module with the packages that a plugin imports.
//
//go:embed go.mod go.sum pluginapi/*.go pluginapi/plugintest/*.go proto/mcphost/plugin/v1/*.go
var Source embed.FS
