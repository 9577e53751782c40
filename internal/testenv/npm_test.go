// SPDX-License-Identifier: Apache-2.0

package testenv_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

func TestPackagesWithoutALockAreAReasonToSkip(t *testing.T) {
	t.Setenv("REQUIRE", "")
	t.Setenv("MCPHOST_TEST_CACHE", t.TempDir())
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	rec := &recorder{TB: t}
	testenv.NPM(rec, dir)
	if !rec.skipped {
		t.Error("not skipped")
	}
}
