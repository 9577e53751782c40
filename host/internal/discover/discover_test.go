// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const script = "#!/bin/sh\n"

// put writes a file with exactly the given permissions.
func put(t *testing.T, path string, mode os.FileMode, content string) string {
	t.Helper()
	folder(t, filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func folder(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func names(found []Candidate) []string {
	var names []string
	for _, c := range found {
		names = append(names, c.Name)
	}
	return names
}

func TestExecutablesAndManifestFoldersArePlugins(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "hello"), 0o755, script)
	put(t, filepath.Join(dir, "count.sh"), 0o700, script)
	put(t, filepath.Join(dir, "py", "main"), 0o755, script)
	put(t, filepath.Join(dir, "py", ManifestFile), 0o644, "command: ./main\nargs: [--port, 8080]\n")

	found, skipped, err := Scan([]string{dir}, nil)
	if err != nil || len(skipped) != 0 {
		t.Fatalf("skipped %v, err %v", skipped, err)
	}
	if got, want := names(found), []string{"count", "hello", "py"}; !slices.Equal(got, want) {
		t.Fatalf("found %q, want %q", got, want)
	}
	py := found[2]
	if py.Command != filepath.Join(dir, "py", "main") || py.Dir != filepath.Join(dir, "py") || !slices.Equal(py.Args, []string{"--port", "8080"}) {
		t.Errorf("manifest was not resolved: %+v", py)
	}
}

func TestCommandsToCopyAreQuoted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here")
	if err := CheckDir(dir); err == nil || !strings.HasSuffix(err.Error(), `it'\''s here'`) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoPluginIsLeftAloneWithItsReason(t *testing.T) {
	outside := put(t, filepath.Join(t.TempDir(), "tool"), 0o755, script)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at(".hidden"), 0o755, script)
	put(t, at("new.part"), 0o755, script)
	put(t, at("old~"), 0o755, script)
	put(t, at("empty"), 0o755, "")
	put(t, at("README.md"), 0o644, "x")
	put(t, at("text"), 0o755, "This is no program.")
	put(t, at("short"), 0o755, "x")
	put(t, at("odd/main"), 0o755, "x")
	put(t, at("odd/"+ManifestFile), 0o644, "command: ./main\n")
	put(t, at("open"), 0o757, script)
	put(t, at("two__parts"), 0o755, script)
	put(t, at("-dash"), 0o755, script)
	put(t, at("dot.name"), 0o755, script)
	folder(t, at("bare"), 0o755)
	put(t, at("bad/"+ManifestFile), 0o644, "command: ./x\ncomand: y\n")
	put(t, at("gone/"+ManifestFile), 0o644, "command: ./missing\n")
	put(t, at("path/"+ManifestFile), 0o644, "command: no-such-program-anywhere\n")
	put(t, at("nodir/"+ManifestFile), 0o644, "command: sh\ndir: nowhere\n")
	put(t, at("nodir2/"+ManifestFile), 0o644, "command: sh\ndir: plugin.yaml\n")
	folder(t, at("nofile/"+ManifestFile), 0o755)
	put(t, at("loose/"+ManifestFile), 0o646, "command: ./x\n")
	put(t, at("shared/"+ManifestFile), 0o644, "command: ./x\n")
	if err := os.Chmod(at("shared"), 0o777); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"out": outside, "dangling": at("nowhere"), "in": at("README.md")} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}

	found, skipped, err := Scan([]string{dir}, nil)
	if err != nil || len(found) != 0 {
		t.Fatalf("found %v, err %v", names(found), err)
	}
	reasons := map[string]string{
		".hidden": "hidden", "new.part": "still being written", "old~": "still being written", "empty": "still being written",
		"README.md": "chmod +x", "text": "is no program", "short": "is no program", "odd": `"./main": is no program`, "open": "chmod o-w", "two__parts": "two underscores", "-dash": "does not begin",
		"dot.name": `holds '.'`, "bare": "without a plugin.yaml", "bad": `plugin.yaml:2:1: unknown key "comand"; did you mean "command"?`,
		"nodir": "nodir/nowhere cannot be used: no such file", "nodir2": "is not a directory", "nofile": "plugin.yaml is not a regular file",
		"gone": "no such file", "path": "not in PATH", "loose": "chmod o-w", "shared": "chmod o-w",
		"out": "leads out", "dangling": "nowhere", "in": "chmod +x",
	}
	if len(skipped) != len(reasons) {
		t.Errorf("%d skipped, want %d", len(skipped), len(reasons))
	}
	for _, s := range skipped {
		if want := reasons[filepath.Base(s.Path)]; want == "" || !strings.Contains(s.Reason, want) {
			t.Errorf("%s: reason %q does not say %q", filepath.Base(s.Path), s.Reason, want)
		}
	}
}

