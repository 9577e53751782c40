// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"io/fs"
	"path/filepath"
	"strings"
)

// executable goes by the name: a file has no such permission on Windows.
func executable(info fs.FileInfo) bool {
	return strings.EqualFold(filepath.Ext(info.Name()), ".exe")
}

// worldWritable cannot be told from a file's mode on Windows: access lists,
// which are not looked at, decide who may write.
func worldWritable(fs.FileInfo) bool { return false }

func notExecutable(string) string { return "not an .exe file" }
