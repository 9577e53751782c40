// SPDX-License-Identifier: Apache-2.0

// Serves a plugin to the host that has started this process, or to a debugger's.
// It knows go-plugin's handshake and its small services, and nothing of tools.

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { Catalogue } from "./catalogue.js";
import { addGoPlugin } from "./goplugin.js";
import { SIZES } from "./grpc.js";
import { kitLogger } from "./operator.js";
import { Services, within } from "./services.js";
import { host } from "./stdio.js";

const PROTOCOL_VERSION = 1;
const DEBUG_VARIABLE = "MCPHOST_DEBUG";
/** Milliseconds that calls in flight have to end, where the host does not say. */
const CALL_GRACE = 2000;
/** Milliseconds that the onShutdown functions have. */
const HOOK_GRACE = 500;
/** Milliseconds that the last answers have to leave. */
const CLOSE_GRACE = 250;
/** The longest path of a socket, in bytes, that all systems take. */
const MAX_PATH = 100;

/** Serves until the host asks to stop, or is gone. Returns the exit code. */
export async function serve(catalogue: Catalogue): Promise<number> {
  const debugging = !host && process.env[DEBUG_VARIABLE] === "1";
  if (!host && !debugging) {
    process.stderr.write(
      `${catalogue.options.name} is a plugin for mcphost, an MCP server: put it into mcphost's plugin directory and start ` +
        `mcphost. With ${DEBUG_VARIABLE}=1 in its environment it waits for a debugger's host.\n`,
    );
    return 1;
  }
  try {
    await new Life(catalogue, debugging).run();
    return 0;
  } catch (err) {
    kitLogger.error("the plugin cannot be served", { err });
    return 1;
  }
}

/** From the socket to the end of the process. */
class Life {
  readonly #catalogue: Catalogue;
  readonly #debugging: boolean;
  readonly #services: Services;
  readonly #stop = new AbortController();
  readonly #server = new grpc.Server(SIZES);
  #drained = false;

  constructor(catalogue: Catalogue, debugging: boolean) {
    this.#catalogue = catalogue;
    this.#debugging = debugging;
    this.#services = new Services(catalogue);
  }

  async run(): Promise<void> {
    const stop = () => this.#stop.abort();
    // A terminal's Ctrl-C is meant for the host, unless there is none.
    process.on("SIGINT", this.#debugging ? stop : () => {});
    process.on("SIGTERM", stop);
    // A promise that somebody forgot must not take along the calls of others.
    process.on("unhandledRejection", (err) => kitLogger.error("nobody awaited a promise that failed", { err }));
    this.#services.addTo(this.#server);
    addGoPlugin(this.#server, {
      stopped: this.#stop.signal,
      shutdown: (patience) => this.#shutdown(patience),
      hostGone: () => this.#debugging || stop(),
    });
    const folder = mkdtempSync(join(host?.socketDir || tmpdir(), "plugin"));
    try {
      const path = join(folder, "s");
      await this.#listen(path);
      this.#announce(path);
      await new Promise((resolve) => this.#stop.signal.addEventListener("abort", resolve, { once: true }));
      await this.#end();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  async #listen(path: string): Promise<void> {
    if (Buffer.byteLength(path) > MAX_PATH) {
      throw new Error(`the path of the socket is too long: set TMPDIR to a shorter directory than ${path}`);
    }
    await new Promise<void>((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      this.#server.bindAsync(`unix:${path}`, credentials, (err) => (err ? reject(err) : resolve()));
    });
    chmodSync(path, 0o600);
  }

  /** Tells the host where to connect, when everything is served. */
  #announce(path: string): void {
    if (host) {
      host.onGone(() => this.#stop.abort());
      host.handshake(`1|${PROTOCOL_VERSION}|unix|${path}|grpc|`);
      return;
    }
    const running = {
      Protocol: "grpc",
      ProtocolVersion: PROTOCOL_VERSION,
      Pid: process.pid,
      Test: true,
      Addr: { Network: "unix", String: path },
    };
    const said = JSON.stringify({ [this.#catalogue.options.name]: running }).replaceAll("'", "\\u0027");
    process.stderr.write(`Start mcphost with this in its environment:\nMCPHOST_REATTACH='${said}'\n`);
  }

  /** Lets the calls end, for patience milliseconds at most. */
  async #shutdown(patience: number): Promise<void> {
    if (this.#debugging) {
      return;
    }
    // Before the answer: the host closes the connection as soon as it has that.
    await this.#services.drain(Math.min(patience, CALL_GRACE));
    this.#drained = true;
    this.#stop.abort();
  }

  async #end(): Promise<void> {
    if (!this.#drained) {
      await this.#services.drain(CALL_GRACE);
    }
    this.#services.end();
    for (const hook of this.#catalogue.shutdowns) {
      await within(HOOK_GRACE, finished(hook));
    }
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await within(CLOSE_GRACE, closed);
    this.#server.forceShutdown();
  }
}

async function finished(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch (err) {
    kitLogger.error("onShutdown failed", { err });
  }
}
