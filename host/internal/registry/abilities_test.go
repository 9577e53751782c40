// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// fakeAbilities is what a fakePlugin serves besides tools. The functions
// replace the answers.
type fakeAbilities struct {
	listPrompts   func(context.Context) ([]mcp.Prompt, error)
	listTemplates func(context.Context) ([]mcp.ResourceTemplate, error)
	get           func(*mcp.PromptCall) (mcp.Outcome, error)
	read          func(*mcp.ReadCall) (mcp.Outcome, error)
	complete      func(*mcp.CompleteCall) (*mcp.Completion, error)
	subscribe     func(ctx context.Context, uris []string) ([]string, error)
	updates       chan string

	more      sync.Mutex // guards what follows
	prompts   []string
	resources []string
	templates []string
	sets      [][]string // subscriptions
}

// everything returns a plugin that provides all kinds and offers one of each,
// under names with the suffix.
func everything(suffix string) *fakePlugin {
	p := offering("tool" + suffix)
	p.provides = mcp.AllKinds
	p.prompts = []string{"prompt" + suffix}
	p.resources = []string{"test://" + suffix}
	p.templates = []string{"test://" + suffix + "/{id}"}
	p.updates = make(chan string, 8)
	return p
}

// full returns a source of plugins as of everything.
func full(name string) *fakeSource {
	return scripted(name, func(context.Context, int) (*fakePlugin, error) { return everything(name), nil })
}

// made returns a source of plugins that were changed.
func made(name string, change func(p *fakePlugin)) *fakeSource {
	return scripted(name, func(context.Context, int) (*fakePlugin, error) {
		p := everything(name)
		change(p)
		return p, nil
	})
}

func (f *fakeAbilities) ListPrompts(ctx context.Context) ([]mcp.Prompt, error) {
	if f.listPrompts != nil {
		return f.listPrompts(ctx)
	}
	f.more.Lock()
	defer f.more.Unlock()
	var prompts []mcp.Prompt
	for _, name := range f.prompts {
		prompts = append(prompts, mcp.Prompt{Name: name})
	}
	return prompts, nil
}

func (f *fakeAbilities) ListResources(context.Context) ([]mcp.Resource, error) {
	f.more.Lock()
	defer f.more.Unlock()
	var resources []mcp.Resource
	for _, uri := range f.resources {
		resources = append(resources, mcp.Resource{URI: uri, Name: uri})
	}
	return resources, nil
}

func (f *fakeAbilities) ListTemplates(ctx context.Context) ([]mcp.ResourceTemplate, error) {
	if f.listTemplates != nil {
		return f.listTemplates(ctx)
	}
	f.more.Lock()
	defer f.more.Unlock()
	var templates []mcp.ResourceTemplate
	for _, template := range f.templates {
		templates = append(templates, mcp.ResourceTemplate{URITemplate: template, Name: template})
	}
	return templates, nil
}

func (f *fakeAbilities) GetPrompt(_ context.Context, call *mcp.PromptCall, _ mcp.Sink) (mcp.Outcome, error) {
	if f.get != nil {
		return f.get(call)
	}
	return mcp.Outcome{Prompt: &mcp.GetPromptResult{Description: call.Name}}, nil
}

func (f *fakeAbilities) ReadResource(_ context.Context, call *mcp.ReadCall, _ mcp.Sink) (mcp.Outcome, error) {
	if f.read != nil {
		return f.read(call)
	}
	f.more.Lock()
	defer f.more.Unlock()
	text := f.prompts[0] // says whose it is
	return mcp.Outcome{Resource: &mcp.ReadResourceResult{Contents: []mcp.ResourceContents{{URI: call.URI, Text: &text}}}}, nil
}

func (f *fakeAbilities) Complete(_ context.Context, call *mcp.CompleteCall) (*mcp.Completion, error) {
	if f.complete != nil {
		return f.complete(call)
	}
	return &mcp.Completion{Values: []string{call.Prompt + call.Template}}, nil
}

func (f *fakeAbilities) SetSubscriptions(ctx context.Context, uris []string) ([]string, error) {
	f.more.Lock()
	f.sets = append(f.sets, uris)
	f.more.Unlock()
	if f.subscribe != nil {
		return f.subscribe(ctx, uris)
	}
	return uris, nil
}

func (f *fakeAbilities) Updates() <-chan string { return f.updates }

// lastSet returns the subscriptions that the plugin was given last.
func (f *fakeAbilities) lastSet() []string {
	f.more.Lock()
	defer f.more.Unlock()
	if len(f.sets) == 0 {
		return nil
	}
	return f.sets[len(f.sets)-1]
}

func (f *fakeAbilities) setCount() int {
	f.more.Lock()
	defer f.more.Unlock()
	return len(f.sets)
}

// lists reads all lists and returns what clients know their elements by.
func lists(t *testing.T, r *Registry) (prompts, resources, templates []string) {
	t.Helper()
	p, errP := r.ListPrompts(t.Context())
	res, errR := r.ListResources(t.Context())
	tpl, errT := r.ListTemplates(t.Context())
	if errP != nil || errR != nil || errT != nil {
		t.Fatalf("lists: %v, %v, %v", errP, errR, errT)
	}
	for _, x := range p.Items {
		prompts = append(prompts, x.Name)
	}
	for _, x := range res.Items {
		resources = append(resources, x.URI)
	}
	for _, x := range tpl.Items {
		templates = append(templates, x.URITemplate)
	}
	return prompts, resources, templates
}

func wantAll(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s = %q, want %q", what, got, want)
	}
}

// read returns which plugin has read the URI, as the name of its prompt.
func read(t *testing.T, r *Registry, uri string) (string, error) {
	t.Helper()
	out, err := r.ReadResource(t.Context(), &mcp.ReadCall{URI: uri}, nil)
	if err != nil {
		return "", err
	}
	return *out.Resource.Contents[0].Text, nil
}

func wantRead(t *testing.T, r *Registry, uri, want string) {
	t.Helper()
	if got, err := read(t, r, uri); err != nil || got != want {
		t.Errorf("read %s = %q, %v; want %q", uri, got, err, want)
	}
}
