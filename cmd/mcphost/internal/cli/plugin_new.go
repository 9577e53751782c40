// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/cmd/mcphost/internal/scaffold"
	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/internal/shell"
)

type newFlags struct {
	lang   string
	dir    string
	kit    string
	asJSON bool
}

func (a *app) pluginNewCommand() *cobra.Command {
	var f newFlags
	languages := strings.Join(scaffold.Languages(), ", ")
	cmd := &cobra.Command{
		Use:   "new NAME --lang LANGUAGE",
		Short: "Make a plugin project that builds and passes its tests",
		Long: `new makes a project with one tool, its test, a Makefile, a plugin.yaml and a
README. It builds, and passes "mcphost plugin test", as it is.

The project brings the author kit of its language along, in kit/. With --kit it
refers to another folder instead: that of a kit, or a clone of mcphost. A project
in Go requires the module of mcphost in the version of this program, if that is a
release.`,
		Example: `  mcphost plugin new weather --lang python
  mcphost plugin new weather --lang go --kit ~/src/mcphost`,
		Args: oneArg("NAME of the plugin"),
		RunE: func(_ *cobra.Command, args []string) error { return a.pluginNew(args[0], &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.lang, "lang", "", "language: "+languages)
	flags.StringVar(&f.dir, "dir", "", "folder to make (default ./NAME)")
	flags.StringVar(&f.kit, "kit", "", "folder of the author kit, or of a clone of mcphost")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) pluginNew(name string, f *newFlags) error {
	if f.lang == "" {
		return withCode(exitUsage, errors.New("plugin new: say the language: --lang "+strings.Join(scaffold.Languages(), "|")))
	}
	if fault := host.PluginNameFault(name); fault != "" {
		return withCode(exitUsage, errors.New("plugin new: "+fault))
	}
	dir := f.dir
	if dir == "" {
		dir = name
	}
	project := scaffold.Project{Name: name, Lang: f.lang, Dir: dir, Kit: f.kit, Version: releaseOf(a.env.Version)}
	files, err := scaffold.New(project)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("plugin new: %w", err))
	}
	if f.asJSON {
		return a.printValue(map[string]any{"name": name, "lang": f.lang, "dir": dir, "files": files, "needs": project.Needs()})
	}
	var b strings.Builder
	for _, file := range files {
		if !strings.HasPrefix(file, "kit/") {
			fmt.Fprintln(&b, filepath.Join(dir, filepath.FromSlash(file)))
		}
	}
	a.note("made the plugin %s; next:\n  cd %s\n  make build test\n  mcphost plugin test .\nto install it, a plugin directory needs of it, in a folder: %s",
		name, shell.Word(dir), strings.Join(project.Needs(), ", "))
	return a.print([]byte(b.String()))
}

var release = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)$`)

// releaseOf is the version as the go command knows it, or "" if it knows none.
func releaseOf(version string) string {
	match := release.FindStringSubmatch(version)
	if match == nil {
		return ""
	}
	return "v" + match[1]
}
