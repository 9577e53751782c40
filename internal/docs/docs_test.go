// SPDX-License-Identifier: Apache-2.0

// Package docs_test holds the documentation to what it says: code compiles,
// commands exist, configuration is accepted, links lead somewhere, and messages
// are those that the program prints.
//
// The word behind the language of a fenced block says what is done with it:
//
//	go run      a whole program: it is compiled
//	go part     declarations: they are compiled with the usual imports
//	yaml config a mcphost.yaml; yaml plugin: a plugin.yaml
//	sh run      commands: they are run in an empty folder, with mcphost
//
// Other blocks in sh are only parsed, and every mcphost command in them must
// exist. A comment "<!-- with: ... -->" before a block holds declarations that
// the block needs and no reader does.
package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/internal/testenv"
)

// A block is one fenced block of a page.
type block struct {
	page string // its file
	line int
	lang string
	word string // behind the language
	with string // declarations that it needs besides
	text string
}

// pages are the Markdown files that people read, from the root of the module.
func pages(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "examples/*/README.md", "plugins/*/README.md", "pluginapi/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d pages", len(files))
	}
	return files
}

var root = filepath.Join("..", "..")

var withComment = regexp.MustCompile(`(?s)<!-- with: (.*?) -->`)

// blocks are those of all pages, of one language.
func blocks(t *testing.T, lang string, words ...string) []block {
	t.Helper()
	var list []block
	for _, page := range pages(t) {
		for _, b := range blocksOf(t, page) {
			if b.lang == lang && (len(words) == 0 || slices.Contains(words, b.word)) {
				list = append(list, b)
			}
		}
	}
	return list
}

func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	before := ""
	for i, line := range strings.Split(string(data), "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			lang, word, _ := strings.Cut(fence, " ")
			open = &block{page: page, line: i + 1, lang: lang, word: word}
			if with := withComment.FindStringSubmatch(before); with != nil {
				open.with = with[1]
			}
		case isFence:
			list = append(list, *open)
			open, before = nil, ""
		case open != nil:
			open.text += line + "\n"
		default:
			before += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s:%d: the block has no end", page, open.line)
	}
	return list
}

