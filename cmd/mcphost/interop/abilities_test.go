// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// What every client answers when it is asked.
const (
	modelSays  = "Silence."
	rootFolder = "file:///srv/data"
	userName   = "ada"
	userMail   = "ada@example.com"
)

// How long a client of this process tries one ability, and what is known to be
// an inability.
const (
	abilityPatience   = 20 * time.Second
	inabilityPatience = 2 * time.Second
)

// counterURI is the resource of asker that changes.
const counterURI = "asker://counter"

// subscribed is what the host says of a subscription of 2026-07-28 that stands.
const subscribed = "notifications/subscriptions/acknowledged"

// An ability is something of MCP that a client may do, and what it then sees of
// the plugins conformance, asker and hello-go.
type ability struct {
	name  string
	want  []string
	among bool // want is among what is seen, as in a list; else it is all of it
}

// abilities is everything, in the order in which clients go through it.
func abilities() []ability {
	return []ability{
		{"list tools", []string{"test_simple_text", "asker__bump", "hello-go__count"}, true},
		{"call", []string{"This is a simple text response for testing."}, false},
		{"list resources", []string{"test://static-text", counterURI}, true},
		{"list templates", []string{"test://template/{id}/data"}, true},
		{"read", []string{"This is the content of the static text resource."}, false},
		{"read by template", []string{`{"id":"7","templateTest":true,"data":"Data for ID: 7"}`}, false},
		{"subscribe", []string{counterURI}, false},
		{"list prompts", []string{"test_simple_prompt", "test_prompt_with_arguments"}, true},
		{"prompt", []string{"Prompt with arguments: arg1='one', arg2='two'"}, false},
		{"complete", []string{"test-value", "test-other"}, false},
		{"elicitation", []string{`User response: accept, content: {"username":"` + userName + `","email":"` + userMail + `"}`}, false},
		{"sampling", []string{"LLM response: " + modelSays}, false},
		{"roots", []string{"The client has 1 roots: " + rootFolder}, false},
		{"progress", []string{"0", "50", "100"}, false},
		{"log", []string{"Tool execution started", "Tool processing data", "Tool execution completed"}, false},
		{"cancel", []string{"cancelled", "Hello, Ada!"}, false},
	}
}

// A sighting is what a client saw when it tried an ability. The JSON names are
// those of the programs in testdata.
type sighting struct {
	Ability string   `json:"ability"`
	Saw     []string `json:"saw"`
	Failed  string   `json:"failed"` // why it saw nothing
}

// judge says what is wrong with a sighting.
func (a ability) judge(s sighting) error {
	if s.Failed != "" {
		return errors.New(s.Failed)
	}
	if a.among {
		for _, want := range a.want {
			if !slices.Contains(s.Saw, want) {
				return fmt.Errorf("saw %q, want %q among them", s.Saw, want)
			}
		}
		return nil
	}
	if !slices.Equal(s.Saw, a.want) {
		return fmt.Errorf("saw %q, want %q", s.Saw, a.want)
	}
	return nil
}

// A cell of the matrix is a client in one era on one transport.
type cell struct{ client, era, transport string }

// The clients, eras and transports.
const (
	typeScript = "TypeScript SDK"
	python     = "Python SDK"
	goSDK      = "Go SDK"
	mcpGo      = "mcp-go"
	inspector  = "Inspector CLI"

	// The eras by the names that clients have for them; auto leaves the choice to
	// the client.
	legacy     = "legacy"
	modern2026 = "modern"
	auto       = "auto"

	overStdio = "stdio"
	overHTTP  = "HTTP"
)

// An inability is what a client cannot do, whoever the server is. An empty era
// or transport is each of them.
type inability struct {
	cell
	ability string
	reason  string
}

