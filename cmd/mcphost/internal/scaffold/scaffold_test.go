// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// clone is a folder that looks like a clone of mcphost.
func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod")
	for lang, mark := range marks() {
		write(filepath.Join("pluginapi", lang, mark))
	}
	return dir
}

func TestEveryLanguageHasAWholeProject(t *testing.T) {
	kit := clone(t)
	for _, lang := range Languages() {
		for _, name := range []string{"weather", "my-tool", "Tool_2", "2fast", "x"} {
			t.Run(lang+"/"+name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "a", "b")
				files, err := New(Project{Name: name, Lang: lang, Dir: dir, Kit: kit})
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{".gitignore", "Makefile", "README.md", "plugin.yaml"} {
					if !slices.Contains(files, want) {
						t.Errorf("there is no %s in %v", want, files)
					}
				}
				check(t, dir, files)
			})
		}
	}
}

// check fails if a file is not there, or holds a mark of a template or a value
// that was none.
func check(t *testing.T, dir string, files []string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Error(err)
		}
		for _, mark := range []string{"<%", "%>", "<no value>", ".tmpl"} {
			if strings.Contains(string(text), mark) {
				t.Errorf("%s holds %s", file, mark)
			}
		}
	}
}

func TestProjectBringsItsKitAlong(t *testing.T) {
	for _, l := range languages() {
		dir := filepath.Join(t.TempDir(), "p")
		files, err := New(Project{Name: "p", Lang: l.name, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(files, "kit/"+marks()[l.name]) {
			t.Errorf("%s: there is no kit in %v", l.name, files)
		}
		for _, file := range files {
			inKit, ok := strings.CutPrefix(file, "kit/")
			if ok && (strings.HasSuffix(inKit, "_test.go") || strings.HasPrefix(inKit, "tests/") || inKit == "kit.go") {
				t.Errorf("%s: the kit holds %s", l.name, file)
			}
		}
	}
}

func TestReleaseIsRequiredByItsVersion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	if _, err := New(Project{Name: "p", Lang: "go", Dir: dir, Version: "v1.2.3"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !strings.Contains(string(text), "mcphost v1.2.3") || strings.Contains(string(text), "replace") {
		t.Errorf("%s %v", text, err)
	}
}

func TestProjectInGoBuildsWhateverItsName(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	kit := filepath.Join(t.TempDir(), "a kit") // white space has to be quoted in go.mod
	if _, err := New(Project{Name: "p", Lang: "go", Dir: kit}); err != nil {
		t.Fatal(err)
	}
	// Names of packages that the plugin imports, of no importable one, and of
	// one that the go command does not accept.
	for _, name := range []string{"time", "log", "main", "con", "2fast"} {
		p := Project{Name: name, Lang: "go", Dir: filepath.Join(t.TempDir(), name), Kit: filepath.Join(kit, "kit")}
		if _, err := New(p); err != nil {
			t.Fatal(err)
		}
		// What listing finds of the imports is what building found wrong.
		args := []string{"list", "-mod=mod", "-deps", "-test", "."}
		if name == "time" {
			args = []string{"build", "-mod=mod", "-o", filepath.Join(p.Dir, "bin", name), "."}
		}
		cmd := exec.Command("go", args...)
		cmd.Dir = p.Dir
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GONOSUMDB=*", "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestProjectHasWhatItNeeds(t *testing.T) {
	for _, lang := range Languages() {
		p := Project{Name: "my_tool", Lang: lang, Dir: filepath.Join(t.TempDir(), "p")}
		files, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		needs := p.Needs()
		if !slices.Contains(needs, "plugin.yaml") || len(needs) < 2 {
			t.Errorf("%s: needs %v", lang, needs)
		}
		manifest, err := os.ReadFile(filepath.Join(p.Dir, "plugin.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		// What is run is made by the build, or is there.
		for _, need := range needs {
			top, _, _ := strings.Cut(need, "/")
			ignored, err := os.ReadFile(filepath.Join(p.Dir, ".gitignore"))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(files, need) && !strings.Contains(string(ignored), top+"/") {
				t.Errorf("%s: %s is neither in the project nor built", lang, need)
			}
		}
		if !slices.ContainsFunc(needs, func(need string) bool { return strings.Contains(string(manifest), need) }) {
			t.Errorf("%s: %s runs none of %v", lang, manifest, needs)
		}
	}
}

func TestFolderInUseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Project{Name: "p", Lang: "go", Dir: dir, Version: "v1.0.0"}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	top := t.TempDir()
	if err := os.WriteFile(filepath.Join(top, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Project{Name: "p", Lang: "go", Dir: filepath.Join(top, "file", "p"), Version: "v1.0.0"}); err == nil {
		t.Error("a project was made below a file")
	}
	for name, p := range map[string]Project{
		"there are":   {Name: "p", Lang: "cobol", Dir: filepath.Join(top, "p")},
		"no kit for":  {Name: "p", Lang: "go", Dir: filepath.Join(top, "p"), Kit: top},
		"white space": {Name: "p", Lang: "typescript", Dir: filepath.Join(top, "p"), Kit: filepath.Join(top, "a kit")},
	} {
		if _, err := New(p); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	if entries, err := os.ReadDir(top); err != nil || len(entries) != 1 {
		t.Errorf("left are %v %v", entries, err)
	}
}

func TestNamesFitTheirLanguage(t *testing.T) {
	for name, want := range map[string][2]string{
		"weather":  {"weather", "Weather"},
		"my-tool":  {"my_tool", "MyTool"},
		"Tool_2":   {"tool_2", "Tool2"},
		"2fast":    {"plugin_2fast", "Plugin2fast"},
		"a-_b":     {"a__b", "AB"},
		"ends-in-": {"ends_in_", "EndsIn"},
	} {
		if got := [2]string{identifier(name), camel(name)}; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