// run runs a command in a folder and returns what it prints.
func run(t *testing.T, dir string, env []string, command ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mcphost builds the program into a folder, which is returned.
func mcphost(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := run(t, root, nil, "go", "build", "-o", dir+string(filepath.Separator), "./cmd/mcphost"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func TestEveryBlockIsOfAKindThatIsChecked(t *testing.T) {
	known := []string{"go run", "go part", "yaml config", "yaml plugin", "sh", "sh run", "json", "console", "python", "typescript", "rust", "rust,no_run", "java", "toml", "xml", "make"}
	for _, page := range pages(t) {
		for _, b := range blocksOf(t, page) {
			if kind := strings.TrimSpace(b.lang + " " + b.word); !slices.Contains(known, kind) && kind != "" {
				t.Errorf("%s:%d: a block %q", b.page, b.line, kind)
			}
		}
	}
}

// usual is what parts of Go programs may use without saying so.
const usual = `package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
)

var (
	_ = context.Background
	_ = errors.New
	_ = fmt.Sprint
	_ = os.Exit
	_ = strings.ToUpper
	_ = time.Now
	_ = pluginapi.New
)
`

func TestGoBlocksCompile(t *testing.T) {
	dir := t.TempDir()
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "module github.com/mcphost/mcphost\n",
			"module example.com/docs\nreplace github.com/mcphost/mcphost => "+module+"\nrequire github.com/mcphost/mcphost v0.0.0\n", 1)
		write(t, filepath.Join(dir, name), text)
	}
	for i, b := range blocks(t, "go") {
		text := b.text
		if b.word == "part" {
			text = usual + b.with + "\n" + b.text
		}
		text = "//line " + filepath.Base(b.page) + ":1\n" + text
		write(t, filepath.Join(dir, "block"+string(rune('a'+i/26))+string(rune('a'+i%26)), "block.go"), text)
	}
	if out, err := run(t, dir, []string{"GOFLAGS=-mod=mod"}, "go", "vet", "./..."); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestJSONBlocksAreJSON(t *testing.T) {
	for _, b := range blocks(t, "json") {
		if !json.Valid([]byte(b.text)) {
			t.Errorf("%s:%d: no JSON", b.page, b.line)
		}
	}
}

// The program itself judges what configuration is.
func TestConfigurationBlocksAreAccepted(t *testing.T) {
	for _, b := range blocks(t, "yaml", "config") {
		path := filepath.Join(t.TempDir(), "mcphost.yaml")
		write(t, path, b.text)
		if _, err := host.LoadConfig(path); err != nil {
			t.Errorf("%s:%d: %v", b.page, b.line, err)
		}
	}
	bin := filepath.Join(mcphost(t), "mcphost")
	for _, b := range blocks(t, "yaml", "plugin") {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "it", "plugin.yaml"), b.text)
		for _, command := range []string{".venv/bin/python", "bin/hello", "run"} {
			path := filepath.Join(dir, "it", command)
			write(t, path, "#!/bin/sh\n")
			if err := os.Chmod(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := run(t, dir, nil, bin, "plugins", "list", "--plugins", "."); err != nil || strings.Contains(out, "skipped") {
			t.Errorf("%s:%d: %v\n%s", b.page, b.line, err, out)
		}
	}
}

func TestShellBlocksParseAndTheirCommandsExist(t *testing.T) {
	bin := mcphost(t)
	path := "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	seen := map[string]bool{}
	for _, b := range blocks(t, "sh") {
		if b.word == "run" {
			if out, err := run(t, t.TempDir(), []string{path}, "sh", "-e", "-c", b.text); err != nil {
				t.Errorf("%s:%d: %v\n%s", b.page, b.line, err, out)
			}
			continue
		}
		if out, err := run(t, ".", nil, "sh", "-n", "-c", b.text); err != nil {
			t.Errorf("%s:%d: %v\n%s", b.page, b.line, err, out)
		}
		for _, command := range mcphostCommands(b.text) {
			if seen[command] {
				continue
			}
			seen[command] = true
			if problem := unknown(t, bin, command); problem != "" {
				t.Errorf("%s:%d: %s: %s", b.page, b.line, command, problem)
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("only these commands were seen: %v", seen)
	}
}

var mcphostCommand = regexp.MustCompile(`(?m)(?:^|[ /;|(])mcphost +([^|;&#\n)]*)`)

// mcphostCommands are the arguments of each mcphost in a script.
func mcphostCommands(script string) []string {
	var commands []string
	for _, match := range mcphostCommand.FindAllStringSubmatch(strings.ReplaceAll(script, "\\\n", " "), -1) {
		if args := strings.TrimSpace(match[1]); args != "" && !strings.HasPrefix(args, "-- ") {
			commands = append(commands, args)
		}
	}
	return commands
}

var subcommand = regexp.MustCompile(`^[a-z][a-z-]*$`)

// unknown says what of a command the program does not know.
func unknown(t *testing.T, bin, command string) string {
	t.Helper()
	var words, flags []string
	for _, field := range strings.Fields(command) {
		switch {
		case strings.HasPrefix(field, "--"):
			name, _, _ := strings.Cut(field, "=")
			flags = append(flags, name)
		case len(flags) == 0 && len(words) < 2 && subcommand.MatchString(field):
			words = append(words, field)
		}
	}
	if len(words) == 0 {
		return ""
	}
	help, err := run(t, ".", nil, append([]string{filepath.Join(bin, "mcphost")}, append(words, "--help")...)...)
	if err != nil || !strings.Contains(help, "mcphost "+words[0]) {
		return help
	}
	for _, flag := range flags {
		if flag != "--" && !strings.Contains(help, flag+" ") && !strings.Contains(help, flag+"\n") {
			return "there is no flag " + flag
		}
	}
	return ""
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(data), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s: the link %s leads nowhere", page, match[1])
				continue
			}
			if anchor != "" && !hasHeading(t, path, anchor) {
				t.Errorf("%s: the link %s leads to no heading", page, match[1])
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 _-]`)

// hasHeading reports whether a page has the heading of an anchor.
func hasHeading(t *testing.T, page, anchor string) bool {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if title := strings.TrimLeft(line, "#"); title != line {
			name := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			if strings.ReplaceAll(name, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

var codeSpan = regexp.MustCompile("`([^`\n]+)`")

// What people search this page for is what the program prints.
func TestMessagesOfTroubleshootingAreInTheSource(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"host/*.go", "host/internal/*/*.go", "cmd/mcphost/internal/*/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.WriteString(strings.ReplaceAll(string(data), `" + ManifestFile`, `plugin.yaml"`))
		}
	}
	data, err := os.ReadFile(filepath.Join(root, "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, match := range codeSpan.FindAllStringSubmatch(string(data), -1) {
		if len(strings.Fields(match[1])) < 4 || strings.HasPrefix(match[1], "mcphost ") {
			continue
		}
		checked++
		if !strings.Contains(source.String(), match[1]) {
			t.Errorf("the program does not say %q", match[1])
		}
	}
	if checked < 10 {
		t.Errorf("only %d messages were found", checked)
	}
}

// python imports every block as a module, against the author kit.
const importAll = `
import importlib.util, sys
for path in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location("block", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["block"] = module
    spec.loader.exec_module(module)
    for name, value in list(vars(module).items()):
        if name.startswith("test_"):
            value()
`

func TestPythonBlocksRunAgainstTheKit(t *testing.T) {
	plugin := testenv.Plugin(t, "python", root, "tour-python")
	dir := t.TempDir()
	args := []string{filepath.Join(plugin, ".venv", "bin", "python"), "-c", importAll}
	for i, b := range blocks(t, "python") {
		path := filepath.Join(dir, "block"+strconv.Itoa(i)+".py")
		write(t, path, "# "+b.page+":"+strconv.Itoa(b.line)+"\n"+b.text)
		args = append(args, path)
	}
	if out, err := run(t, dir, nil, args...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
