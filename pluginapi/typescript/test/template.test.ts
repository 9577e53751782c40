// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { Template } from "#kit/template.js";

test("variables match as RFC 6570 expands them", () => {
  const note = new Template("note://{owner}/{+path}");
  assert.deepEqual(note.match("note://ada/a/b%20c"), { owner: "ada", path: "a/b c" });
  assert.equal(note.match("note://a/"), undefined);
  assert.equal(note.match("note://a/b/c?d ")?.["path"], undefined);
  assert.deepEqual(new Template("x://(a)/{n}.txt").match("x://(a)/%C3%A9.txt"), { n: "é" });
  assert.equal(new Template("x://{n}").match("x://a/b"), undefined);
});

test("escapes that are no UTF-8 match nothing", () => {
  assert.equal(new Template("x://{n}").match("x://%FF"), undefined);
});

test("what is no template is refused", () => {
  for (const text of ["x://{}", "x://{a", "x://a}", "x://{a,b}", "x://{?q}", "x://{a}/{a}"]) {
    assert.throws(() => new Template(text), { name: "DeclarationError" }, text);
  }
});
