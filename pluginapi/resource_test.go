// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
	"github.com/mcphost/mcphost/pluginapi/plugintest"
)

// reading is a resource that holds one value.
func reading[Out pluginapi.ResourceOut](value Out) func(*pluginapi.Plugin) {
	return func(p *pluginapi.Plugin) {
		pluginapi.AddResource(p, pluginapi.Resource{URI: "t://r", Name: "r", MIMEType: "text/x"},
			func(context.Context, string) (Out, error) { return value, nil })
	}
}

func TestOutDecidesWhatAResourceHolds(t *testing.T) {
	type contents = pluginapi.ResourceContents
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want pluginapi.ReadResult
	}{
		"text":  {reading("hi"), pluginapi.ReadResult{Contents: []contents{{URI: "t://r", MIMEType: "text/x", Text: "hi"}}}},
		"bytes": {reading([]byte("hi")), pluginapi.ReadResult{Contents: []contents{{URI: "t://r", MIMEType: "text/x", Blob: []byte("hi")}}}},
		"no bytes": {
			reading([]byte(nil)),
			pluginapi.ReadResult{Contents: []contents{{URI: "t://r", MIMEType: "text/x", Blob: []byte{}}}},
		},
		"contents": {
			reading(contents{MIMEType: "text/y", Text: "hi"}),
			pluginapi.ReadResult{Contents: []contents{{URI: "t://r", MIMEType: "text/y", Text: "hi"}}},
		},
		"several": {
			reading([]contents{{Text: "a"}, {URI: "t://r/b", Text: "b"}}),
			pluginapi.ReadResult{Contents: []contents{{URI: "t://r", MIMEType: "text/x", Text: "a"}, {URI: "t://r/b", Text: "b"}}},
		},
		"all there is to say": {
			reading(&pluginapi.ReadResult{
				Contents: []contents{{Text: "a", Meta: json.RawMessage(`{"k":1}`)}},
				TTL:      3 * time.Second, Shareable: true, Meta: json.RawMessage(`{"k":2}`),
			}),
			pluginapi.ReadResult{
				Contents: []contents{{URI: "t://r", MIMEType: "text/x", Text: "a", Meta: json.RawMessage(`{"k":1}`)}},
				TTL:      3 * time.Second, Shareable: true, Meta: json.RawMessage(`{"k":2}`),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			got, err := plugintest.Start(t, p, nil).ReadResource(t.Context(), "t://r", plugintest.Options{})
			if err != nil || !reflect.DeepEqual(got.ReadResult, test.want) {
				t.Errorf("got %+v %v", got.ReadResult, err)
			}
		})
	}
}

