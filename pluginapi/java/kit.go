// SPDX-License-Identifier: Apache-2.0

// Package java holds the sources of the author kit for Java, which "mcphost
// plugin new" writes into projects.
package java

import "embed"

// Source is the kit as it is published, without its tests.
//
//go:embed pom.xml README.md Makefile src/main
var Source embed.FS
