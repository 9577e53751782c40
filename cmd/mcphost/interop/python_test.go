// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"path/filepath"
	"testing"

	"github.com/mcphost/mcphost/internal/testenv"
)

func TestOfficialPythonClientHasEveryAbility(t *testing.T) {
	source := filepath.Join("testdata", "py")
	interpreter := testenv.Python(t, filepath.Join(source, "requirements.txt"))
	eachStage(t, python, []string{legacy, modern2026, auto}, func(t *testing.T, s stage) {
		s.run(t, interpreter, filepath.Join(source, "abilities.py"))
	})
}
