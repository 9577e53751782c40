// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { DeclarationError, Plugin } from "@mcphost/plugin";
import { z } from "zod";
import { formSchema } from "#kit/questions.js";
import { EMPTY, inputShape, outputShape } from "#kit/schema.js";

const address = z.object({ street: z.string(), lines: z.array(z.object({ n: z.number() })).default([]) });

test("objects are closed, and say which member they do not know", async () => {
  const shape = inputShape(address);
  assert.equal(shape.json["additionalProperties"], false);
  assert.equal("$schema" in shape.json, false);
  assert.deepEqual(shape.json["required"], ["street"]);
  assert.deepEqual(await shape.read({ street: "a" }), { street: "a", lines: [] });
  await assert.rejects(shape.read({ street: "a", town: "b" }), {
    message: "town: is not known; there are street, lines",
  });
  await assert.rejects(
    shape.read({ street: "a", lines: [{ n: 1, m: 2 }] }),
    /^MisfitError: lines\[0\]\.m: is not known/,
  );
  await assert.rejects(EMPTY.read({ x: 1 }), { message: "x: is not known; there are none" });
});

test("integers that lose digits are refused, and the schema says so", async () => {
  const shape = inputShape(z.object({ id: z.int() }));
  assert.deepEqual(shape.json["properties"], {
    id: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  });
  await assert.rejects(shape.read(JSON.parse('{"id":9007199254740993}')), /^MisfitError: id: Too big/);
  assert.deepEqual(await shape.read({ id: Number.MAX_SAFE_INTEGER }), { id: Number.MAX_SAFE_INTEGER });
  const text = inputShape(z.object({ id: z.string().transform(BigInt) }));
  assert.deepEqual(await text.read({ id: "9007199254740993" }), { id: 9007199254740993n });
});

test("an object stays open that says so", async () => {
  const shape = inputShape(z.looseObject({ a: z.string() }));
  assert.deepEqual(await shape.read({ a: "b", c: 1 }), { a: "b", c: 1 });
});

test("what does not fit is named by its path", async () => {
  const shape = inputShape(address);
  await assert.rejects(shape.read({}), { message: "street: is missing" });
  await assert.rejects(shape.read({ street: "a", lines: [{ n: "1" }] }), /lines\[0\]\.n: Invalid input/);
  await assert.rejects(shape.read([]), /the value: /);
  await assert.rejects(shape.read({ street: 3 }, "settings"), /settings\.street: /);
});

test("defaults are there in what goes out", () => {
  assert.deepEqual(outputShape(address).json["required"], ["street", "lines"]);
});

test("a schema by hand is taken as it is", async () => {
  const json = { type: "object", properties: { a: { type: "string" } } };
  const shape = inputShape(json);
  assert.equal(shape.json, json);
  assert.deepEqual(await shape.read({ b: 1 }), { b: 1 });
});

test("what is no object's schema is refused, with the tool's name", () => {
  const plugin = new Plugin({ name: "p", version: "1" });
  assert.throws(() => plugin.tool({ name: "t", input: z.string() }, () => ""), /tool "t": the schema is no object's/);
  assert.throws(() => plugin.tool({ name: "t", input: z.object({ a: z.date() }) }, () => ""), DeclarationError);
});

test("a form is flat", () => {
  const flat = z.object({ n: z.int(), one: z.enum(["a", "b"]), some: z.array(z.enum(["a", "b"])).optional() });
  assert.equal("additionalProperties" in formSchema(inputShape(flat).json), false);
  assert.throws(() => formSchema(inputShape(z.object({ inner: address })).json), /inner: a form holds/);
});
