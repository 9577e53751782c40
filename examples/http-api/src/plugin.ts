// SPDX-License-Identifier: Apache-2.0

// Offers an HTTP API to models: a tool that gets any path of it, a tool that
// searches its collections page by page, and their items as resources.

import { type Call, type Content, notFound, Plugin, prefixCompletion, ToolError, ToolResult } from "@mcphost/plugin";
import { z } from "zod";
import { type Answer, Api } from "./api.js";
import { type Collection, Settings } from "./settings.js";

/** The most items that one search returns. */
const MAX_ITEMS = 500;
/** The most pages that one search asks for. */
const MAX_PAGES = 50;

const Page = z.object({
  status: z.int(),
  body: z.unknown().describe("what the API has answered: any JSON, or text"),
  next: z.string().optional().describe("the path of the next page, if there is one"),
});

const Found = z.object({
  items: z.array(z.unknown()),
  complete: z.boolean().describe("whether these are all"),
});

/** The plugin, without settings yet. */
export function newPlugin(): Plugin {
  const plugin = new Plugin({
    name: "http-api",
    version: "1.0.0",
    title: "HTTP API",
    description: "Searches and reads what an HTTP API with JSON has.",
  });
  const wrapper = new Wrapper();
  plugin.onConfigure(Settings, (settings) => {
    wrapper.configure(settings);
    offerSearch(plugin, wrapper); // again, now that the names of the collections are known
  });
  offerGet(plugin, wrapper);
  offerSearch(plugin, wrapper);
  offerItems(plugin, wrapper);
  return plugin;
}

/** The API and its collections, once they are known. */
class Wrapper {
  #api: Api | undefined;
  #collections = new Map<string, Collection>();

  configure(settings: Settings): void {
    this.#api = new Api(settings);
    this.#collections = new Map(Object.entries(settings.collections));
    for (const { path } of this.#collections.values()) {
      this.#api.at(path); // the operator should know now, not the model later
    }
  }

  get api(): Api {
    if (!this.#api) {
      throw new ToolError("the plugin has no settings yet");
    }
    return this.#api;
  }

  get names(): string[] {
    return [...this.#collections.keys()];
  }

  collection(name: string): Collection | undefined {
    return this.#collections.get(name);
  }
}

function offerGet(plugin: Plugin, wrapper: Wrapper): void {
  plugin.tool(
    {
      name: "get",
      title: "Get",
      description:
        "Get what the API has at a path below its base URL. For the next page, get the path that next names.",
      readOnly: true,
      input: z.object({
        path: z.string().describe("such as projects/42; may hold a query"),
        query: z.record(z.string(), z.string()).default({}).describe("parameters to add to the path's"),
      }),
      output: Page,
    },
    async ({ path, query }, call) => {
      const { status, body, next } = await asked(() => wrapper.api.get(wrapper.api.at(path, query), call.signal));
      return { status, body, ...(next && { next: wrapper.api.pathOf(next) }) };
    },
  );
}

function offerSearch(plugin: Plugin, wrapper: Wrapper): void {
  const { names } = wrapper;
  plugin.tool(
    {
      name: "search",
      title: "Search",
      description: `Search a collection of the API, page by page. There are: ${names.join(", ") || "none"}.`,
      readOnly: true,
      input: z.object({
        collection: z
          .string()
          .describe("its name")
          .meta(names.length > 0 ? { enum: names } : {}),
        words: z.string().default("").describe("what to search for; empty: everything"),
        limit: z.int().min(1).max(MAX_ITEMS).default(20).describe("the most items to return"),
      }),
      output: Found,
    },
    async ({ collection, words, limit }, call) => {
      const known = wrapper.collection(collection);
      if (!known) {
        const all = wrapper.names.join(", ") || "none";
        throw new ToolError(`there is no collection ${JSON.stringify(collection)}; there are: ${all}`);
      }
      const found = await asked(() => search(wrapper.api, known, words, limit, call));
      const links = found.items.flatMap((item) => link(collection, known, item));
      return new ToolResult({ content: [JSON.stringify(found), ...links], structured: found });
    },
  );
}

function offerItems(plugin: Plugin, wrapper: Wrapper): void {
  plugin.resourceTemplate(
    "api://{collection}/{id}",
    {
      name: "item",
      title: "Item",
      description: "One item of a collection, as JSON.",
      mimeType: "application/json",
      complete: { collection: (typed, filled) => prefixCompletion(wrapper.names)(typed, filled) },
    },
    async ({ collection, id }, call) => {
      const known = wrapper.collection(collection);
      if (!known || id === "." || id === "..") {
        throw notFound(`there is no collection ${JSON.stringify(collection)} with an item ${JSON.stringify(id)}`);
      }
      const { body } = await wrapper.api.get(wrapper.api.at(itemPath(known, id)), call.signal);
      return JSON.stringify(body, undefined, 2);
    },
  );
}

/** Collects items, page by page. */
async function search(
  api: Api,
  collection: Collection,
  words: string,
  limit: number,
  call: Call,
): Promise<z.infer<typeof Found>> {
  const items: unknown[] = [];
  let next: URL | undefined = api.at(collection.path, words === "" ? {} : { [collection.query]: words });
  for (let page = 1; next && page <= MAX_PAGES && items.length < limit; page++) {
    const answer: Answer = await api.get(next, call.signal);
    items.push(...itemsOf(collection, answer));
    next = answer.next;
    call.progress(Math.min(items.length, limit), limit, `page ${page}`);
  }
  return { items: items.slice(0, limit), complete: !next && items.length <= limit };
}

function itemsOf({ path, items_at }: Collection, { body }: Answer): readonly unknown[] {
  const list = items_at === "" ? body : (body as Record<string, unknown> | null)?.[items_at];
  if (!Array.isArray(list)) {
    const where = items_at === "" ? "the answer" : `the member ${items_at} of the answer`;
    throw new ToolError(`${where} for ${path} is no list; the operator has to correct items_at of the collection`);
  }
  return list;
}

/** Where an item can be read, if it has a name. */
function link(collection: string, { id }: Collection, item: unknown): Content[] {
  const value = (item as Record<string, unknown> | null)?.[id];
  if (typeof value !== "string" && typeof value !== "number") {
    return [];
  }
  const uri = `api://${collection}/${encodeURIComponent(value)}`;
  return [{ type: "resource_link", uri, name: `${collection} ${value}`, mimeType: "application/json" }];
}

function itemPath({ path }: Collection, id: string): string {
  const [list = ""] = path.split("?");
  return `${list.replace(/\/+$/, "")}/${encodeURIComponent(id)}`;
}

/** To a tool's caller, what is not there is news for the model, not a mistake in the protocol. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (err) {
    throw err instanceof Error && err.name === "ProtocolError" ? new ToolError(err.message) : err;
  }
}
