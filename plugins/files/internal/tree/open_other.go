// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package tree

import (
	"io/fs"
	"os"
)

// openNonblock is nothing where no FIFO can stand in a directory.
const openNonblock = 0

// keepOwner does nothing: a replaced file inherits from its directory.
func keepOwner(*os.File, fs.FileInfo) {}
