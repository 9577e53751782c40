// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A Resource is the definition of a resource with a fixed URI. URI and Name are
// required.
type Resource struct {
	URI         string // RFC 3986, with a scheme; unique within the plugin
	Name        string
	Title       string // human-readable name
	Description string
	MIMEType    string  // unknown if empty
	Size        *uint64 // in bytes before any encoding; unknown if nil
	Annotations Annotations
	Icons       []Icon
	Meta        json.RawMessage // "_meta", a JSON object

	// Subscribable says that changes are told with Plugin.ResourceUpdated, so
	// that clients can subscribe.
	Subscribable bool
}

// A ResourceTemplate is the definition of a family of resources. URITemplate and
// Name are required.
type ResourceTemplate struct {
	// URITemplate is an RFC 6570 template without the modifiers of level 4, such
	// as "note://{owner}/notes{?page}". {+name} matches across slashes.
	URITemplate string
	Name        string
	Title       string // human-readable name
	Description string
	MIMEType    string // only if all of them have it
	Annotations Annotations
	Icons       []Icon
	Meta        json.RawMessage // "_meta", a JSON object

	// Subscribable is as in Resource, for every URI that matches.
	Subscribable bool
}

// A ReadResult is what reading a resource gives in full, for what the other
// forms of ResourceOut cannot say.
type ReadResult struct {
	Contents  []ResourceContents // at least one
	TTL       time.Duration      // for how long it stays fresh; stale at once if zero
	Shareable bool               // others than this caller may be given a cached copy
	Meta      json.RawMessage    // "_meta", a JSON object
}

// ResourceOut is what a resource may be read as: text, bytes, or contents that
// say more. Contents without a URI have that which was asked for, and the
// definition's MIME type.
type ResourceOut interface {
	string | []byte | ResourceContents | []ResourceContents | ReadResult | *ReadResult
}

// AddResource offers a resource, which fn reads. uri is the definition's.
//
// An error of fn is for the client's developer to read; return NotFound for what
// is not there any more. All else is as in AddTool: questions, progress, panics,
// mistakes and additions after the start.
func AddResource[Out ResourceOut](p *Plugin, r Resource, fn func(ctx context.Context, uri string) (Out, error)) {
	definition, err := r.wire()
	if err == nil {
		err = p.late(AbilityResources)
	}
	if err == nil {
		err = p.resources.add(definition, &resource{
			subscribable: r.Subscribable,
			read: func(ctx context.Context, uri string) (*pluginv1.ReadResourceResult, error) {
				out, err := fn(ctx, uri)
				if err != nil {
					return nil, err
				}
				return encodeRead(out, uri, r.MIMEType)
			},
		})
	}
	if err != nil {
		p.fail(fmt.Errorf("resource %q: %w", r.URI, err))
	}
	p.warnUnsubscribable(r.URI, r.Subscribable)
}

// AddResourceTemplate offers a family of resources, which fn reads. vars holds
// the variables of the template as uri gives them, decoded; those that it leaves
// out are missing. They are the client's word: check them. A resource that has
// its own definition is not looked for here, and of two templates that match the
// one that was added first counts. All else is as in AddResource.
func AddResourceTemplate[Out ResourceOut](p *Plugin, t ResourceTemplate,
	fn func(ctx context.Context, uri string, vars map[string]string) (Out, error),
) {
	definition, parsed, err := t.wire()
	if err == nil {
		err = p.late(AbilityResources)
	}
	if err == nil {
		err = p.templates.add(definition, &resourceFamily{
			template:     parsed,
			subscribable: t.Subscribable,
			read: func(ctx context.Context, uri string, vars map[string]string) (*pluginv1.ReadResourceResult, error) {
				out, err := fn(ctx, uri, vars)
				if err != nil {
					return nil, err
				}
				return encodeRead(out, uri, t.MIMEType)
			},
		})
	}
	if err != nil {
		p.fail(fmt.Errorf("resource template %q: %w", t.URITemplate, err))
	}
	p.warnUnsubscribable(t.URITemplate, t.Subscribable)
}

// RemoveResource takes a resource away; readings in flight go on. It is no
// mistake to remove what is not there.
func (p *Plugin) RemoveResource(uri string) { p.resources.remove(uri) }

// RemoveResourceTemplate is RemoveResource for a family.
func (p *Plugin) RemoveResourceTemplate(uriTemplate string) { p.templates.remove(uriTemplate) }

// A resource is what answers for one URI. It is immutable.
type resource struct {
	subscribable bool
	read         func(ctx context.Context, uri string) (*pluginv1.ReadResourceResult, error)
}

