// SPDX-License-Identifier: Apache-2.0

// Package scaffold turns a name and a language into a plugin project that
// builds, tests itself and passes the contract as it is. It knows the templates,
// and where a project finds the author kit of its language. It knows nothing of
// how plugins are built or run.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"
)

// Templates end in .tmpl, so that no tool takes them for sources of this
// repository. "all:" is for those that begin with a dot.
//
//go:embed all:templates
var templates embed.FS

// A Project is what is to be made.
type Project struct {
	Name string // the plugin's; becomes part of other names, as each language has them
	Lang string // one of Languages
	Dir  string // made if it is not there; must be empty
	Kit  string // a folder that holds the author kit; empty: the one in this program
	// Version is that of this program: what a project in Go requires instead of
	// bringing the kit along. Empty: none that the go command could find.
	Version string
}

// A language is how projects in it are made.
type language struct {
	name string
	kit  fs.FS // what is written to kit/
	// published: the tools of the language find the kit of a release by its
	// version, so that the project need not bring it along.
	published bool
}

// bringsKit reports whether the project has a copy of the kit.
func (p *Project) bringsKit(l language) bool {
	return p.Kit == "" && (!l.published || p.Version == "")
}

// Languages are those that there are templates for.
func Languages() []string {
	var names []string
	for _, l := range languages() {
		names = append(names, l.name)
	}
	return names
}

// New makes the project and returns its files, in order, relative to its
// folder. It makes all of them or, on error, none.
func New(p Project) (files []string, err error) {
	at := slices.IndexFunc(languages(), func(l language) bool { return l.name == p.Lang })
	if at < 0 {
		return nil, fmt.Errorf("language %q: there are %s", p.Lang, strings.Join(Languages(), ", "))
	}
	l := languages()[at]
	contents, err := p.render(l)
	if err != nil {
		return nil, err
	}
	made, err := claim(p.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo(p.Dir, made))
		}
	}()
	for name, content := range contents {
		if err := write(filepath.Join(p.Dir, filepath.FromSlash(name)), content); err != nil {
			return nil, err
		}
		files = append(files, name)
	}
	slices.Sort(files)
	return files, nil
}

// render returns the content of every file, by its name.
func (p *Project) render(l language) (map[string][]byte, error) {
	data, err := p.values(l)
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{}
	top := "templates/" + l.name
	err = fs.WalkDir(templates, top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, top+"/"), ".tmpl")
		contents[name], err = fill(path, data)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !p.bringsKit(l) {
		return contents, nil
	}
	return contents, addKit(contents, l.kit)
}

// addKit adds the kit's files below kit/, without its tests.
func addKit(contents map[string][]byte, kit fs.FS) error {
	return fs.WalkDir(kit, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		contents["kit/"+path], err = fs.ReadFile(kit, path)
		return err
	})
}

// values are what a template can say.
type values struct {
	Name    string // as the plugin is called
	Ident   string // the same with nothing but lower-case letters, digits and "_", beginning with a letter
	Kebab   string // the same with "-"
	Class   string // the same in CamelCase
	Kit     string // the folder of the kit, relative or absolute, with slashes; empty: a published version
	Own     bool   // whether that is a folder of the project itself
	Version string
}

func (p *Project) values(l language) (values, error) {
	v := values{Name: p.Name, Ident: identifier(p.Name), Kebab: kebab(p.Name), Class: camel(p.Name), Version: p.Version}
	if p.bringsKit(l) {
		v.Kit, v.Own = "kit", true
	}
	if p.Kit == "" {
		return v, nil
	}
	kit, err := filepath.Abs(p.Kit)
	if err != nil {
		return v, fmt.Errorf("kit: %w", err)
	}
	if strings.ContainsAny(kit, " \t") && l.name == "typescript" {
		return v, fmt.Errorf("kit %s: make cannot build a kit in a folder with white space in its name; move it", kit)
	}
	kit, err = findKit(kit, l.name)
	v.Kit = filepath.ToSlash(kit)
	return v, err
}

// marks are the files by which the kit of a language is known.
func marks() map[string]string {
	return map[string]string{"go": "go.mod", "python": "pyproject.toml", "typescript": "package.json", "rust": "Cargo.toml", "java": "pom.xml"}
}

// findKit returns the folder of the kit: the one that was named, or that of the
// language in the clone that was named.
func findKit(named, lang string) (string, error) {
	for _, dir := range []string{named, filepath.Join(named, "pluginapi", lang)} {
		if _, err := os.Stat(filepath.Join(dir, marks()[lang])); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("kit %s: holds no kit for %s: name the folder with its %s, or a clone of mcphost", named, lang, marks()[lang])
}

func fill(path string, data values) ([]byte, error) {
	text, err := templates.ReadFile(path)
	if err != nil {
		return nil, err
	}
	quote := template.FuncMap{"quote": strconv.Quote} // as Go, go.mod and TOML have strings
	t, err := template.New(path).Delims("<%", "%>").Funcs(quote).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// claim makes the folder, or sees that it is empty. made is the outermost folder
// that was not there before; "" if all were.
func claim(dir string) (made string, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return "", fmt.Errorf("%s is not empty: choose another folder", dir)
	case err == nil:
		return "", nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	made = dir
	for {
		parent := filepath.Dir(made)
		if _, err := os.Stat(parent); err == nil || parent == made {
			break
		}
		made = parent
	}
	return made, os.MkdirAll(dir, 0o755)
}

// undo removes what was made in a folder that was empty, and the folder if it
// was not there.
func undo(dir, made string) error {
	if made != "" {
		return os.RemoveAll(made)
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
