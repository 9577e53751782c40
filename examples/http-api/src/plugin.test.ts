// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { ProtocolError } from "@mcphost/plugin";
import { type Client, serve } from "@mcphost/plugin/testing";
import { MAX_ANSWER } from "./api.js";
import { newPlugin } from "./plugin.js";

/** Fifty items, ten on a page, some of which are about cats. */
const ITEMS = Array.from({ length: 50 }, (_, i) => ({ id: `n/${i}`, title: i % 5 === 0 ? `cat ${i}` : `dog ${i}` }));

let asked: IncomingMessage[] = [];

const routes: Record<string, (response: ServerResponse, url: URL) => void> = {
  "/v1/notes": (response, url) => {
    const words = url.searchParams.get("text") ?? "";
    const page = Number(url.searchParams.get("page") ?? "0");
    const found = ITEMS.filter(({ title }) => title.includes(words));
    const more = found.length > (page + 1) * 10;
    const headers = more ? { link: `</v1/notes?text=${words}&page=${page + 1}>; rel="next"` } : {};
    json(response, 200, { notes: found.slice(page * 10, (page + 1) * 10) }, headers);
  },
  "/v1/notes/n%2F7": (response) => json(response, 200, ITEMS[7]),
  "/v1/plain": (response) => response.setHeader("content-type", "text/plain").end("just text"),
  "/v1/broken": (response) => response.setHeader("content-type", "application/json").end("{"),
  "/v1/astray": (response) => json(response, 200, [], { link: '<https://example.com/v1/x>; rel="next"' }),
  "/v1/secret": (response) => json(response, 403, { message: "not yours" }),
  "/v1/busy": (response) => json(response, 429, {}, { "retry-after": "7" }),
  "/v1/sick": (response) => response.writeHead(502).end("<html>bad gateway</html>"),
  "/v1/odd": (response) => json(response, 422, { error: "q:\n is too short" }),
  "/v1/moved": (response) => response.writeHead(302, { location: "https://example.com/" }).end(),
  "/v1/huge": (response) => response.end("x".repeat(MAX_ANSWER + 1)),
  "/v1/slow": () => {},
};

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response
    .writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
    .end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  asked.push(request);
  const url = new URL(request.url ?? "", "http://localhost");
  const route = routes[url.pathname] ?? (() => json(response, 404, { message: "no such thing" }));
  route(response, url);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(() => {
  server.closeAllConnections();
  server.close();
});

/** An address where nobody listens. */
async function nowhere(): Promise<string> {
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, "close");
  return `http://127.0.0.1:${port}`;
}

const SETTINGS = {
  base_url: `${origin}/v1`,
  token: "s3cret",
  collections: { notes: { path: "notes", items_at: "notes", query: "text" } },
};

/** Runs a test with a plugin that has settings. */
function served(name: string, run: (client: Client) => Promise<void>, settings: object = SETTINGS): void {
  test(name, async () => {
    asked = [];
    const client = await serve(newPlugin());
    try {
      await client.configure({ ...settings });
      await run(client);
    } finally {
      client.close();
    }
  });
}

served("get returns what is at a path, and sends the token", async (client) => {
  const got = await client.callTool("get", { path: "/notes", query: { page: "4" } });
  assert.deepEqual(got.structured, { status: 200, body: { notes: ITEMS.slice(40) } });
  assert.equal(asked[0]?.headers.authorization, "Bearer s3cret");
  assert.deepEqual((await client.callTool("get", { path: "plain" })).structured, { status: 200, body: "just text" });
});

served("get leads from page to page", async (client) => {
  const first = (await client.callTool("get", { path: "notes" })).structured as { next: string };
  assert.equal(first.next, "notes?text=&page=1");
  const second = await client.callTool("get", { path: first.next });
  assert.deepEqual((second.structured as { body: unknown }).body, { notes: ITEMS.slice(10, 20) });
});

