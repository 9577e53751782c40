// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"github.com/mcphost/mcphost"
	"github.com/mcphost/mcphost/pluginapi/java"
	"github.com/mcphost/mcphost/pluginapi/python"
	"github.com/mcphost/mcphost/pluginapi/rust"
	"github.com/mcphost/mcphost/pluginapi/typescript"
)

// languages are those that there are templates for, as help lists them.
func languages() []language {
	return []language{
		{name: "go", kit: mcphost.Source, published: true},
		{name: "python", kit: python.Source},
		{name: "typescript", kit: typescript.Source},
		{name: "rust", kit: rust.Source},
		{name: "java", kit: java.Source},
	}
}
