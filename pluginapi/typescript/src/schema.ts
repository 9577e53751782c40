// SPDX-License-Identifier: Apache-2.0

// Turns the schemas of validation libraries into JSON Schema, and JSON into
// values of theirs. It knows the interface that those libraries share, Standard
// Schema with JSON Schema, and none of them. It knows nothing of tools and forms.

import { DeclarationError } from "./errors.js";
import { isObject, type JsonObject } from "./wire.js";

/** A JSON Schema (2020-12), by hand. */
export type JsonSchema = JsonObject;

/** A schema of zod (4.2), or of another library that has Standard Schema with JSON Schema. */
export interface Schema<T = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => Checked<T> | Promise<Checked<T>>;
    readonly jsonSchema: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

type Checked<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What the values of a schema are in TypeScript; objects, if it is one by hand. */
export type ValueOf<S> = S extends Schema<infer T> ? T : JsonObject;

/** A value does not fit; the message says where. */
export class MisfitError extends Error {
  override name = "MisfitError";
}

/** A schema that is ready for use. */
export interface Shape {
  readonly json: JsonSchema;
  /** The JSON value as one of the schema. MisfitError: it is none, and where. */
  readonly read: (value: unknown, path?: string) => Promise<unknown>;
}

const NO_MEMBERS: JsonSchema = { type: "object", properties: {}, additionalProperties: false };

/** The shape of an object without members. */
export const EMPTY: Shape = {
  json: NO_MEMBERS,
  read: async (value, path = "") => fitting({ value }, strangers(NO_MEMBERS, value, path), value, path),
};

/**
 * The shape of what a client sends. Objects hold no members but those of the
 * schema, unless it says so. What is by hand is not checked.
 */
export function inputShape(schema: Schema | JsonSchema): Shape {
  return shapeOf(schema, "input");
}

/** The shape of what a plugin returns. */
export function outputShape(schema: Schema | JsonSchema): Shape {
  return shapeOf(schema, "output");
}

function shapeOf(schema: Schema | JsonSchema, side: "input" | "output"): Shape {
  if (!isStandard(schema)) {
    return { json: schema, read: async (value) => value };
  }
  const { $schema: _, ...json } = jsonOf(schema, side);
  if (json["type"] !== "object") {
    throw new DeclarationError(`the schema is no object's, but ${JSON.stringify(json["type"] ?? json)}`);
  }
  const shut = closed(json);
  return { json: shut, read: (value, path = "") => read(schema, shut, value, path) };
}

function isStandard(schema: Schema | JsonSchema): schema is Schema {
  return "~standard" in schema;
}

function jsonOf(schema: Schema, side: "input" | "output"): Record<string, unknown> {
  const convert = schema["~standard"].jsonSchema?.[side];
  if (!convert) {
    throw new DeclarationError("the schema's library has no Standard Schema with JSON Schema; zod has since 4.2");
  }
  try {
    return convert({ target: "draft-2020-12" });
  } catch (err) {
    throw new DeclarationError(`the schema has no JSON form: ${String(err)}`);
  }
}

async function read(schema: Schema, json: JsonSchema, value: unknown, path: string): Promise<unknown> {
  return fitting(await schema["~standard"].validate(value), strangers(json, value, path), value, path);
}

function fitting(checked: Checked<unknown>, unknown: readonly string[], value: unknown, path: string): unknown {
  const wrong = (checked.issues ?? []).map((issue) => spelt(issue, value, path));
  if (checked.issues || unknown.length > 0) {
    throw new MisfitError([...unknown, ...wrong].join("; "));
  }
  return checked.value;
}

/** Says what is wrong, and where. */
function spelt({ message, path = [] }: Issue, value: unknown, top: string): string {
  let at = value;
  let where = top;
  for (const part of path) {
    const key = typeof part === "object" ? part.key : part;
    at = at === null || at === undefined ? undefined : (at as Record<PropertyKey, unknown>)[key];
    where = typeof key === "number" ? `${where}[${key}]` : below(where, String(key));
  }
  return `${where || "the value"}: ${at === undefined ? "is missing" : message}`;
}

/** The schema with all objects closed whose members strangers() knows. */
function closed(schema: JsonSchema): JsonSchema {
  const made: Record<string, unknown> = { ...schema };
  if (isObject(schema["properties"])) {
    const members = Object.entries(schema["properties"]);
    made["properties"] = Object.fromEntries(members.map(([name, one]) => [name, isObject(one) ? closed(one) : one]));
    made["additionalProperties"] ??= false;
  }
  if (isObject(schema["items"])) {
    made["items"] = closed(schema["items"]);
  }
  return made;
}

/** The members that closed objects do not know; libraries drop them without a word. */
function strangers(schema: JsonSchema, value: unknown, path: string): string[] {
  const { properties, items } = schema;
  if (Array.isArray(value)) {
    return isObject(items) ? value.flatMap((one, i) => strangers(items, one, `${path}[${i}]`)) : [];
  }
  if (!isObject(properties) || !isObject(value)) {
    return [];
  }
  const known = Object.keys(properties);
  return Object.entries(value).flatMap(([name, one]) => {
    const member = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (member === undefined && schema["additionalProperties"] === false) {
      return [`${below(path, name)}: is not known; there are ${known.join(", ") || "none"}`];
    }
    return isObject(member) ? strangers(member, one, below(path, name)) : [];
  });
}

function below(path: string, name: string): string {
  return path ? `${path}.${name}` : name;
}
