// SPDX-License-Identifier: Apache-2.0

// Serves go-plugin's own services, as bytes: their messages are too small for
// generated code.

import type * as grpc from "@grpc/grpc-js";
import { kitLogger } from "./operator.js";

/** What go-plugin's services tell, and are told. */
export interface Reins {
  /** Aborted when the plugin stops. */
  readonly stopped: AbortSignal;
  /** Asks to stop; patience is in milliseconds. The host is answered when it has returned. */
  readonly shutdown: (patience: number) => Promise<void>;
  /** The stream has ended that the host holds for life. */
  readonly hostGone: () => void;
}

const SERVING = Buffer.from([0x08, 0x01]); // HealthCheckResponse{status: SERVING}
const EMPTY = Buffer.alloc(0);

/** Serves health, shutdown, the stdio stream and a broker that nobody uses. */
export function addGoPlugin(server: grpc.Server, reins: Reins): void {
  server.addService(
    { check: method("/grpc.health.v1.Health/Check") },
    { check: (_: unknown, callback: grpc.sendUnaryData<Buffer>) => callback(null, SERVING) },
  );
  server.addService({ shutdown: method("/plugin.GRPCController/Shutdown") }, { shutdown: shutdown(reins) });
  const streams = { requestStream: false, responseStream: true };
  server.addService(
    { streamStdio: { ...method("/plugin.GRPCStdio/StreamStdio"), ...streams } },
    // Nothing to say: what is printed goes to standard error.
    { streamStdio: (stream: grpc.ServerWritableStream<Buffer, Buffer>) => hold(stream, reins, reins.hostGone) },
  );
  server.addService(
    { startStream: { ...method("/plugin.GRPCBroker/StartStream"), requestStream: true, responseStream: true } },
    { startStream: (stream: grpc.ServerDuplexStream<Buffer, Buffer>) => hold(stream, reins, () => {}) },
  );
}

function shutdown({ shutdown }: Reins): grpc.handleUnaryCall<Buffer, Buffer> {
  return (call, callback) => {
    // The host's deadline is its patience; it may have none.
    const patience = Number(call.getDeadline()) - Date.now();
    shutdown(patience)
      .catch((err: unknown) => kitLogger.error("shutdown failed", { err }))
      .finally(() => callback(null, EMPTY));
  };
}

/** Keeps a stream open until the plugin stops. */
function hold(
  stream: grpc.ServerWritableStream<Buffer, Buffer> | grpc.ServerDuplexStream<Buffer, Buffer>,
  { stopped }: Reins,
  gone: () => void,
): void {
  stream.on("error", gone);
  stream.on("cancelled", gone);
  if ("resume" in stream) {
    stream.resume(); // what the host says is not for us
  }
  stopped.addEventListener("abort", () => stream.end(), { once: true });
}

function method(path: string): grpc.MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}