func TestFailedReadsAreProtocolErrors(t *testing.T) {
	failing := func(err error) func(*pluginapi.Plugin) {
		return func(p *pluginapi.Plugin) {
			pluginapi.AddResource(p, pluginapi.Resource{URI: "t://r", Name: "r"},
				func(context.Context, string) (string, error) { return "", err })
		}
	}
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		code pluginapi.ErrorCode
		text string
	}{
		"unknown":    {func(*pluginapi.Plugin) {}, pluginapi.CodeNotFound, `there is no resource "t://r"`},
		"gone":       {failing(fmt.Errorf("look: %w", pluginapi.NotFound("gone"))), pluginapi.CodeNotFound, "gone"},
		"plain":      {failing(errors.New("the disk is full")), pluginapi.CodeInternal, "the disk is full"},
		"empty":      {reading([]pluginapi.ResourceContents{}), pluginapi.CodeInternal, "the resource has no contents"},
		"nil result": {reading[*pluginapi.ReadResult](nil), pluginapi.CodeInternal, "the resource has no contents"},
		"not text":   {reading("\xff"), pluginapi.CodeInternal, `the text of resource "t://r" is not valid UTF-8; use Blob`},
		"too large":  {reading(make([]byte, pluginapi.MaxMessageSize)), pluginapi.CodeInternal, "the most that fits is 67108864"},
		"panic": {func(p *pluginapi.Plugin) {
			pluginapi.AddResource(p, pluginapi.Resource{URI: "t://r", Name: "r"},
				func(context.Context, string) (string, error) { panic("secret") })
		}, pluginapi.CodeInternal, "internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			_, err := plugintest.Start(t, p, nil).ReadResource(t.Context(), "t://r", plugintest.Options{})
			refused, ok := errors.AsType[*pluginapi.ProtocolError](err)
			if !ok || refused.Code != test.code || !strings.Contains(refused.Message, test.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestResourcesAreFoundByURIThenByTemplate(t *testing.T) {
	p := pluginapi.New("test", "1")
	said := func(what string) func(context.Context, string, map[string]string) (string, error) {
		return func(_ context.Context, uri string, vars map[string]string) (string, error) {
			return fmt.Sprint(what, " ", uri, " ", vars), nil
		}
	}
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: "t://z/{id}", Name: "first"}, said("first"))
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: "t://{+path}", Name: "second"}, said("second"))
	pluginapi.AddResource(p, pluginapi.Resource{URI: "t://z/fixed", Name: "fixed"},
		func(context.Context, string) (string, error) { return "fixed", nil })
	client := plugintest.Start(t, p, nil)
	read := func(uri string) string {
		t.Helper()
		got, err := client.ReadResource(t.Context(), uri, plugintest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return got.Contents[0].Text
	}
	for uri, want := range map[string]string{
		"t://z/fixed": "fixed",
		"t://z/a%20b": "first t://z/a%20b map[id:a b]",
		"t://z/1/2":   "second t://z/1/2 map[path:z/1/2]",
	} {
		if got := read(uri); got != want {
			t.Errorf("%s: got %q", uri, got)
		}
	}
	p.RemoveResource("t://z/fixed")
	p.RemoveResource("t://none")
	p.RemoveResourceTemplate("t://z/{id}")
	if got := read("t://z/fixed"); got != "second t://z/fixed map[path:z/fixed]" {
		t.Errorf("after the removal: %q", got)
	}
}

func TestResourceDefinitionsCarryAllThatTheAuthorSays(t *testing.T) {
	r := pluginapi.Resource{
		URI: "t://r", Name: "r", Title: "R", Description: "holds r", MIMEType: "text/x", Size: new(uint64(3)),
		Annotations: pluginapi.Annotations{
			Audience: []pluginapi.Role{pluginapi.RoleAssistant}, Priority: new(0.5), LastModified: time.Unix(0, 0).UTC(),
		},
		Icons: []pluginapi.Icon{{Src: "data:,"}},
		Meta:  json.RawMessage(`{"ui":{"prefersBorder":true}}`),
	}
	f := pluginapi.ResourceTemplate{
		URITemplate: "t://{id}", Name: "f", Title: "F", Description: "holds f", MIMEType: "text/x",
		Annotations: r.Annotations, Icons: r.Icons, Meta: r.Meta,
	}
	p := pluginapi.New("test", "1")
	pluginapi.AddResource(p, r, func(context.Context, string) (string, error) { return "", nil })
	pluginapi.AddResourceTemplate(p, f, func(context.Context, string, map[string]string) (string, error) { return "", nil })
	client := plugintest.Start(t, p, nil)
	resources, err := client.ListResources(t.Context())
	if err != nil || len(resources) != 1 || !reflect.DeepEqual(resources[0], r) {
		t.Errorf("got %+v %v", resources, err)
	}
	templates, err := client.ListResourceTemplates(t.Context())
	if err != nil || len(templates) != 1 || !reflect.DeepEqual(templates[0], f) {
		t.Errorf("got %+v %v", templates, err)
	}
}

