// SPDX-License-Identifier: Apache-2.0

// The pieces of content that tools return, prompts hold and models answer with.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as pb from "./proto/content_pb.js";
import { Role as WireRole } from "./proto/context_pb.js";
import type { AnnotationsSchema, IconSchema } from "./proto/plugin_pb.js";
import { dump, dumpOptional, isObject, type JsonObject } from "./wire.js";

/** A side of a conversation. */
export type Role = "user" | "assistant";

/** Hints on content and resources. */
export interface Annotations {
  /** Whom it is for. Default: both. */
  readonly audience?: readonly Role[];
  /** From 0 (optional) to 1 (required). */
  readonly priority?: number;
  readonly lastModified?: Date;
}

/** An image for user interfaces. */
export interface Icon {
  /** An https, http or data URI. */
  readonly src: string;
  readonly mimeType?: string;
  /** Such as "48x48". Default: any. */
  readonly sizes?: readonly string[];
  /** The background it is made for. Default: either. */
  readonly theme?: "light" | "dark";
}

/** What all pieces have in common. */
export interface Common {
  readonly annotations?: Annotations;
  readonly meta?: JsonObject;
}

/** Text for the model or the person. */
export interface Text extends Common {
  readonly type: "text";
  readonly text: string;
}

/** A picture or a sound: the file's bytes, not base64. */
export interface Media extends Common {
  readonly type: "image" | "audio";
  readonly data: Uint8Array;
  /** Such as "image/png". */
  readonly mimeType: string;
}

/** Points at a resource that the client can read. */
export interface ResourceLink extends Common {
  readonly type: "resource_link";
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  /** In bytes. */
  readonly size?: number;
  readonly icons?: readonly Icon[];
}

/** What a resource holds: text, or bytes. */
export interface ResourceContents {
  readonly contents: string | Uint8Array;
  /** Default: that which was asked for. Required in an EmbeddedResource. */
  readonly uri?: string;
  readonly mimeType?: string;
  readonly meta?: JsonObject;
}

/** What a resource holds, as a piece of content. */
export interface EmbeddedResource extends Common {
  readonly type: "resource";
  readonly resource: ResourceContents & { readonly uri: string };
}

/** A block of a kind that this package has no type for. */
export interface Raw {
  readonly type: "raw";
  /** The whole MCP block, with its own "type". */
  readonly block: JsonObject;
  /** What a client sees that does not know the kind. */
  readonly fallback: string;
}

/** One piece of content. */
export type Content = Text | Media | ResourceLink | EmbeddedResource | Raw;

/** Text, as a piece of content. */
export function text(said: string): Text {
  return { type: "text", text: said };
}

/** A picture, of a MIME type such as "image/png". */
export function image(data: Uint8Array, mimeType: string): Media {
  return { type: "image", data, mimeType };
}

/** A sound, of a MIME type such as "audio/wav". */
export function audio(data: Uint8Array, mimeType: string): Media {
  return { type: "audio", data, mimeType };
}

/** A piece of content as the protocol has it. TypeError: it is none. */
export function wireContent(content: Content | string): pb.ContentBlock {
  if (typeof content === "string") {
    return create(pb.ContentBlockSchema, { kind: wireKind(text(content)) });
  }
  const { annotations, meta } = content.type === "raw" ? {} : content;
  return create(pb.ContentBlockSchema, {
    kind: wireKind(content),
    metaJson: dumpOptional(meta),
    ...(annotations && { annotations: wireAnnotations(annotations) }),
  });
}

function wireKind(content: Content): NonNullable<MessageInitShape<typeof pb.ContentBlockSchema>["kind"]> {
  switch (content.type) {
    case "text":
      return { case: "text", value: { text: content.text.toWellFormed() } };
    case "image":
    case "audio":
      return { case: content.type, value: { data: content.data, mimeType: content.mimeType } };
    case "resource_link": {
      const { type: _, annotations: __, meta: ___, size, icons = [], ...link } = content;
      const said = size === undefined ? {} : { size: BigInt(size) };
      return { case: "resourceLink", value: { ...link, ...said, icons: icons.map(wireIcon) } };
    }
    case "resource":
      return { case: "resource", value: wireContents(content.resource) };
    case "raw":
      return { case: "raw", value: { blockJson: dump(content.block), fallbackText: content.fallback } };
    default:
      throw new TypeError(`there is no content of type ${JSON.stringify((content as { type?: unknown }).type)}`);
  }
}

/** What a resource holds; uri and mimeType are those of what was asked for. */
export function wireContents(held: ResourceContents, uri = "", mimeType = ""): pb.ResourceContents {
  const at = held.uri ?? uri;
  return create(pb.ResourceContentsSchema, {
    uri: at,
    mimeType: held.mimeType ?? (at === uri ? mimeType : ""),
    metaJson: dumpOptional(held.meta),
    contents:
      typeof held.contents === "string"
        ? { case: "text", value: held.contents.toWellFormed() }
        : { case: "blob", value: held.contents },
  });
}

/** Annotations as the protocol has them. */
export function wireAnnotations(hints: Annotations): MessageInitShape<typeof AnnotationsSchema> {
  const { audience = [], priority, lastModified } = hints;
  return {
    audience: audience.map(wireRole),
    lastModified: lastModified?.toISOString() ?? "",
    ...(priority !== undefined && { priority }),
  };
}

/** An icon as the protocol has it. */
export function wireIcon({ sizes = [], ...icon }: Icon): MessageInitShape<typeof IconSchema> {
  return { ...icon, sizes: [...sizes] };
}

/** A role as the protocol has it. */
export function wireRole(role: Role): WireRole {
  return role === "assistant" ? WireRole.ASSISTANT : WireRole.USER;
}

/** A piece of content in MCP's own form, as models are sent it. */
export function jsonContent(content: Content | string): JsonObject {
  if (typeof content === "string") {
    return { type: "text", text: content };
  }
  if (content.type === "raw") {
    return content.block;
  }
  if (content.type === "resource_link" || content.type === "resource") {
    throw new TypeError(`a model is sent text, image, audio or raw, no ${content.type}`);
  }
  const { annotations, meta, ...rest } = content;
  return {
    ...rest,
    ...("data" in rest && { data: Buffer.from(rest.data).toString("base64") }),
    ...(annotations && { annotations }),
    ...(meta && { _meta: meta }),
  };
}

/** One block as a model answers with it, of any kind; undefined: it is none. */
export function readContent(block: unknown): Content | undefined {
  if (!isObject(block) || typeof block["type"] !== "string") {
    return undefined;
  }
  const { type, text: said, data, mimeType, _meta } = block;
  const common = isObject(_meta) ? { meta: _meta } : {};
  if (type === "text") {
    return typeof said === "string" ? { type, text: said, ...common } : undefined;
  }
  if ((type === "image" || type === "audio") && typeof data === "string") {
    return { type, data: Buffer.from(data, "base64"), mimeType: String(mimeType ?? ""), ...common };
  }
  return { type: "raw", block, fallback: "" };
}
