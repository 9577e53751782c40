// SPDX-License-Identifier: Apache-2.0

// Package typescript holds the sources of the author kit for TypeScript, which
// "mcphost plugin new" writes into projects.
package typescript

import "embed"

// Source is the kit as it is published, without its tests. A project compiles
// it once.
//
//go:embed .npmrc README.md package.json package-lock.json tsconfig.json src
var Source embed.FS
