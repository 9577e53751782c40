// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/internal/schematest"
)

var update = flag.Bool("update", false, "write what the server said into the conversations")

// TestConversations plays the conversations of testdata/wire: each file is what
// one client says on a pipe, and all that the server answers. Everything but
// the pipe and the plugins is the real host; time is virtual.
//
// In the part "client" a line is sent as it stands once the server has gone
// quiet after the line before, but "> DURATION" lets time pass, and "+ LINE"
// sends without waiting for quiet. The part "plugins" says how the fake plugins
// behave, see fakes_test.go.
func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	checker := schematest.New(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) {
				got = converse(t, checker.For(t).Conversation(), part(archive, "plugins"), part(archive, "client"))
			})
			if *update {
				setPart(archive, "server", got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := part(archive, "server"); got != want {
				t.Errorf("the server said\n%s\nbut %s expects\n%s", got, file, want)
			}
		})
	}
}

// converse plays a client's lines and returns the server's. Each is held against
// the specification's schema of the version that it was said in.
func converse(t *testing.T, check *schematest.Conversation, plugins, client string) string {
	ctx := context.Background()
	server, err := host.New(host.Config{Name: "test", Version: "1"}, host.Options{Sources: fakeSources(t, plugins)})
	if err != nil {
		t.Fatal(err)
	}
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- server.ServeStdio(ctx, fromClient, toClient)
		toClient.Close()
	}()
	var said strings.Builder
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for lines := bufio.NewScanner(fromServer); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
			check.Server(lines.Bytes())
		}
	}()

	for line := range strings.Lines(client) {
		say(t, check, toServer, strings.TrimSuffix(line, "\n"))
	}
	synctest.Wait()
	toServer.Close()
	if err := <-served; err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("serve: %v", err)
	}
	<-heard
	if err := server.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	return said.String()
}

func say(t *testing.T, check *schematest.Conversation, w io.Writer, line string) {
	if pause, ok := strings.CutPrefix(line, "> "); ok {
		d, err := time.ParseDuration(pause)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(d)
		return
	}
	rest, atOnce := strings.CutPrefix(line, "+ ")
	if !atOnce {
		synctest.Wait()
	}
	check.Client([]byte(rest))
	if _, err := fmt.Fprintln(w, rest); err != nil {
		t.Fatal(err)
	}
}

func part(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func setPart(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}
