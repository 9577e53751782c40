// SPDX-License-Identifier: Apache-2.0

// Command protodoc turns the comments of the plugin protocol into its reference
// in Markdown. It reads an image, as "buf build" writes it, from standard input,
// and writes to standard output. It knows the shape of protocol buffers and
// nothing of what this protocol says. "make generate" runs it.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "protodoc:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var image descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &image); err != nil {
		return fmt.Errorf("standard input is no image: %w", err)
	}
	files, err := protodesc.NewFiles(&image)
	if err != nil {
		return err
	}
	p := page{}
	p.text("# The plugin protocol\n\nGenerated from the comments in `proto/mcphost/plugin/v1` by `make generate`.\n" +
		"What a plugin without an author kit has to do besides is told in [any language](write-a-plugin/any-language.md).\n")
	// The order to read in, not that of the alphabet.
	for _, name := range []string{"plugin", "tool", "resource", "prompt", "completion", "content", "context"} {
		file, err := files.FindFileByPath("mcphost/plugin/v1/" + name + ".proto")
		if err != nil {
			return err
		}
		p.file(file)
	}
	text := strings.TrimSpace(p.String())
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	_, err = io.WriteString(out, text+"\n")
	return err
}

// A page is the Markdown so far.
type page struct{ strings.Builder }

func (p *page) text(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func (p *page) file(f protoreflect.FileDescriptor) {
	name := f.Path()[strings.LastIndexByte(f.Path(), '/')+1:]
	p.text("\n## %s\n", name)
	syntax := f.SourceLocations().ByPath(protoreflect.SourcePath{12})
	if about := strings.TrimSpace(clean(syntax.LeadingComments)); about != "" {
		p.text("%s\n", about)
	}
	for i := range f.Services().Len() {
		p.service(f.Services().Get(i))
	}
	for i := range f.Messages().Len() {
		p.message(f.Messages().Get(i))
	}
	for i := range f.Enums().Len() {
		p.enum(f.Enums().Get(i))
	}
}

func (p *page) service(s protoreflect.ServiceDescriptor) {
	p.text("### %s\n\n%s\n", s.Name(), comment(s))
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		p.text("#### %s.%s\n\n`rpc %s(%s) returns (%s)`\n\n%s\n", s.Name(), m.Name(), m.Name(),
			streamed(m.IsStreamingClient(), m.Input()), streamed(m.IsStreamingServer(), m.Output()), comment(m))
	}
}

func streamed(stream bool, m protoreflect.MessageDescriptor) string {
	if stream {
		return "stream " + string(m.Name())
	}
	return string(m.Name())
}

func (p *page) message(m protoreflect.MessageDescriptor) {
	p.text("### %s\n", m.Name())
	if about := comment(m); about != "" {
		p.text("%s\n", about)
	}
	if m.Fields().Len() == 0 {
		p.text("It has no fields.\n")
		return
	}
	p.text("| field | type | |\n|---|---|---|")
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		p.text("| `%s` = %d | %s | %s |", f.Name(), f.Number(), kind(f), cell(comment(f)))
	}
	p.text("")
	for i := range m.Oneofs().Len() {
		if o := m.Oneofs().Get(i); !o.IsSynthetic() {
			p.text("%s\n", oneof(o))
		}
	}
}

// oneof says which fields exclude each other.
func oneof(o protoreflect.OneofDescriptor) string {
	names := make([]string, 0, o.Fields().Len())
	for i := range o.Fields().Len() {
		names = append(names, "`"+string(o.Fields().Get(i).Name())+"`")
	}
	text := "At most one of " + strings.Join(names, ", ") + " is set."
	if about := comment(o); about != "" {
		text += " " + about
	}
	return text
}

func (p *page) enum(e protoreflect.EnumDescriptor) {
	p.text("### %s\n\n%s\n\n| value | |\n|---|---|", e.Name(), comment(e))
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		p.text("| `%s` = %d | %s |", v.Name(), v.Number(), cell(comment(v)))
	}
	p.text("")
}

// kind names the type of a field, with a link where it has a section.
func kind(f protoreflect.FieldDescriptor) string {
	if f.IsMap() {
		return fmt.Sprintf("map of %s to %s", kind(f.MapKey()), kind(f.MapValue()))
	}
	name := f.Kind().String()
	switch {
	case f.Message() != nil:
		name = link(f.Message())
	case f.Enum() != nil:
		name = link(f.Enum())
	}
	switch {
	case f.IsList():
		return "repeated " + name
	case f.HasOptionalKeyword():
		return "optional " + name
	}
	return name
}

func link(d protoreflect.Descriptor) string {
	return fmt.Sprintf("[%s](#%s)", d.Name(), strings.ToLower(string(d.Name())))
}

// comment is what stands before a declaration, or else behind it.
func comment(d protoreflect.Descriptor) string {
	at := d.ParentFile().SourceLocations().ByDescriptor(d)
	if about := strings.TrimSpace(clean(at.LeadingComments)); about != "" {
		return about
	}
	return strings.TrimSpace(clean(at.TrailingComments))
}

// clean takes away the space that follows the slashes of a comment.
func clean(comment string) string {
	lines := strings.Split(comment, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, " ")
	}
	return strings.Join(lines, "\n")
}

// cell makes a text fit into a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
