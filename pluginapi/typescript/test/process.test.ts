// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { Client } from "#kit/testing.js";

const FIXTURE = fileURLToPath(new URL("fixture.js", import.meta.url));
const COOKIE = { MCPHOST_PLUGIN: "mcphost-plugin-v1" };

/** What a child process prints. */
class Fixture {
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
  readonly ended: Promise<[number | null]>;
  stdout = "";
  stderr = "";

  constructor(env: Record<string, string>, stdin: number | "pipe" = "pipe") {
    this.child = spawn(process.execPath, [FIXTURE], {
      env: { PATH: process.env["PATH"] ?? "", TMPDIR: sockets, ...env },
      stdio: [stdin, "pipe", "pipe"],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    this.ended = once(this.child, "close") as Promise<[number | null]>;
    this.child.stdout.on("data", (data) => {
      this.stdout += data;
    });
    this.child.stderr.on("data", (data) => {
      this.stderr += data;
    });
    after(() => this.child.kill("SIGKILL"));
  }

  /** Waits until it has printed what matches. */
  async printed(stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
    for (;;) {
      const [, found] = pattern.exec(this[stream]) ?? [];
      if (found !== undefined) {
        return found;
      }
      assert.equal(this.child.exitCode, null, `it has ended: ${this.stderr}`);
      await Promise.race([once(this.child[stream], "data"), this.ended]);
    }
  }

  /** Its address, and a client of it, when it is started as a host does. */
  async connect(): Promise<{ address: string; client: Client }> {
    const address = await this.printed("stdout", /^1\|1\|unix\|(.*)\|grpc\|\n$/);
    return { address, client: connect(address) };
  }

  /** How it has ended. */
  async exit(): Promise<number | null> {
    const [code] = await this.ended;
    return code;
  }
}

const sockets = mkdtempSync(join(tmpdir(), "t"));
after(() => rmSync(sockets, { recursive: true, force: true }));

function connect(address: string): Client {
  const client = new Client(`unix:${address}`);
  after(() => client.close());
  return client;
}

/** Calls one of go-plugin's methods with bytes. */
async function invoke(address: string, path: string, request = ""): Promise<Buffer> {
  const client = new grpc.Client(`unix:${address}`, grpc.credentials.createInsecure());
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const same = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(path, same, same, Buffer.from(request), (err, bytes) =>
        err ? reject(err) : resolve(bytes ?? Buffer.alloc(0)),
      );
    });
  } finally {
    client.close();
  }
}

test("without a host it says what it is", async () => {
  const fixture = new Fixture({});
  assert.equal(await fixture.exit(), 1);
  assert.match(fixture.stderr, /fixture is a plugin for mcphost/);
});

test("a host gets one line, and a socket of its own", async () => {
  const dir = mkdtempSync(join(sockets, "d"));
  const fixture = new Fixture({ ...COOKIE, PLUGIN_UNIX_SOCKET_DIR: dir });
  const { address, client } = await fixture.connect();
  assert.ok(address.startsWith(dir));
  assert.equal(statSync(address).mode & 0o777, 0o600);
  assert.deepEqual([...(await invoke(address, "/grpc.health.v1.Health/Check", "\n\x06plugin"))], [8, 1]);
  assert.equal((await client.callTool("chat")).text, "said");
  assert.equal((await client.callTool("chat")).text, "said", "a forgotten promise ends nothing");
  await invoke(address, "/plugin.GRPCController/Shutdown");
  assert.equal(await fixture.exit(), 0);
  assert.match(fixture.stdout, /^[^\n]*\n$/);
  assert.match(fixture.stderr, /early chatter.*chatter.*"@level":"error".*forgotten.*last words/s);
  assert.deepEqual(readdirSync(dir), []);
});

test("a call in flight ends before the process does", async () => {
  const fixture = new Fixture(COOKIE);
  const { address, client } = await fixture.connect();
  const calling = client.callTool("slow");
  await client.listTools(); // behind the call
  await invoke(address, "/plugin.GRPCController/Shutdown");
  assert.equal((await calling).text, "done");
  assert.equal(await fixture.exit(), 0);
});

test("it ends with its standard input, and at SIGTERM, not at SIGINT", async () => {
  const first = new Fixture(COOKIE);
  const second = new Fixture(COOKIE);
  await first.connect();
  first.child.stdin?.end();
  const { client } = await second.connect();
  second.child.kill("SIGINT");
  assert.equal((await client.callTool("chat")).text, "said");
  second.child.kill("SIGTERM");
  assert.deepEqual([await first.exit(), await second.exit()], [0, 0]);
});

test("a child of the plugin gets neither the host's pipe nor its variables", async () => {
  // As a host has it; what spawn() makes is a socket, which cannot be opened again.
  const path = join(sockets, "stdin");
  execFileSync("mkfifo", [path]);
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, constants.O_WRONLY);
  const variables = { PLUGIN_PROTOCOL_VERSIONS: "1", PLUGIN_MIN_PORT: "1", PLUGIN_UNIX_SOCKET_DIR: sockets };
  const fixture = new Fixture({ ...COOKIE, ...variables }, reading);
  closeSync(reading);
  const { client } = await fixture.connect();
  assert.equal((await client.callTool("child")).text, "read 0 bytes, 0 variables");
  assert.equal((await client.callTool("stdin")).text, "nothing");
  closeSync(writing);
  assert.equal(await fixture.exit(), 0, "it still sees the end of the host");
});

test("it ends when the host's stream ends", async () => {
  const fixture = new Fixture(COOKIE);
  const { address } = await fixture.connect();
  const host = new grpc.Client(`unix:${address}`, grpc.credentials.createInsecure());
  const same = (bytes: Buffer) => bytes;
  const stream = host.makeServerStreamRequest("/plugin.GRPCStdio/StreamStdio", same, same, Buffer.alloc(0));
  stream.on("error", () => {}); // we cancel it ourselves
  await invoke(address, "/grpc.health.v1.Health/Check");
  await connect(address).listTools();
  stream.cancel();
  host.close();
  assert.equal(await fixture.exit(), 0);
});

test("a debugger's plugin stays until it is interrupted", async () => {
  const fixture = new Fixture({ MCPHOST_DEBUG: "1" });
  const said = await fixture.printed("stderr", /MCPHOST_REATTACH='(.*)'\n/);
  const { fixture: running } = JSON.parse(said) as Record<
    string,
    { Pid: number; Test: boolean; Addr: { String: string } }
  >;
  assert.deepEqual([running?.Pid, running?.Test], [fixture.child.pid, true]);
  const address = running?.Addr.String ?? "";
  fixture.child.stdin?.end();
  await invoke(address, "/plugin.GRPCController/Shutdown");
  assert.equal((await connect(address).callTool("chat")).text, "said");
  fixture.child.kill("SIGINT");
  assert.equal(await fixture.exit(), 0);
  assert.equal(existsSync(address), false);
});
