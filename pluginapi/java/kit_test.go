// SPDX-License-Identifier: Apache-2.0

package java_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/pluginapi/java"
)

// The kit brings its own copy of the protocol, to be built where there is no
// other.
func TestProtocolOfTheKitIsTheProtocol(t *testing.T) {
	const ours, theirs = "src/main/proto/mcphost/plugin/v1", "../../proto/mcphost/plugin/v1"
	originals, err := filepath.Glob(filepath.Join(theirs, "*.proto"))
	if err != nil || len(originals) == 0 {
		t.Fatalf("there is no protocol: %v", err)
	}
	copies, err := fs.ReadDir(java.Source, ours)
	if err != nil || len(copies) != len(originals) {
		t.Fatalf("the kit has %d of %d files (%v): run make -C pluginapi/java generate", len(copies), len(originals), err)
	}
	for _, original := range originals {
		want, err := os.ReadFile(original)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fs.ReadFile(java.Source, ours+"/"+filepath.Base(original))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v): run make -C pluginapi/java generate", filepath.Base(original), err)
		}
	}
}