func TestMistakenResourcesKeepThePluginFromStarting(t *testing.T) {
	add := func(r pluginapi.Resource) func(*pluginapi.Plugin) {
		return func(p *pluginapi.Plugin) {
			pluginapi.AddResource(p, r, func(context.Context, string) (string, error) { return "", nil })
		}
	}
	family := func(r pluginapi.ResourceTemplate) func(*pluginapi.Plugin) {
		return func(p *pluginapi.Plugin) {
			pluginapi.AddResourceTemplate(p, r, func(context.Context, string, map[string]string) (string, error) { return "", nil })
		}
	}
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want string
	}{
		"no scheme":        {add(pluginapi.Resource{URI: "/a", Name: "a"}), `resource "/a": a resource needs a URI with a scheme`},
		"no URI":           {add(pluginapi.Resource{URI: "t://%zz", Name: "a"}), "invalid URL escape"},
		"no name":          {add(pluginapi.Resource{URI: "t://a"}), "and a name"},
		"meta":             {add(pluginapi.Resource{URI: "t://a", Name: "a", Meta: json.RawMessage(`1`)}), "meta is not a JSON object"},
		"bad template":     {family(pluginapi.ResourceTemplate{URITemplate: "t://{a*}", Name: "a"}), `resource template "t://{a*}": {a*}: modifiers`},
		"no template name": {family(pluginapi.ResourceTemplate{URITemplate: "t://{a}"}), "and a name"},
		"twice": {func(p *pluginapi.Plugin) {
			reading("a")(p)
			reading("b")(p)
		}, `resource "t://r": added twice`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			conn, stop, err := dial(p)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := stop(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAbilitiesAreWhatWasAdded(t *testing.T) {
	text := func(context.Context, none) (string, error) { return "", nil }
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want []pluginapi.Ability
	}{
		"nothing":   {func(*pluginapi.Plugin) {}, []pluginapi.Ability{pluginapi.AbilityTools}},
		"tools":     {func(p *pluginapi.Plugin) { addNamed(p, "a") }, []pluginapi.Ability{pluginapi.AbilityTools}},
		"resources": {reading("a"), []pluginapi.Ability{pluginapi.AbilityResources}},
		"prompts": {
			func(p *pluginapi.Plugin) { pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, text) },
			[]pluginapi.Ability{pluginapi.AbilityPrompts},
		},
		"families": {func(p *pluginapi.Plugin) {
			pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: "t://{a}", Name: "a", Subscribable: true},
				func(context.Context, string, map[string]string) (string, error) { return "", nil })
			pluginapi.CompleteTemplate(p, "t://{a}", "a", pluginapi.PrefixCompletion(nil))
		}, []pluginapi.Ability{pluginapi.AbilityResources, pluginapi.AbilityCompletions, pluginapi.AbilitySubscriptions}},
		"by hand": {func(p *pluginapi.Plugin) {
			p.SetDetails(pluginapi.Details{Abilities: []pluginapi.Ability{pluginapi.AbilityPrompts, pluginapi.AbilityResources}})
			p.OnSubscriptions(func(uris []string) []string { return uris })
		}, []pluginapi.Ability{pluginapi.AbilityResources, pluginapi.AbilityPrompts, pluginapi.AbilitySubscriptions}},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			if got := plugintest.Start(t, p, nil).Abilities(); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestWhatComesLateMustHaveBeenNamed(t *testing.T) {
	p := pluginapi.New("test", "1")
	addNamed(p, "a")
	p.SetDetails(pluginapi.Details{Abilities: []pluginapi.Ability{pluginapi.AbilityPrompts}})
	h := plugintest.Start(t, p, nil)
	text := func(context.Context, none) (string, error) { return "", nil }
	addNamed(p, "b")
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, text)
	reading("r")(p)
	pluginapi.CompletePrompt(p, "p", "x", pluginapi.PrefixCompletion(nil))
	tools, err := h.ListTools(t.Context())
	prompts, err2 := h.ListPrompts(t.Context())
	resources, _ := h.ListResources(t.Context()) // it need not serve them
	if len(tools) != 2 || len(prompts) != 1 || len(resources) != 0 || err != nil || err2 != nil {
		t.Errorf("there are tools %v, %v, prompts %v, %v, resources %v", tools, err, prompts, err2, resources)
	}
}

func TestLateResourceCanBeReadThoughNobodyCanSubscribe(t *testing.T) {
	p := pluginapi.New("test", "1")
	reading("r")(p)
	h := plugintest.Start(t, p, nil)
	pluginapi.AddResource(p, pluginapi.Resource{URI: "t://late", Name: "late", Subscribable: true},
		func(context.Context, string) (string, error) { return "", nil })
	if list, err := h.ListResources(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("got %v, %v", list, err)
	}
}

