// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package discover

import (
	"io/fs"

	"github.com/mcphost/mcphost/internal/shell"
)

func executable(info fs.FileInfo) bool { return info.Mode().Perm()&0o111 != 0 }

func worldWritable(info fs.FileInfo) bool { return info.Mode().Perm()&0o002 != 0 }

func notExecutable(path string) string {
	return "not executable; if it is a plugin: chmod +x " + shell.Word(path)
}
