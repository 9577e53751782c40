// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

// ownType is the class that a file of Java is named after.
var ownType = regexp.MustCompile(`(?m)^(?:public )?(?:final )?(?:class|record|interface|enum) (\w+)`)

// Every block is a file, compiled against a plugin that holds the whole kit.
func TestJavaBlocksCompileAgainstTheKit(t *testing.T) {
	plugin := testenv.Plugin(t, "java", root, "tour-java")
	for i, b := range blocks(t, "java") {
		t.Run(fmt.Sprintf("%s:%d", filepath.Base(b.page), b.line), func(t *testing.T) {
			named := ownType.FindStringSubmatch(b.text)
			if named == nil {
				t.Fatal("there is no class in this block")
			}
			dir := filepath.Join(t.TempDir(), fmt.Sprint(i))
			path := filepath.Join(dir, named[1]+".java")
			write(t, path, b.text)
			if out, err := run(t, dir, nil, "javac", "-Xlint:all,-processing", "-Werror", "-proc:none",
				"-cp", filepath.Join(plugin, "target", "tour-java.jar"), "-d", dir, path); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
