// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// commandError words the failure to run the command at all.
func (p *Plugin) commandError(err error) error {
	err = fmt.Errorf("cannot run %q: %w%s", p.cfg.Command, err, missing(p.cfg.Command, p.cfg.Dir, err))
	for _, lasting := range []error{
		fs.ErrNotExist, fs.ErrPermission, exec.ErrNotFound, exec.ErrDot, syscall.ENOEXEC, syscall.ENOTDIR,
	} {
		if errors.Is(err, lasting) {
			return permanentError{err}
		}
	}
	return err
}

// missing says what the system does not: it reports the command itself as
// missing when the program is that the command needs to run.
func missing(command, dir string, err error) string {
	if !errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if _, err := os.Stat(dir); dir != "" && err != nil {
		return fmt.Sprintf(": its working directory %s cannot be used", dir)
	}
	file, err := os.Open(command)
	if err != nil {
		return ""
	}
	defer file.Close()        // only read
	head := make([]byte, 256) // as much as a kernel reads
	n, _ := io.ReadFull(file, head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	script, ok := strings.CutPrefix(line, "#!")
	if ok && strings.HasSuffix(script, "\r") {
		return ": the file is there, but its lines end as on Windows, with CR LF; save it with LF alone"
	}
	if ok {
		return fmt.Sprintf(": the file is there, but not the program of its first line, %s", clean(strings.TrimSpace(script)))
	}
	return ": the file is there, but not what loads it, such as another system's libc"
}
