// SPDX-License-Identifier: Apache-2.0

// Turns what an author's function returns into what the protocol carries.

import { create } from "@bufbuild/protobuf";
import { type Content, type ResourceContents, type Role, wireContent, wireContents, wireRole } from "./content.js";
import type { InputRequired } from "./exchange.js";
import type { Completion as WireCompletion } from "./proto/completion_pb.js";
import { CompletionSchema } from "./proto/completion_pb.js";
import { type GetPromptResult, GetPromptResultSchema } from "./proto/prompt_pb.js";
import { type ReadResourceResult, ReadResourceResultSchema } from "./proto/resource_pb.js";
import { type CallToolResult, CallToolResultSchema } from "./proto/tool_pb.js";
import type { JsonSchema, Schema, Shape, ValueOf } from "./schema.js";
import { dump, dumpOptional, type JsonObject } from "./wire.js";

/** How many suggestions MCP lets a completion hold. */
const MAX_VALUES = 100;

/** What a tool returns, in full, for what the other forms cannot say. */
export class ToolResult {
  constructor(
    readonly parts: {
      readonly content?: readonly (Content | string)[];
      /** Conforms to the output schema. */
      readonly structured?: unknown;
      readonly isError?: boolean;
      readonly meta?: JsonObject;
    },
  ) {}
}

/** What a tool without an output schema returns; a string is text. */
export type Unstructured = string | Content | readonly Content[] | ToolResult | InputRequired | void;

/** What a tool returns, by its output schema. */
export type Returned<O> =
  | ([O] extends [Schema | JsonSchema] ? ValueOf<O> | ToolResult | InputRequired : Unstructured)
  | (Literals & (O extends Nothing ? unknown : never));

// Never there. But the compiler looks at it before it knows O, and so takes the
// "a" of { type: "a" } for itself and not for any string.
type Literals = "" | 0 | true | readonly Literals[] | { readonly [member: string]: Literals };
type Nothing = { readonly [nothing]: never };
declare const nothing: unique symbol;

/** What reading a resource gives, in full. */
export class ReadResult {
  constructor(
    readonly parts: {
      readonly contents: readonly ResourceContents[];
      /** For how many milliseconds it stays fresh. Default: it is stale at once. */
      readonly ttlMs?: number;
      /** Whether others than this caller may be given a cached copy. Default: no. */
      readonly shareable?: boolean;
      readonly meta?: JsonObject;
    },
  ) {}
}

/** What the function of a resource returns. */
export type Readable =
  | string
  | Uint8Array
  | ResourceContents
  | readonly ResourceContents[]
  | ReadResult
  | InputRequired;

/** A message of a prompt; a string is text of the user's. */
export type PromptMessage = string | Content | { readonly role?: Role; readonly content: string | Content };

/** A prompt filled in, in full. */
export class PromptResult {
  constructor(
    readonly parts: {
      readonly messages: readonly PromptMessage[];
      readonly description?: string;
      readonly meta?: JsonObject;
    },
  ) {}
}

/** What the function of a prompt returns. */
export type Prompted = PromptMessage | readonly PromptMessage[] | PromptResult | InputRequired;

/** A list of suggestions. */
export interface Completion {
  /** The best first; clients see the first 100, and that there are more. */
  readonly values: readonly string[];
  /** How many there are in all. Default: unknown. */
  readonly total?: number;
  readonly hasMore?: boolean;
}

/** A result that says that the tool failed. */
export function toolError(message: string): CallToolResult {
  return create(CallToolResultSchema, { content: [wireContent(message)], isError: true });
}

/** What a tool has returned. TypeError, MisfitError: it is not what it has promised. */
export async function toolResult(out: unknown, output: Shape | undefined): Promise<CallToolResult> {
  if (out instanceof ToolResult) {
    const { content = [], structured, isError = false, meta } = out.parts;
    const kept = structured === undefined || isError || !output ? structured : await output.read(structured);
    return create(CallToolResultSchema, {
      content: content.map(wireContent),
      structuredContentJson: dumpOptional(kept),
      isError,
      metaJson: dumpOptional(meta),
    });
  }
  if (output) {
    const json = dump(await output.read(out));
    const content = [wireContent(new TextDecoder().decode(json))];
    return create(CallToolResultSchema, { content, structuredContentJson: json });
  }
  return create(CallToolResultSchema, {
    content: (out === undefined ? [] : listOf(out)).map((one) => wireContent(piece(one))),
  });
}

/** What a resource holds. TypeError: it cannot be told what. */
export function readResult(out: unknown, uri: string, mimeType: string): ReadResourceResult {
  const {
    contents,
    ttlMs = 0,
    shareable = false,
    meta,
  } = out instanceof ReadResult ? out.parts : { contents: listOf(out).map(held) };
  return create(ReadResourceResultSchema, {
    contents: contents.map((one) => wireContents(one, uri, mimeType)),
    ttlMs: BigInt(Math.round(ttlMs)),
    shareable,
    metaJson: dumpOptional(meta),
  });
}

/** A prompt filled in. TypeError: it cannot be told with what. */
export function promptResult(out: unknown): GetPromptResult {
  const {
    messages,
    description = "",
    meta,
  } = out instanceof PromptResult ? out.parts : { messages: listOf(out) as PromptMessage[] };
  return create(GetPromptResultSchema, {
    description,
    metaJson: dumpOptional(meta),
    messages: messages.map((message) => {
      const { role = "user", content } = isMessage(message) ? message : { content: message };
      return { role: wireRole(role), content: wireContent(piece(content)) };
    }),
  });
}

/** Suggestions as the protocol has them, no more than MCP allows. */
export function wireCompletion(found: Completion | readonly string[]): WireCompletion {
  const {
    values,
    hasMore = false,
    total = !hasMore && values.length > MAX_VALUES ? values.length : undefined,
  } = "values" in found && !Array.isArray(found) ? (found as Completion) : { values: found as string[] };
  return create(CompletionSchema, {
    values: values.slice(0, MAX_VALUES),
    hasMore: hasMore || values.length > MAX_VALUES,
    ...(total !== undefined && { total }),
  });
}

function listOf(out: unknown): readonly unknown[] {
  return Array.isArray(out) ? out : [out];
}

function piece(out: unknown): Content | string {
  if (typeof out === "string" || (typeof out === "object" && out !== null && "type" in out)) {
    return out as Content | string;
  }
  throw new TypeError(
    "a content is a string, or an object with a type such as that of image(); other objects need an output schema",
  );
}

function held(out: unknown): ResourceContents {
  if (typeof out === "string" || out instanceof Uint8Array) {
    return { contents: out };
  }
  if (typeof out === "object" && out !== null && "contents" in out) {
    return out as ResourceContents;
  }
  throw new TypeError("a resource is a string, bytes, ResourceContents or a ReadResult");
}

function isMessage(message: PromptMessage): message is Extract<PromptMessage, { readonly content: string | Content }> {
  return typeof message === "object" && message !== null && "content" in message;
}
