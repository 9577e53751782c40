// SPDX-License-Identifier: Apache-2.0

// Asks one HTTP API: requests below its base URL, with the token, the time and
// the size of answers bounded. It knows HTTP, and nothing of tools and resources.

import { notFound, ToolError } from "@mcphost/plugin";
import type { Settings } from "./settings.js";

/** The largest answer that is read, in bytes. */
export const MAX_ANSWER = 4 << 20;
/** How much of what the API says of an error is passed on, in characters. */
const MAX_REASON = 300;

/** What the API has answered. */
export interface Answer {
  /** The address that was asked. */
  readonly url: URL;
  readonly status: number;
  /** Any JSON value; text, where the answer is no JSON. */
  readonly body: unknown;
  /** The next page, where the API names one below its base URL. */
  readonly next: URL | undefined;
}

/** One HTTP API. */
export class Api {
  readonly #settings: Settings;
  readonly #base: URL;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#base = new URL(settings.base_url);
    this.#base.search = "";
    this.#base.hash = "";
    if (!this.#base.pathname.endsWith("/")) {
      this.#base.pathname += "/";
    }
  }

  /** The address of a path. ToolError: it leads out of the API. */
  at(path: string, query: Readonly<Record<string, string>> = {}): URL {
    const url = parse(path.replace(/^\/+/, "./"), this.#base);
    if (!url || !this.#has(url)) {
      throw new ToolError(`the path ${JSON.stringify(path)} leads out of the API; give one below ${this.#base.href}`);
    }
    for (const [name, value] of Object.entries(query)) {
      url.searchParams.set(name, value);
    }
    return url;
  }

  /** The address as a path that at() takes. */
  pathOf(url: URL): string {
    return url.href.slice(this.#base.href.length);
  }

  /** Asks for an address. ToolError: why there is no answer, and what to do. */
  async get(url: URL, signal: AbortSignal): Promise<Answer> {
    const patience = AbortSignal.timeout(this.#settings.timeout_seconds * 1000);
    try {
      const headers = { accept: "application/json", ...this.#token() };
      // The token is for this API alone, so redirects are not followed.
      const request = { headers, redirect: "manual", signal: AbortSignal.any([signal, patience]) } as const;
      const response = await fetch(url, request);
      const text = await textOf(response);
      if (!response.ok) {
        throw this.#refusal(url, response, text);
      }
      return { url, status: response.status, body: contentOf(response, text), next: this.#next(url, response) };
    } catch (err) {
      throw this.#fault(err, patience);
    }
  }

  #token(): Record<string, string> {
    const { token, token_header, token_prefix } = this.#settings;
    return token === "" ? {} : { [token_header]: token_prefix + token };
  }

  #has(url: URL): boolean {
    return url.origin === this.#base.origin && url.pathname.startsWith(this.#base.pathname) && url.username === "";
  }

  /** The next page, as RFC 8288 has it. */
  #next(url: URL, response: Response): URL | undefined {
    const link = response.headers.get("link") ?? "";
    const [, target] = /<([^>]*)>[^,]*;\s*rel="?next"?/i.exec(link) ?? [];
    const next = target === undefined ? undefined : parse(target, url);
    return next && this.#has(next) ? next : undefined;
  }

  #refusal(url: URL, response: Response, text: string): Error {
    const { status } = response;
    const path = JSON.stringify(this.pathOf(url));
    const reason = reasonOf(text);
    if (status === 401 || status === 403) {
      return new ToolError(
        `the API refuses ${path} with ${status}${reason}; the operator may have to set another token`,
      );
    }
    if (status === 404 || status === 410) {
      return notFound(`the API has nothing at ${path}${reason}`);
    }
    if (status === 429) {
      const after = response.headers.get("retry-after");
      return new ToolError(
        `the API is asked too often; try again ${after ? `after: ${after} (seconds or a date)` : "later"}`,
      );
    }
    if (status >= 500) {
      return new ToolError(`the API has failed with ${status}${reason}; try again later`);
    }
    if (status >= 400) {
      return new ToolError(`the API refuses ${path} with ${status}${reason}`);
    }
    const location = response.headers.get("location") ?? "nowhere";
    return new ToolError(`the API redirects ${path} to ${location}; ask for that path, or have base_url set to it`);
  }

  #fault(err: unknown, patience: AbortSignal): unknown {
    if (patience.aborted) {
      return new ToolError(
        `the API has not answered within ${this.#settings.timeout_seconds} s; try again or ask for less`,
      );
    }
    // fetch tells its reason as the cause of a TypeError.
    const { cause } = err instanceof TypeError ? err : {};
    if (!(cause instanceof Error)) {
      return err;
    }
    const reason = "code" in cause ? String(cause.code) : cause.message;
    return new ToolError(
      `the API cannot be reached at ${this.#base.origin}: ${reason}; the operator may have to correct base_url`,
    );
  }
}

function parse(text: string, base: URL): URL | undefined {
  return URL.canParse(text, base.href) ? new URL(text, base) : undefined;
}

/** Reads what is answered. ToolError: it is too much. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) {
      throw new ToolError(`the API's answer has more than ${MAX_ANSWER} bytes; ask for less`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function contentOf(response: Response, text: string): unknown {
  if (!/[/+]json\b/i.test(response.headers.get("content-type") ?? "")) {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ToolError("the API has answered with JSON that is none; try again later");
  }
}

/** What the API says of an error: the message in its JSON, or what there is. */
function reasonOf(text: string): string {
  let said: unknown = text;
  try {
    const body: unknown = JSON.parse(text);
    const { message, error, detail, title } = (body ?? {}) as Record<string, unknown>;
    said = [message, error, detail, title].find((one) => typeof one === "string") ?? text;
  } catch {
    // It is no JSON, but may be readable.
  }
  const line = String(said).replace(/\s+/g, " ").trim();
  return line === "" || line.startsWith("<") ? "" : `: ${line.slice(0, MAX_REASON)}`;
}
