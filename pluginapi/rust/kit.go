// SPDX-License-Identifier: Apache-2.0

// Package rust holds the sources of the author kit for Rust, which "mcphost
// plugin new" writes into projects.
package rust

import "embed"

// Source is the kit as it is published, without its tests with real processes.
//
//go:embed Cargo.toml README.md src
var Source embed.FS