// inabilities is all that is missing in the matrix. An entry that is not true,
// or not true any more, fails the test of its client.
func inabilities() []inability {
	return []inability{
		{cell{client: inspector}, "subscribe", "--cli makes one request a run and knows no method to subscribe"},
		{cell{client: inspector}, "complete", "--cli knows no method to complete"},
		{cell{client: inspector}, "elicitation", "--cli has nobody to ask and declares no elicitation"},
		{cell{client: inspector}, "sampling", "--cli has no model and declares no sampling"},
		{cell{client: inspector}, "progress", "--cli prints results only"},
		{cell{client: inspector}, "log", "--cli prints results only"},
		{cell{client: inspector}, "cancel", "--cli makes one request a run and has no way to give it up but to end"},
		{cell{mcpGo, legacy, overHTTP}, "cancel", "tells the host on stdio only; until 2025-11-25 a closed stream does not cancel"},
	}
}

// cannot returns why a cell lacks an ability, if it is known to.
func (c cell) cannot(name string) (reason string, known bool) {
	for _, i := range inabilities() {
		if i.ability == name && i.client == c.client &&
			(i.era == "" || i.era == c.era) && (i.transport == "" || i.transport == c.transport) {
			return i.reason, true
		}
	}
	return "", false
}

// check holds what a client saw against what it can do.
func (c cell) check(t *testing.T, seen []sighting) {
	t.Helper()
	for _, a := range abilities() {
		at := slices.IndexFunc(seen, func(s sighting) bool { return s.Ability == a.name })
		if at < 0 {
			t.Errorf("%s was not tried", a.name)
			continue
		}
		err := a.judge(seen[at])
		reason, known := c.cannot(a.name)
		switch {
		case err != nil && !known:
			t.Errorf("%s: %v", a.name, err)
		case err != nil:
			t.Logf("%s is beyond this client: %s (%v)", a.name, reason, err)
		case known:
			t.Errorf("%s works: take it off the table of inabilities, which says %q", a.name, reason)
		}
	}
}

func TestInabilitiesAreOfWhatThereIs(t *testing.T) {
	known := map[string][]string{
		"client":    {typeScript, python, goSDK, mcpGo, inspector},
		"era":       {"", legacy, modern2026, auto},
		"transport": {"", overStdio, overHTTP},
	}
	for _, a := range abilities() {
		known["ability"] = append(known["ability"], a.name)
	}
	for _, i := range inabilities() {
		for what, name := range map[string]string{"client": i.client, "era": i.era, "transport": i.transport, "ability": i.ability} {
			if !slices.Contains(known[what], name) {
				t.Errorf("%+v: there is no %s %q", i, what, name)
			}
		}
		if i.reason == "" {
			t.Errorf("%+v has no reason", i)
		}
	}
}

// A stage is an installation with one of everything, on which one client plays.
type stage struct {
	farm
	cell
	version string // that the client must come to speak
	url     string // over HTTP
}

// eachStage runs a test for each era and transport of a client.
func eachStage(t *testing.T, client string, eras []string, test func(*testing.T, stage)) {
	versions := map[string]string{legacy: legacyVersion, modern2026: modernVersion, auto: modernVersion}
	for _, era := range eras {
		for _, transport := range []string{overStdio, overHTTP} {
			t.Run(era+"/"+transport, func(t *testing.T) {
				t.Parallel() // each has a host of its own
				s := stage{farm: newStageFarm(t), cell: cell{client, era, transport}, version: versions[era]}
				if transport == overHTTP {
					s.url, _ = serveHTTP(t, s.config)
				}
				test(t, s)
			})
		}
	}
}

// newStageFarm installs the plugins. One call at a time of hello-go shows that
// a cancelled call has really ended.
func newStageFarm(t *testing.T) farm {
	t.Helper()
	f, _ := newTroubledFarm(t, map[string]string{
		"asker": `exec asker`, "conformance": `exec conformance`, "hello-go": becomeHello,
	})
	write(t, f.config, `
plugin_dirs: [plugins]
wait: all
plugins:
  conformance: {prefix: ""}
  hello-go: {limits: {max_concurrent: 1}}
`)
	return f
}