func TestLinkWithinTheDirectoryIsAPlugin(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, ".versions", "hello-2"), 0o755, script)
	if err := os.Symlink(filepath.Join(".versions", "hello-2"), filepath.Join(dir, "hello")); err != nil {
		t.Fatal(err)
	}
	found, _, err := Scan([]string{dir}, nil)
	if err != nil || !slices.Equal(names(found), []string{"hello"}) {
		t.Errorf("found %q, err %v", names(found), err)
	}
}

func TestUnusableDirectoryIsReportedAndTheOthersAreScanned(t *testing.T) {
	base := t.TempDir()
	good := filepath.Dir(put(t, filepath.Join(base, "good", "hello"), 0o755, script))
	dirs := []string{filepath.Join(base, "missing"), put(t, filepath.Join(base, "file"), 0o644, ""), folder(t, filepath.Join(base, "open"), 0o777), good}

	found, _, err := Scan(dirs, nil)
	if !slices.Equal(names(found), []string{"hello"}) {
		t.Errorf("found %q", names(found))
	}
	for _, want := range []string{"mkdir -p " + dirs[0], dirs[1] + ": is not a directory", "chmod o-w " + dirs[2]} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestFirstOfOneNameWins(t *testing.T) {
	base := t.TempDir()
	first := put(t, filepath.Join(base, "b", "hello.sh"), 0o755, script)
	put(t, filepath.Join(base, "a", "hello"), 0o755, script)
	found, skipped, err := Scan([]string{filepath.Join(base, "b"), filepath.Join(base, "a")}, nil)
	if err != nil || len(found) != 1 || found[0].Source != first {
		t.Fatalf("found %+v, err %v", found, err)
	}
	if len(skipped) != 1 || skipped[0].Name != "hello" || !strings.Contains(skipped[0].Reason, first) {
		t.Errorf("skipped %+v", skipped)
	}
}

func TestConfiguredPluginsComeFirstAndOverride(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "dir")
	put(t, filepath.Join(dir, "alpha"), 0o755, script)
	put(t, filepath.Join(dir, "off"), 0o755, script)
	put(t, filepath.Join(dir, "twin"), 0o755, script)
	put(t, filepath.Join(dir, "zeta", "run"), 0o755, script)
	put(t, filepath.Join(dir, "zeta", ManifestFile), 0o644,
		"command: ./run\nargs: [a]\nenv: {A: one, B: two}\nsettings: {x: 1, y: {z: 2}}\nlimits: {max_tools: 5}\n")
	other := put(t, filepath.Join(base, "other"), 0o755, script)
	no, prefix := false, ""

	found, skipped, err := Scan([]string{dir}, []Manifest{
		{Name: "zeta", Env: map[string]string{"B": "three"}, Settings: []byte(`{"y":[],"n":1e2}`), Prefix: &prefix},
		{Name: "twin", Path: other},
		{Name: "off", Enabled: &no},
		{Name: "ghost"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(found), []string{"zeta", "twin", "alpha"}; !slices.Equal(got, want) {
		t.Fatalf("found %q, want %q", got, want)
	}
	zeta := found[0]
	if got, want := string(zeta.Settings), `{"x":1,"y":[],"n":1e2}`; got != want {
		t.Errorf("settings %s, want %s", got, want)
	}
	if env := (map[string]string{"A": "one", "B": "three"}); !reflect.DeepEqual(zeta.Env, env) || *zeta.Prefix != "" || zeta.Limits.MaxTools != 5 {
		t.Errorf("not merged: %+v", zeta.Manifest)
	}
	if found[1].Command != other {
		t.Errorf("path of the configuration did not win: %+v", found[1])
	}
	reasons := fmt.Sprint(skipped)
	for _, want := range []string{"disabled in the configuration", "give it a path or a command", `"twin" is taken by the configuration`} {
		if !strings.Contains(reasons, want) {
			t.Errorf("reasons %s do not say %q", reasons, want)
		}
	}
	if len(skipped) != 3 {
		t.Errorf("skipped %+v", skipped)
	}
}

func TestConfiguredCommandIsFoundInPath(t *testing.T) {
	put(t, filepath.Join(t.TempDir(), "runner"), 0o755, script)
	dir := t.TempDir()
	command := put(t, filepath.Join(dir, "runner"), 0o755, script)
	t.Setenv("PATH", dir)
	found, skipped, err := Scan(nil, []Manifest{{Name: "r", Command: "runner"}, {Name: "s", Command: "absent"}})
	if err != nil || len(found) != 1 || found[0].Command != command {
		t.Errorf("found %+v, err %v", found, err)
	}
	if len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "not in PATH") {
		t.Errorf("skipped %+v", skipped)
	}
}

func TestConfiguredPluginThatIsMissedSaysSo(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "weather"), 0o755, script)
	put(t, filepath.Join(dir, "stiff"), 0o644, script)
	put(t, filepath.Join(dir, "other.md"), 0o644, "x")
	no := false
	found, skipped, err := Scan([]string{dir}, []Manifest{
		{Name: "wether"},
		{Name: "stiff"},
		{Name: "far"},
		{Name: "cmd", Command: "no-such-program-anywhere"},
		{Name: "file", Path: filepath.Join(dir, "gone")},
		{Name: "off", Enabled: &no, Path: filepath.Join(dir, "gone")},
	})
	if err != nil || !slices.Equal(names(found), []string{"weather"}) {
		t.Fatalf("found %q, err %v", names(found), err)
	}
	want := map[string]string{
		"wether": `a path or a command; did you mean "weather"?`,
		"stiff":  filepath.Join(dir, "stiff") + " cannot be used: not executable",
		"far":    "give it a path or a command",
		"cmd":    "not in PATH",
		"file":   "no such file",
	}
	for _, s := range skipped {
		reason, missed := want[s.Name]
		if s.Configured != missed && s.Path == "" || s.Configured && !strings.Contains(s.Reason, reason) {
			t.Errorf("%s: configured %v, reason %q, want one with %q", s.Name, s.Configured, s.Reason, reason)
		}
		if s.Configured {
			delete(want, s.Name)
		}
		if s.Name == "far" && strings.Contains(s.Reason, "did you mean") || s.Name == "off" && s.Reason != "disabled in the configuration" {
			t.Errorf("%s: reason %q", s.Name, s.Reason)
		}
	}
	if len(want) != 0 {
		t.Errorf("not reported as configured: %v", want)
	}
}

func TestProgramsAreKnownByTheirFirstBytes(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"elf": "\x7fELF\x02", "pe": "MZ\x90\x00", "macho": "\xcf\xfa\xed\xfe", "fat": "\xca\xfe\xba\xbe", "script": "#!"} {
		if path := put(t, filepath.Join(dir, name), 0o755, content); !runnable(path) {
			t.Errorf("%s is taken for no program", name)
		}
	}
	for name, content := range map[string]string{"text": "echo hello", "one": "M", "json": "{}"} {
		if path := put(t, filepath.Join(dir, name), 0o755, content); runnable(path) {
			t.Errorf("%s is taken for a program", name)
		}
	}
}

func TestScanIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a", "c", "x.md", ".y"} {
		put(t, filepath.Join(dir, name), 0o755, script)
	}
	first, skippedFirst, _ := Scan([]string{dir}, nil)
	for range 10 {
		again, skipped, _ := Scan([]string{dir}, nil)
		if !reflect.DeepEqual(first, again) || !reflect.DeepEqual(skippedFirst, skipped) {
			t.Fatal("two scans of one directory differ")
		}
	}
}
