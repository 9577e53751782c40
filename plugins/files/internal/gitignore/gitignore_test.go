// SPDX-License-Identifier: Apache-2.0

package gitignore

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestOneFileFollowsThePatternLanguage(t *testing.T) {
	tests := []struct {
		pattern, path string // a path that ends in "/" is a directory
		want          bool
	}{
		{"foo", "foo", true},
		{"foo", "a/b/foo", true},
		{"foo", "foobar", false},
		{"/foo", "foo", true},
		{"/foo", "a/foo", false},
		{"a/b", "a/b", true},
		{"a/b", "x/a/b", false},
		{"foo/", "foo", false},
		{"foo/", "foo/", true},
		{"foo/", "a/foo/", true},
		{"*.o", "a/b.o", true},
		{"a/*.o", "a/b.o", true},
		{"a/*.o", "a/b/c.o", false},
		{"**/b", "b", true},
		{"**/b", "x/y/b", true},
		{"a/**", "a/x/y", true},
		{"a/**", "a/", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "ab", false},
		{"a**b", "axxb", true},
		{"a/x**b", "a/x/b", false},
		{"/x**/b", "x/y/b", false},
		{"?", "é", false}, // two bytes, and git counts bytes
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[]x]", "]", true},
		{"[[:digit:]]", "7", true},
		{"[[:nope:]]", "n", false},
		{"[a", "[a", false},
		{"{a,b}", "a", false},
		{"{a,b}", "{a,b}", true},
		{`\#x`, "#x", true},
		{"#x", "#x", false},
		{`\!x`, "!x", true},
		{`x\ `, "x ", true},
		{"x  ", "x", true},
		{`x\`, "x", false},
		{"x\r", "x", true},
		{"\ufeffx", "x", true},
	}
	for _, test := range tests {
		rules := (*Rules)(nil).Add("", []byte(test.pattern))
		name, isDir := strings.CutSuffix(test.path, "/")
		if got := rules.Ignored(name, isDir); got != test.want {
			t.Errorf("%q on %q: ignored is %v, want %v", test.pattern, test.path, got, test.want)
		}
	}
}

func TestDeeperFilesAndLaterLinesOverride(t *testing.T) {
	top := (*Rules)(nil).Add(".", []byte("*.log\n!keep.log\nbuild/\n"))
	sub := top.Add("sub", []byte("!*.log\n/only-here\nkeep.log\n"))
	for name, want := range map[string]bool{
		"x.log": true, "keep.log": false, "sub/x.log": false, "sub/keep.log": true,
		"sub/only-here": true, "only-here": false, "sub/deep/only-here": false,
		"subway/keep.log": false,
	} {
		if got := sub.Ignored(name, false); got != want {
			t.Errorf("%s: ignored is %v, want %v", name, got, want)
		}
	}
	if top.Ignored("sub/only-here", false) {
		t.Error("adding rules changed the rules they were added to")
	}
}

func TestHostilePatternEndsQuickly(t *testing.T) {
	rules := (*Rules)(nil).Add("", []byte(strings.Repeat("*a", 2000)+"b\n"+strings.Repeat("**/a/", 2000)+"b"))
	if rules.Ignored(strings.Repeat("a", 4000), false) || rules.Ignored(strings.Repeat("a/", 2000)+"a", false) {
		t.Error("matched a path that has no b")
	}
}

// tree is what the comparisons with git are made on.
var tree = []string{
	"a", "b.o", "foo", "x y", "ab", "[a]", "-", "]", "sub/a", "sub/b.o", "sub/foo/a", "sub/foo/bar",
	"sub/x/y/a", "sub/x/y/foo", "d/a/b", "d/foo", "d/d/a", "d/d/d/foo", "{a,b}", "!a", "#a", "a b ", `a\b`,
}

// ignoredBelow walks tree as a reader of Rules does, and returns the files that
// it would not reach.
func ignoredBelow(rules map[string]string, prefix string) []string {
	var out []string
	for _, file := range tree {
		chain := (*Rules)(nil).Add(".", []byte(rules["."]))
		dirs := strings.Split(file, "/")
		ignored := false
		for i := range dirs {
			name := path.Join(dirs[:i+1]...)
			if ignored = chain.Ignored(name, i < len(dirs)-1); ignored {
				break
			}
			chain = chain.Add(name, []byte(rules[name]))
		}
		if ignored {
			out = append(out, prefix+file)
		}
	}
	slices.Sort(out)
	return out
}

// plant writes tree and its .gitignore files below dir.
func plant(t testing.TB, dir string, rules map[string]string) {
	t.Helper()
	files := map[string]string{}
	for _, name := range tree {
		files[name] = ""
	}
	for name, content := range rules {
		files[path.Join(name, ".gitignore")] = content
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(files[name]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// repository returns an empty git repository. It skips the test without git.
func repository(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows cannot hold the names that are compared")
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is the oracle of this test, and it is not installed")
	}
	dir := t.TempDir()
	git(t, dir, nil, "init", "--quiet")
	git(t, dir, nil, "config", "core.ignoreCase", "false")
	return dir
}

// git runs git without the user's configuration, and takes exit code 1, with
// which check-ignore says "none", as success.
func git(t testing.TB, dir string, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("git %s: %v", args, err)
	}
	return out
}

// gitIgnored returns what git ignores of the files below the prefixes.
func gitIgnored(t testing.TB, dir string, prefixes ...string) []string {
	t.Helper()
	var in bytes.Buffer
	for _, prefix := range prefixes {
		for _, name := range tree {
			fmt.Fprintf(&in, "%s%s\x00", prefix, name)
		}
	}
	out := git(t, dir, in.Bytes(), "check-ignore", "--no-index", "--stdin", "-z")
	var names []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestRandomPatternsAgreeWithGit(t *testing.T) {
	dir := repository(t)
	random := rand.New(rand.NewPCG(1, 2)) // the same in each run; fuzzing looks further
	prefixes, all := []string{}, map[string]map[string]string{}
	for i := range 150 {
		prefix := fmt.Sprintf("r%d/", i)
		all[prefix] = map[string]string{".": randomFile(random), "sub": randomFile(random), "d": randomFile(random)}
		plant(t, filepath.Join(dir, prefix), all[prefix])
		prefixes = append(prefixes, prefix)
	}
	byPrefix := map[string][]string{}
	for _, name := range gitIgnored(t, dir, prefixes...) {
		prefix := name[:strings.Index(name, "/")+1]
		byPrefix[prefix] = append(byPrefix[prefix], name)
	}
	for prefix, rules := range all {
		if got, want := ignoredBelow(rules, prefix), byPrefix[prefix]; !slices.Equal(got, want) {
			t.Errorf("rules %q:\n got %q\nwant %q", rules, got, want)
		}
	}
}

// randomFile returns a few lines in the words of the pattern language.
func randomFile(random *rand.Rand) string {
	words := []string{
		"a", "b", "o", "foo", "sub", "d", "x", "/", "/", "/", "*", "*", "**", "**/", "/**", "?", "!", "[", "]",
		"[a-f]", "[!a]", "[^b]", "[]a]", "[[:alpha:]]", "[[:x:]]", "[a/]", "[+-0]", `\`, `\a`, "-", " ", "#", ".o", "{a,b}", "\r",
	}
	var b strings.Builder
	for range random.IntN(5) {
		line := ""
		for range 1 + random.IntN(5) {
			line += words[random.IntN(len(words))]
		}
		if !undocumented(line) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// undocumented reports whether git is known to differ from gitignore(5), which
// is what we follow: git compares the literal start of a pattern on its own,
// so that "x**/a" matches "x/y/a" as if its stars were a path element; and a
// slash behind a backslash ends such an element in some places only.
func undocumented(rules string) bool {
	return strings.Contains(rules, `\/`) || regexp.MustCompile(`[^/\n]\*\*`).MatchString(rules)
}

func FuzzRulesAgreeWithGit(f *testing.F) {
	f.Add("*.o\n!b.o\n", "/a\nfoo/\n")
	f.Add("**/foo\n", "x/**/a\n")
	f.Add("[a-b]\n[]]\n", `\!a`)
	f.Add("sub/*\n!sub/foo/\n", "**")
	dir := repository(f)
	f.Fuzz(func(t *testing.T, top, sub string) {
		if strings.ContainsRune(top+sub, 0) || undocumented(top) || undocumented(sub) {
			t.Skip("not defined by gitignore(5)")
		}
		work, err := os.MkdirTemp(dir, "f")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.RemoveAll(work); err != nil {
				t.Error(err)
			}
		}()
		rules := map[string]string{".": top, "sub": sub}
		plant(t, work, rules)
		prefix := filepath.Base(work) + "/"
		if got, want := ignoredBelow(rules, prefix), gitIgnored(t, dir, prefix); !slices.Equal(got, want) {
			t.Errorf("rules %q:\n got %q\nwant %q", rules, got, want)
		}
	})
}
