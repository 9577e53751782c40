// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// Content is one piece of content: a Text, Image, Audio, ResourceLink,
// EmbeddedResource or Raw.
type Content interface {
	// block returns the piece as the host reads it.
	block() (*pluginv1.ContentBlock, error)
}

// Text is text for the model or the user.
type Text struct {
	Text        string // valid UTF-8
	Annotations Annotations
	Meta        json.RawMessage // "_meta", a JSON object
}

// Image is a picture.
type Image struct {
	Data        []byte // the file's bytes
	MIMEType    string // required, such as "image/png"
	Annotations Annotations
	Meta        json.RawMessage // "_meta", a JSON object
}

// Audio is a sound.
type Audio struct {
	Data        []byte // the file's bytes
	MIMEType    string // required, such as "audio/wav"
	Annotations Annotations
	Meta        json.RawMessage // "_meta", a JSON object
}

// ResourceLink points at a resource that the client can read.
type ResourceLink struct {
	URI         string // required
	Name        string // required
	Title       string
	Description string
	MIMEType    string
	Size        *uint64 // in bytes; unknown if nil
	Icons       []Icon
	Annotations Annotations
	Meta        json.RawMessage // "_meta", a JSON object
}

// EmbeddedResource is what a resource holds, as a piece of content.
type EmbeddedResource struct {
	Contents    ResourceContents
	Annotations Annotations
	Meta        json.RawMessage // the block's "_meta", a JSON object
}

// ResourceContents is what a resource holds: Blob if it is not nil, else Text.
type ResourceContents struct {
	URI      string // required
	MIMEType string // unknown if empty
	Text     string // valid UTF-8
	Blob     []byte
	Meta     json.RawMessage // "_meta", a JSON object
}

// Raw is a block of a kind that this package has no type for.
type Raw struct {
	Block       json.RawMessage // the whole MCP block, an object with "type"
	Fallback    string          // what a client sees that does not know the kind; required
	Annotations Annotations
	Meta        json.RawMessage // "_meta", a JSON object
}

// Annotations are hints on content. The zero value gives none.
type Annotations struct {
	Audience     []Role    // whom it is for; both if empty
	Priority     *float64  // from 0 (optional) to 1 (required); none if nil
	LastModified time.Time // unknown if zero
}

// A Role is a side of a conversation.
type Role int

// The sides of a conversation.
const (
	RoleUser      = Role(pluginv1.Role_ROLE_USER)
	RoleAssistant = Role(pluginv1.Role_ROLE_ASSISTANT)
)

func (t Text) block() (*pluginv1.ContentBlock, error) {
	if !utf8.ValidString(t.Text) {
		return nil, errors.New("text is not valid UTF-8; return binary data as an Image, an Audio or an EmbeddedResource")
	}
	b := textBlock(t.Text)
	b.Annotations, b.MetaJson = t.Annotations.wire(), t.Meta
	return b, checkMeta(t.Meta)
}

func (i Image) block() (*pluginv1.ContentBlock, error) {
	media, err := wireMedia("image", i.Data, i.MIMEType)
	return &pluginv1.ContentBlock{
		Kind:        &pluginv1.ContentBlock_Image{Image: media},
		Annotations: i.Annotations.wire(),
		MetaJson:    i.Meta,
	}, errors.Join(err, checkMeta(i.Meta))
}

func (a Audio) block() (*pluginv1.ContentBlock, error) {
	media, err := wireMedia("audio", a.Data, a.MIMEType)
	return &pluginv1.ContentBlock{
		Kind:        &pluginv1.ContentBlock_Audio{Audio: media},
		Annotations: a.Annotations.wire(),
		MetaJson:    a.Meta,
	}, errors.Join(err, checkMeta(a.Meta))
}

func (l ResourceLink) block() (*pluginv1.ContentBlock, error) {
	if l.URI == "" || l.Name == "" {
		return nil, errors.New("a resource link needs a URI and a name")
	}
	return &pluginv1.ContentBlock{
		Kind: &pluginv1.ContentBlock_ResourceLink{ResourceLink: &pluginv1.ResourceLink{
			Uri:         l.URI,
			Name:        l.Name,
			Title:       l.Title,
			Description: l.Description,
			MimeType:    l.MIMEType,
			Size:        l.Size,
			Icons:       wireIcons(l.Icons),
		}},
		Annotations: l.Annotations.wire(),
		MetaJson:    l.Meta,
	}, checkMeta(l.Meta)
}

func (r EmbeddedResource) block() (*pluginv1.ContentBlock, error) {
	contents, err := r.Contents.wire()
	return &pluginv1.ContentBlock{
		Kind:        &pluginv1.ContentBlock_Resource{Resource: contents},
		Annotations: r.Annotations.wire(),
		MetaJson:    r.Meta,
	}, errors.Join(err, checkMeta(r.Meta))
}

func (r Raw) block() (*pluginv1.ContentBlock, error) {
	if !json.Valid(r.Block) || r.Fallback == "" {
		return nil, errors.New("a raw block needs a JSON object and a fallback text")
	}
	return &pluginv1.ContentBlock{
		Kind: &pluginv1.ContentBlock_Raw{Raw: &pluginv1.RawContent{
			BlockJson:    r.Block,
			FallbackText: r.Fallback,
		}},
		Annotations: r.Annotations.wire(),
		MetaJson:    r.Meta,
	}, checkMeta(r.Meta)
}

func (c ResourceContents) wire() (*pluginv1.ResourceContents, error) {
	if c.URI == "" {
		return nil, errors.New("resource contents need a URI")
	}
	if !utf8.ValidString(c.Text) {
		return nil, fmt.Errorf("the text of resource %q is not valid UTF-8; use Blob", c.URI)
	}
	wire := &pluginv1.ResourceContents{Uri: c.URI, MimeType: c.MIMEType, MetaJson: c.Meta}
	if c.Blob != nil {
		wire.Contents = &pluginv1.ResourceContents_Blob{Blob: c.Blob}
	} else {
		wire.Contents = &pluginv1.ResourceContents_Text{Text: c.Text}
	}
	return wire, checkMeta(c.Meta)
}

func (a Annotations) wire() *pluginv1.Annotations {
	if len(a.Audience) == 0 && a.Priority == nil && a.LastModified.IsZero() {
		return nil
	}
	wire := &pluginv1.Annotations{Priority: a.Priority}
	for _, role := range a.Audience {
		wire.Audience = append(wire.Audience, pluginv1.Role(role))
	}
	if !a.LastModified.IsZero() {
		wire.LastModified = a.LastModified.UTC().Format(time.RFC3339)
	}
	return wire
}

func wireMedia(kind string, data []byte, mimeType string) (*pluginv1.MediaContent, error) {
	if mimeType == "" {
		return nil, fmt.Errorf("%s content needs a MIME type", kind)
	}
	return &pluginv1.MediaContent{Data: data, MimeType: mimeType}, nil
}

func wireContent(content []Content) ([]*pluginv1.ContentBlock, error) {
	wire := make([]*pluginv1.ContentBlock, 0, len(content))
	for i, c := range content {
		if c == nil {
			return nil, fmt.Errorf("the tool's content %d is nil", i)
		}
		b, err := c.block()
		if err != nil {
			return nil, fmt.Errorf("the tool's content %d: %w", i, err)
		}
		wire = append(wire, b)
	}
	return wire, nil
}

func textBlock(text string) *pluginv1.ContentBlock {
	return &pluginv1.ContentBlock{Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: text}}}
}

// validText is text that protobuf accepts.
func validText(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