served("nothing outside of the API is asked", async (client) => {
  for (const path of ["https://example.com/", "../admin", "/../admin", "a/../../admin", "http://u@127.0.0.1/v1/"]) {
    const got = await client.callTool("get", { path });
    assert.ok(got.isError && got.text.includes("leads out of the API"), `${path}: ${got.text}`);
  }
  assert.equal(asked.length, 0);
  assert.deepEqual((await client.callTool("get", { path: "astray" })).structured, { status: 200, body: [] });
  assert.match((await client.callTool("get", { path: "moved" })).text, /redirects "moved" to https:\/\/example.com\//);
});

served("search collects the items of several pages", async (client) => {
  const got = await client.callTool("search", { collection: "notes", limit: 25 });
  assert.deepEqual(got.structured, { items: ITEMS.slice(0, 25), complete: false });
  assert.deepEqual(
    got.report.progress.map(({ done }) => done),
    [10, 20, 25],
  );
  const cats = await client.callTool("search", { collection: "notes", words: "cat" });
  assert.deepEqual(cats.structured, { items: ITEMS.filter(({ title }) => title.startsWith("cat")), complete: true });
});

served("what search finds can be read", async (client) => {
  const got = await client.callTool("search", { collection: "notes", words: "dog 7" });
  const { kind } = got.content.at(-1) ?? {};
  assert.equal(kind?.case, "resourceLink");
  const [text] = await client.readResource(kind?.case === "resourceLink" ? kind.value.uri : "");
  assert.deepEqual(JSON.parse(String(text)), ITEMS[7]);
  const gone = (err: unknown) => err instanceof ProtocolError && err.code === "not found";
  for (const uri of ["api://notes/99", "api://people/1", "api://notes/%2E%2E"]) {
    await assert.rejects(client.readResource(uri), gone, uri);
  }
});

served("the model is told what to do", async (client) => {
  const says: Record<string, RegExp> = {
    absent: /nothing at "absent": no such thing/,
    secret: /with 403: not yours; the operator may have to set another token/,
    busy: /asked too often; try again after: 7/,
    sick: /has failed with 502; try again later/,
    odd: /with 422: q: is too short/,
    broken: /JSON that is none/,
    huge: /more than \d+ bytes; ask for less/,
  };
  for (const [path, pattern] of Object.entries(says)) {
    const got = await client.callTool("get", { path });
    assert.equal(got.isError, true, path);
    assert.match(got.text, pattern);
    assert.doesNotMatch(got.text, /s3cret/);
  }
  const unknown = await client.callTool("search", { collection: "people" });
  assert.match(unknown.text, /no collection "people"; there are: notes/);
});

served(
  "an answer that does not come is not waited for",
  async (client) => {
    assert.match((await client.callTool("get", { path: "slow" })).text, /not answered within 0.2 s/);
  },
  { ...SETTINGS, timeout_seconds: 0.2 },
);

served("a call that is cancelled ends its request", async (client) => {
  const cancel = new AbortController();
  const calling = client.callTool("get", { path: "slow" }, { signal: cancel.signal });
  const [request] = (await once(server, "request")) as [IncomingMessage];
  cancel.abort();
  await assert.rejects(calling);
  await once(request.socket, "close");
});

served(
  "an API that is not there is named",
  async (client) => {
    const got = await client.callTool("get", { path: "" });
    assert.match(got.text, /cannot be reached at http:.*: ECONNREFUSED; .* correct base_url/);
  },
  { base_url: await nowhere() },
);

served("the names of collections are in the schema, and completed", async (client) => {
  const { search } = (await client.listTools()) as { search: { properties: { collection: { enum: string[] } } } };
  assert.deepEqual(search.properties.collection.enum, ["notes"]);
  assert.deepEqual(await client.completeTemplate("api://{collection}/{id}", "collection", "n"), ["notes"]);
});

test("settings that make no sense are refused", async () => {
  const client = await serve(newPlugin());
  after(() => client.close());
  const wrong: [object, RegExp][] = [
    [{}, /base_url: is missing/],
    [{ base_url: "ftp://x/" }, /base_url/],
    [{ base_url: origin, tokn: "x" }, /tokn: is not known/],
    [{ base_url: origin, token: "a\nb" }, /token/],
    [{ base_url: origin, collections: { "a b": { path: "x" } } }, /collections/],
    [{ base_url: `${origin}/v1`, collections: { a: { path: "../x" } } }, /leads out of the API/],
  ];
  for (const [settings, pattern] of wrong) {
    await assert.rejects(client.configure({ ...settings }), pattern, JSON.stringify(settings));
  }
});