func TestChangesOfEachListAreTold(t *testing.T) {
	p := pluginapi.New("test", "1")
	p.SetDetails(pluginapi.Details{Abilities: []pluginapi.Ability{
		pluginapi.AbilityTools, pluginapi.AbilityResources, pluginapi.AbilityPrompts,
	}})
	client := plugintest.Start(t, p, nil)
	last := <-client.Changes()
	if last.Tools == "" || last.Resources == "" || last.Prompts == "" {
		t.Fatalf("at the start: %+v", last)
	}
	for name, test := range map[string]struct {
		change  func()
		differs func(a, b plugintest.Revisions) bool
	}{
		"resource": {func() { reading("a")(p) }, func(a, b plugintest.Revisions) bool { return a.Resources != b.Resources && a.Tools == b.Tools }},
		"template": {func() {
			pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: "t://{a}", Name: "a"},
				func(context.Context, string, map[string]string) (string, error) { return "", nil })
		}, func(a, b plugintest.Revisions) bool { return a.Resources != b.Resources && a.Prompts == b.Prompts }},
		"prompt": {func() {
			pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "p"}, func(context.Context, none) (string, error) { return "", nil })
		}, func(a, b plugintest.Revisions) bool { return a.Prompts != b.Prompts && a.Resources == b.Resources }},
		"removal": {func() { addNamed(p, "gone"); <-client.Changes(); p.RemoveTool("gone") }, func(a, b plugintest.Revisions) bool { return a == b }},
	} {
		test.change()
		now := <-client.Changes()
		if !test.differs(last, now) {
			t.Errorf("%s: %+v, then %+v", name, last, now)
		}
		last = now
	}
}

func TestOnlySubscribersHearOfUpdates(t *testing.T) {
	p := pluginapi.New("test", "1")
	for _, uri := range []string{"t://a", "t://b", "t://dir/"} {
		pluginapi.AddResource(p, pluginapi.Resource{URI: uri, Name: uri, Subscribable: uri != "t://b"},
			func(context.Context, string) (string, error) { return "", nil })
	}
	client := plugintest.Start(t, p, nil)
	p.ResourceUpdated("t://a") // nobody has subscribed yet

	accepted, err := client.Subscribe(t.Context(), "t://a", "t://b", "t://none", "t://dir/")
	if err != nil || !slices.Equal(accepted, []string{"t://a", "t://dir/"}) {
		t.Fatalf("accepted %v, %v", accepted, err)
	}
	for _, uri := range []string{"t://b", "t://ab", "t://a#part", "t://dir/x/y", "t://dir", "t://a"} {
		p.ResourceUpdated(uri)
	}
	for _, want := range []string{"t://a#part", "t://dir/x/y", "t://a"} {
		if got := <-client.Updates(); got != want {
			t.Errorf("told of %s, want %s", got, want)
		}
	}

	if accepted, err := client.Subscribe(t.Context(), "t://dir/"); err != nil || len(accepted) != 1 {
		t.Fatalf("accepted %v, %v", accepted, err)
	}
	p.ResourceUpdated("t://a")
	p.ResourceUpdated("t://dir/last")
	if got := <-client.Updates(); got != "t://dir/last" {
		t.Errorf("told of %s", got)
	}
}

func TestAuthorsDecideWhatTheyWatch(t *testing.T) {
	p := pluginapi.New("test", "1")
	told := make(chan []string, 1)
	p.OnSubscriptions(func(uris []string) []string {
		told <- uris
		p.ResourceUpdated("t://a") // changed while it was being looked at
		return []string{"t://a", "t://never-asked-for"}
	})
	client := plugintest.Start(t, p, nil)
	accepted, err := client.Subscribe(t.Context(), "t://a", "t://b")
	if err != nil || !slices.Equal(accepted, []string{"t://a"}) {
		t.Errorf("accepted %v, %v", accepted, err)
	}
	if uris := <-told; !slices.Equal(uris, []string{"t://a", "t://b"}) {
		t.Errorf("told %v", uris)
	}
	if got := <-client.Updates(); got != "t://a" {
		t.Errorf("update of %s", got)
	}
}