// A resourceFamily is what answers for the URIs of a template. It is immutable.
type resourceFamily struct {
	template     *template
	subscribable bool
	read         func(ctx context.Context, uri string, vars map[string]string) (*pluginv1.ReadResourceResult, error)
}

// resource returns what answers for uri.
func (p *Plugin) resource(uri string) (*resource, bool) {
	if _, r, ok := p.resources.get(uri); ok {
		return r, true
	}
	for _, family := range p.templates.handlers() {
		if vars, ok := family.template.variables(uri); ok {
			return &resource{
				subscribable: family.subscribable,
				read: func(ctx context.Context, uri string) (*pluginv1.ReadResourceResult, error) {
					return family.read(ctx, uri, vars)
				},
			}, true
		}
	}
	return nil, false
}

// warnUnsubscribable says that what was added can be read, but no more than that.
func (p *Plugin) warnUnsubscribable(uri string, subscribable bool) {
	if !subscribable {
		return
	}
	if err := p.late(AbilitySubscriptions); err != nil {
		p.log.Error("nobody can subscribe to what was added", "uri", uri, "err", err)
	}
}

func (p *Plugin) anySubscribable() bool {
	return slices.ContainsFunc(p.resources.handlers(), func(r *resource) bool { return r.subscribable }) ||
		slices.ContainsFunc(p.templates.handlers(), func(f *resourceFamily) bool { return f.subscribable })
}

// wire is the definition as the host reads it.
func (r Resource) wire() (*pluginv1.Resource, error) {
	uri, err := url.Parse(r.URI)
	if err != nil {
		return nil, err
	}
	if uri.Scheme == "" || r.Name == "" {
		return nil, errors.New("a resource needs a URI with a scheme, and a name")
	}
	return &pluginv1.Resource{
		Uri:         r.URI,
		Name:        r.Name,
		Title:       r.Title,
		Description: r.Description,
		MimeType:    r.MIMEType,
		Size:        r.Size,
		Annotations: r.Annotations.wire(),
		Icons:       wireIcons(r.Icons),
		MetaJson:    r.Meta,
	}, checkMeta(r.Meta)
}

// wire is the definition as the host reads it, and its template.
func (t ResourceTemplate) wire() (*pluginv1.ResourceTemplate, *template, error) {
	parsed, err := parseTemplate(t.URITemplate)
	if err != nil {
		return nil, nil, err
	}
	if t.URITemplate == "" || t.Name == "" {
		return nil, nil, errors.New("a resource template needs a URI template and a name")
	}
	return &pluginv1.ResourceTemplate{
		UriTemplate: t.URITemplate,
		Name:        t.Name,
		Title:       t.Title,
		Description: t.Description,
		MimeType:    t.MIMEType,
		Annotations: t.Annotations.wire(),
		Icons:       wireIcons(t.Icons),
		MetaJson:    t.Meta,
	}, parsed, checkMeta(t.Meta)
}

// encodeRead turns what an author returned, a ResourceOut, into a result.
func encodeRead(out any, uri, mimeType string) (*pluginv1.ReadResourceResult, error) {
	switch v := out.(type) {
	case string:
		return encodeRead([]ResourceContents{{Text: v}}, uri, mimeType)
	case []byte:
		return encodeRead([]ResourceContents{{Blob: append([]byte{}, v...)}}, uri, mimeType) // not nil, even if empty
	case ResourceContents:
		return encodeRead([]ResourceContents{v}, uri, mimeType)
	case []ResourceContents:
		return ReadResult{Contents: v}.wire(uri, mimeType)
	case ReadResult:
		return v.wire(uri, mimeType)
	case *ReadResult:
		if v != nil {
			return v.wire(uri, mimeType)
		}
	}
	return ReadResult{}.wire(uri, mimeType)
}

func (r ReadResult) wire(uri, mimeType string) (*pluginv1.ReadResourceResult, error) {
	if len(r.Contents) == 0 {
		// MCP 2026-07-28, resources: an empty result must not stand for a
		// resource that does not exist.
		return nil, errors.New("the resource has no contents; a plugin returns NotFound for one that does not exist")
	}
	result := &pluginv1.ReadResourceResult{
		TtlMs:     uint64(max(0, r.TTL.Milliseconds())),
		Shareable: r.Shareable,
		MetaJson:  r.Meta,
	}
	for _, contents := range r.Contents {
		if contents.URI == "" {
			contents.URI = uri
		}
		if contents.MIMEType == "" && contents.URI == uri {
			contents.MIMEType = mimeType
		}
		wire, err := contents.wire()
		if err != nil {
			return nil, err
		}
		result.Contents = append(result.Contents, wire)
	}
	return result, checkMeta(r.Meta)
}
