// SPDX-License-Identifier: Apache-2.0

package testenv_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

func TestMissingThingsSkipUnlessRequired(t *testing.T) {
	for _, test := range []struct {
		require         string
		err             error
		skipped, failed bool
	}{
		{"", nil, false, false},
		{"python", nil, false, false},
		{"", errors.New("none"), true, false},
		{"node", errors.New("none"), true, false},
		{"node,python", errors.New("none"), false, true},
	} {
		t.Setenv("REQUIRE", test.require)
		rec := &recorder{TB: t}
		testenv.Require(rec, "python", test.err)
		if rec.skipped != test.skipped || rec.failed != test.failed {
			t.Errorf("REQUIRE=%q, %v: skipped %v, failed %v", test.require, test.err, rec.skipped, rec.failed)
		}
	}
}

func TestUnreadableRequirementsAreAReasonToSkip(t *testing.T) {
	t.Setenv("REQUIRE", "")
	list := filepath.Join(t.TempDir(), "requirements.txt") // is not there
	rec := &recorder{TB: t}
	testenv.Python(rec, list)
	if !rec.skipped {
		t.Error("not skipped")
	}
}

// recorder is a test that goes on after its end.
type recorder struct {
	testing.TB
	skipped, failed bool
}

func (r *recorder) Skipf(string, ...any)  { r.skipped = true }
func (r *recorder) Fatalf(string, ...any) { r.failed = true }
