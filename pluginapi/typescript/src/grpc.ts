// SPDX-License-Identifier: Apache-2.0

// Puts generated services on gRPC: messages become bytes, promises become calls.
// It knows nothing of what the services mean.

import {
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { kitLogger } from "./operator.js";
import { isA, MAX_MESSAGE_SIZE } from "./wire.js";

/** The sizes that host and plugin agree on, for servers and clients. */
export const SIZES: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_SIZE,
  "grpc.max_send_message_length": MAX_MESSAGE_SIZE,
};

/** An error that the other side is told as it is. */
export class StatusError extends Error {
  override name = "StatusError";

  constructor(
    readonly code: grpc.status,
    readonly details: string,
  ) {
    super(details);
  }
}

/** The stream that a call's messages are written to. */
export type Stream<M> = grpc.ServerWritableStream<unknown, M>;

/** What serves each method of a service. */
export type Methods<S extends DescService> = {
  readonly [N in keyof S["method"]]: S["method"][N] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>) => Promise<MessageShape<O>>
    : S["method"][N] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, stream: Stream<MessageShape<O>>) => Promise<void>
      : never;
};

type Handler = (request: unknown, stream?: unknown) => Promise<unknown>;

/** Serves a service. What a method throws is internal, unless it is a StatusError. */
export function addService<S extends DescService>(server: grpc.Server, service: S, methods: Methods<S>): void {
  const definition: Record<string, grpc.MethodDefinition<unknown, unknown>> = {};
  const handlers: Record<string, grpc.UntypedHandleCall> = {};
  for (const method of service.methods) {
    const handler = methods[method.localName as keyof typeof methods] as Handler;
    definition[method.localName] = definitionOf(method as DescMethodUnary);
    handlers[method.localName] = method.methodKind === "unary" ? unary(handler) : streaming(handler);
  }
  server.addService(definition, handlers);
}

/** A method as grpc-js has it. */
export function definitionOf(
  method: DescMethodUnary | DescMethodServerStreaming,
): grpc.MethodDefinition<unknown, unknown> {
  const { input, output, parent, name } = method;
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (message) => buffer(toBinary(input, message as MessageShape<typeof input>)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => buffer(toBinary(output, message as MessageShape<typeof output>)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

function unary(handler: Handler): grpc.handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    handler(call.request).then(
      (response) => callback(null, response),
      (err: unknown) => callback(statusOf(err, call.getPath())),
    );
  };
}

function streaming(handler: Handler): grpc.handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    call.on("error", () => {}); // whoever reads has gone
    // To destroy the stream would tell the host nothing: grpc-js makes a status of the event.
    handler(call.request, call).catch((err: unknown) => call.emit("error", statusOf(err, call.getPath())));
  };
}

function statusOf(err: unknown, path: string): StatusError {
  if (isA(StatusError, err)) {
    return err;
  }
  kitLogger.error("a request failed", { path, err });
  return new StatusError(grpc.status.INTERNAL, "internal error; the plugin's log says more");
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
