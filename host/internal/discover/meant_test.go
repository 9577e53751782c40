// SPDX-License-Identifier: Apache-2.0

//go:build unix

package discover

import (
	"os"
	"path/filepath"
	"testing"
)

// Whoever puts a plugin into the directory wants to hear that it is left alone;
// nobody wants to hear that of a README.
func TestSkippedPluginsAreToldFromOtherFiles(t *testing.T) {
	dir := t.TempDir()
	make := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	const script = "#!/bin/sh\n"
	make("open", script, 0o777)
	make("two__parts", script, 0o755)
	make("forgotten.sh", script, 0o644)
	make("typo/plugin.yaml", "comand: x\n", 0o644)
	make("README.md", "# Plugins\n", 0o644)
	make("data/x.csv", "a,b\n", 0o644)
	make(".hidden", script, 0o755)
	make("new.tmp", script, 0o755)
	make("empty", "", 0o755)

	_, skipped, err := Scan([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, skip := range skipped {
		got[filepath.Base(skip.Path)] = skip.Meant
	}
	for name, want := range map[string]bool{
		"open": true, "two__parts": true, "forgotten.sh": true, "typo": true,
		"README.md": false, "data": false, ".hidden": false, "new.tmp": false, "empty": false,
	} {
		if meant, ok := got[name]; !ok || meant != want {
			t.Errorf("%s: skipped %t, meant %t, want %t", name, ok, meant, want)
		}
	}
}
