// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

// crate depends on the author kit as a plugin does.
const crate = `[package]
name = "documentation"
version = "0.0.0"
edition = "2021"

[dependencies]
mcphost-plugin = { path = %q }
schemars = "1"
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[workspace]
`

// Every block is a module of one crate, and its tests are run.
func TestRustBlocksCompileAgainstTheKit(t *testing.T) {
	env := testenv.Builder(t, "rust")
	kit, err := filepath.Abs(filepath.Join(root, "pluginapi", "rust"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Cargo.toml"), fmt.Sprintf(crate, kit))
	var lib strings.Builder
	lib.WriteString("#![deny(warnings)]\n#![allow(dead_code)]\n")
	for i, b := range blocks(t, "rust") {
		name := fmt.Sprintf("block%d", i)
		write(t, filepath.Join(dir, "src", name+".rs"), fmt.Sprintf("// %s:%d\n%s", b.page, b.line, b.text))
		fmt.Fprintf(&lib, "mod %s;\n", name)
	}
	write(t, filepath.Join(dir, "src", "lib.rs"), lib.String())
	if out, err := run(t, dir, env, "cargo", "test", "--lib"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
