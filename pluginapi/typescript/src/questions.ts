// SPDX-License-Identifier: Apache-2.0

// What can be asked of the person at the client, of its model and of itself: each
// question as MCP has it, and what is made of its answer.

import { type Content, jsonContent, type Role, readContent } from "./content.js";
import { DeclarationError, ToolError } from "./errors.js";
import type { Question } from "./exchange.js";
import { inputShape, type JsonSchema, MisfitError, type Schema } from "./schema.js";
import { isObject, type JsonObject } from "./wire.js";

/** What a person did with what they were asked: agreed, said no, or closed it. */
export type Action = "accept" | "decline" | "cancel";

/** What a person did with a form. */
export type Filled<T> =
  | { readonly action: "accept"; readonly accepted: true; readonly value: T }
  | { readonly action: "decline" | "cancel"; readonly accepted: false };

/** A message for the client's model; a string is text of the user's. */
export type SampleMessage =
  | string
  | { readonly role?: Role; readonly content: string | Content | readonly (string | Content)[] };

/** What else a model is asked: MCP's parameters of sampling/createMessage. */
export interface SampleOptions {
  /** Default: 1024. */
  readonly maxTokens?: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly modelPreferences?: JsonObject;
  readonly tools?: readonly JsonObject[];
  readonly toolChoice?: JsonObject;
  readonly metadata?: JsonObject;
}

/** What the client's model said. */
export interface Sampled {
  readonly content: readonly Content[];
  readonly role: Role;
  readonly model: string;
  readonly stopReason: string;
  /** The text of the answer, its blocks joined by newlines. */
  readonly text: string;
}

/** A folder that the client works in. */
export interface Root {
  readonly uri: string;
  readonly name: string;
}

/** The value of a form. ToolError: it was not filled in. */
export function accepted<T>(filled: Filled<T>): T {
  if (!filled.accepted) {
    throw new ToolError(`the person did not fill in the form, but chose to ${filled.action}`);
  }
  return filled.value;
}

/** A form for ask(): see Call.elicit. */
export function formQuestion<T>(form: Schema<T>, key: string, message: string): Question<Filled<T>> {
  const shape = inputShape(form);
  const params = { mode: "form", message, requestedSchema: formSchema(shape.json) };
  const take = async (result: unknown): Promise<Filled<T>> => {
    const action = readAction(result);
    if (action !== "accept") {
      return { action, accepted: false };
    }
    const value = (await shape.read((result as JsonObject)["content"] ?? {})) as T;
    return { action, accepted: true, value };
  };
  return { request: { key, method: "elicitation/create", params }, take };
}

/** A URL for ask(): see Call.elicitUrl. */
export function urlQuestion(key: string, message: string, url: string): Question<Action> {
  return { request: { key, method: "elicitation/create", params: { mode: "url", message, url } }, take: readAction };
}

/** A request to the model for ask(): see Call.sample. */
export function sampleQuestion(
  key: string,
  messages: readonly SampleMessage[],
  options: SampleOptions = {},
): Question<Sampled> {
  const params = { maxTokens: 1024, ...options, messages: messages.map(jsonMessage) };
  return { request: { key, method: "sampling/createMessage", params }, take: readSampled };
}

/** The folders for ask(): see Call.roots. */
export function rootsQuestion(key: string): Question<readonly Root[]> {
  return { request: { key, method: "roots/list" }, take: readRoots };
}

function jsonMessage(message: SampleMessage): JsonObject {
  if (typeof message === "string") {
    return { role: "user", content: jsonContent(message) };
  }
  const { role = "user", content } = message;
  return { role, content: isList(content) ? content.map(jsonContent) : jsonContent(content) };
}

function isList(content: string | Content | readonly (string | Content)[]): content is readonly (string | Content)[] {
  return Array.isArray(content);
}

/** The schema of a form, of the kinds that MCP allows. DeclarationError: it is none. */
export function formSchema(schema: JsonSchema): JsonSchema {
  const { additionalProperties: _, ...form } = schema;
  for (const [name, member] of Object.entries((form["properties"] ?? {}) as Record<string, JsonSchema>)) {
    const items = member["items"];
    const simple = ["string", "integer", "number", "boolean"].includes(String(member["type"]));
    if (!simple && !(member["type"] === "array" && isObject(items) && "enum" in items)) {
      throw new DeclarationError(`${name}: a form holds strings, numbers, booleans and choices only`);
    }
  }
  return form;
}

function readAction(result: unknown): Action {
  const action = isObject(result) ? result["action"] : undefined;
  if (action !== "accept" && action !== "decline" && action !== "cancel") {
    throw new MisfitError("says neither accept, decline nor cancel");
  }
  return action;
}

function readSampled(result: unknown): Sampled {
  if (!isObject(result)) {
    throw new MisfitError("is not an object");
  }
  const { content, role, model, stopReason } = result;
  const blocks = (Array.isArray(content) ? content : [content]).map((block) => {
    const read = readContent(block);
    if (!read) {
      throw new MisfitError("holds no content of a known form");
    }
    return read;
  });
  return {
    content: blocks,
    role: role === "user" ? "user" : "assistant",
    model: String(model ?? ""),
    stopReason: String(stopReason ?? ""),
    text: blocks.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n"),
  };
}

function readRoots(result: unknown): readonly Root[] {
  const found = isObject(result) ? result["roots"] : undefined;
  if (!Array.isArray(found)) {
    throw new MisfitError("holds no roots");
  }
  return found.map((root: unknown) => {
    if (!isObject(root) || typeof root["uri"] !== "string") {
      throw new MisfitError("holds a root without a URI");
    }
    return { uri: root["uri"], name: String(root["name"] ?? "") };
  });
}
