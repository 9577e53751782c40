// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

// Every block is a module, checked as strictly as the kit's own, beside the
// packages of a plugin that uses it.
func TestTypeScriptBlocksCompileAgainstTheKit(t *testing.T) {
	plugin := testenv.Plugin(t, "typescript", root, "tour-typescript")
	dir, err := os.MkdirTemp(plugin, "documentation-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	write(t, filepath.Join(dir, "tsconfig.json"), `{"compilerOptions": {"noEmit": true, "strict": true, "skipLibCheck": true,
		"module": "nodenext", "target": "es2022", "types": ["node"]}}`)
	for i, b := range blocks(t, "typescript") {
		write(t, filepath.Join(dir, fmt.Sprintf("block%d.ts", i)), fmt.Sprintf("// %s:%d\n%s\nexport {};\n", b.page, b.line, b.text))
	}
	if out, err := run(t, dir, nil, filepath.Join(plugin, "node_modules", ".bin", "tsc"), "-p", dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