// command is the host for a client that starts it itself.
func (s stage) command(t *testing.T) []string {
	t.Helper()
	return []string{find(t, "mcphost"), "serve", "--config", s.config, "--log-level", "warn"}
}

// task is what the programs in testdata are told.
func (s stage) task(t *testing.T) string {
	t.Helper()
	task, err := json.Marshal(map[string]any{
		"era": s.era, "url": s.url, "command": s.command(t),
		"model": modelSays, "root": rootFolder, "user": map[string]string{"username": userName, "email": userMail},
		"counter": counterURI, "hours": map[string]int{"n": hours, "delay_ms": hoursDelay},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(task)
}

// run runs a program in testdata, which prints a sighting a line, and checks
// what it saw.
func (s stage) run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(bounded(t), program, append(args, s.task(t))...)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("the client ended with %v", err)
	}
	var seen []sighting
	for line := range bytes.Lines(out) {
		var one sighting
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("the client printed %q: %v", line, err)
		}
		seen = append(seen, one)
	}
	s.checkSpeaks(t, seen)
	s.check(t, seen)
}

// checkSpeaks fails unless the client speaks the version of its era.
func (s stage) checkSpeaks(t *testing.T, seen []sighting) {
	t.Helper()
	speaks := ability{name: "speak", want: []string{s.version}}
	if len(seen) == 0 {
		t.Fatal("the client saw nothing")
	}
	if err := speaks.judge(seen[0]); err != nil {
		t.Errorf("protocol version: %v", err)
	}
}

// A tour is a client of this process that goes through the abilities.
type tour struct {
	ctx  context.Context
	cell cell
	seen []sighting

	// What the host tells, as it comes.
	progress, logs, updates, acknowledged chan string
}

func newTour(ctx context.Context, s stage) tour {
	const some = 64 // more than is ever told
	return tour{
		ctx: ctx, cell: s.cell,
		progress: make(chan string, some), logs: make(chan string, some),
		updates: make(chan string, some), acknowledged: make(chan string, some),
	}
}

// tell hands on what the host tells, unless nobody waits for it any more.
func (r *tour) tell(to chan<- string, value string) {
	select {
	case to <- value:
	case <-r.ctx.Done():
	}
}

// try notes what an ability shows. What is known to be missing gets less time.
func (r *tour) try(name string, ability func(context.Context) ([]string, error)) {
	patience := abilityPatience
	if _, known := r.cell.cannot(name); known {
		patience = inabilityPatience
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	saw, err := ability(ctx)
	s := sighting{Ability: name, Saw: saw}
	if err != nil {
		s.Failed = err.Error()
	}
	r.seen = append(r.seen, s)
}

// next waits for one thing to be told.
func next[T any](ctx context.Context, told <-chan T) (T, error) {
	select {
	case value := <-told:
		return value, nil
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("nothing was told: %w", context.Cause(ctx))
	}
}

// nextN waits for n things to be told.
func nextN(ctx context.Context, told <-chan string, n int) ([]string, error) {
	var all []string
	for range n {
		one, err := next(ctx, told)
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// cancelCount starts a call that counts for hours, waits until it makes
// progress and gives it up. Then it greets: who counts takes no other call.
func cancelCount(ctx context.Context, progress <-chan string, count, greet func(context.Context) (string, error)) ([]string, error) {
	call, giveUp := context.WithCancel(ctx)
	defer giveUp()
	ended := make(chan error, 1)
	go func() {
		_, err := count(call)
		ended <- err
	}()
	select {
	case <-progress:
	case err := <-ended:
		return nil, fmt.Errorf("the count ended before it was cancelled: %w", err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	giveUp()
	for {
		select {
		case <-progress: // what was on its way
		case err := <-ended:
			if !errors.Is(err, context.Canceled) && !strings.Contains(fmt.Sprint(err), "cancel") {
				return nil, fmt.Errorf("the cancelled count ended with %w", err)
			}
			greeting, err := greet(ctx)
			return []string{"cancelled", greeting}, err
		}
	}
}
