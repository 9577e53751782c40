// SPDX-License-Identifier: Apache-2.0

// What all messages of the protocol share: JSON, text and limits.

/** The largest message, in bytes, that host and plugins exchange. */
export const MAX_MESSAGE_SIZE = 64 << 20;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

const NONE = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON in its shortest form. TypeError: the value has none. */
export function dump(value: unknown): Uint8Array {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(`${typeof value} has no JSON form`);
  }
  return encoder.encode(text);
}

/** What may be left out, of which none is no bytes. */
export function dumpOptional(value: unknown): Uint8Array {
  return value === undefined ? NONE : dump(value);
}

/** The value of JSON; undefined, if there are no bytes. */
export function load(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(decoder.decode(bytes));
}

/** Whether a value is a JSON object, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is of a class; no, if it is one that does not let itself be asked. */
export function isA<T>(kind: abstract new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof kind;
  } catch {
    return false;
  }
}

/** What an error says; of what is thrown and is none, itself. */
export function messageOf(err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).toWellFormed();
}
