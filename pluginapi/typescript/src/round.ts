// SPDX-License-Identifier: Apache-2.0

// Runs one round of a call: its events while the author's function works, then
// its outcome. It knows nothing of tools, resources and prompts.

import { Call, type CallEvent } from "./call.js";
import { readCaller } from "./caller.js";
import { ProtocolError, ToolError } from "./errors.js";
import { Exchange, InputRequired } from "./exchange.js";
import type { Stream } from "./grpc.js";
import { kitLogger } from "./operator.js";
import type * as pb from "./proto/context_pb.js";
import { messageOf } from "./wire.js";

/** How many events wait for a slow host; of more, the oldest are forgotten. */
const MAX_PENDING = 1024;

/** What a client is told of a bug; the operator's log has the stack. */
export const INTERNAL = "internal error";

/** How a round ends. */
export type Outcome<R> =
  | { readonly case: "result"; readonly value: R }
  | { readonly case: "inputRequired"; readonly value: pb.InputRequired }
  | { readonly case: "error"; readonly value: pb.ProtocolError };

/** What a round is made of. */
export interface Round<R, M> {
  /** Names the call in the operator's log. */
  readonly what: string;
  readonly request: { readonly context?: pb.CallContext | undefined; readonly resumption?: pb.Resumption | undefined };
  readonly run: (call: Call) => Promise<R | InputRequired>;
  /** Makes a result of a mistake; without it that is an error. */
  readonly failed?: (message: string) => R;
  readonly message: (event: CallEvent | Outcome<R>) => M;
}

/**
 * Runs a round until its last message is on its way, or nobody waits for it: then
 * it aborts stop, as others may.
 */
export async function runRound<R, M>(round: Round<R, M>, stream: Stream<M>, stop: AbortController): Promise<void> {
  const outbox = new Outbox(stream);
  const abort = () => stop.abort();
  stream.on("cancelled", abort);
  const outcome = await outcomeOf(round, stop.signal, (event) => outbox.add(round.message(event)));
  // grpc-js says "cancelled" of every stream that ends, after a success, too.
  stream.off("cancelled", abort);
  await outbox.end(round.message(outcome));
}

async function outcomeOf<R, M>(
  round: Round<R, M>,
  signal: AbortSignal,
  emit: (event: CallEvent) => void,
): Promise<Outcome<R>> {
  let over = false;
  try {
    const caller = readCaller(round.request.context);
    const exchange = new Exchange(caller.capabilities, round.request.resumption);
    const call = new Call(caller, signal, exchange, (event) => over || emit(event));
    return await ended(round, call, exchange);
  } catch (err) {
    return failure(round, err, signal);
  } finally {
    over = true;
  }
}

async function ended<R, M>(round: Round<R, M>, call: Call, exchange: Exchange): Promise<Outcome<R>> {
  let out: R | InputRequired | undefined;
  try {
    out = await round.run(call);
  } catch (err) {
    // What was asked is asked, though the author has caught the Asked and thrown another.
    if (!exchange.hasAsked || exchange.isFailure(err)) {
      throw err;
    }
  }
  if (out instanceof InputRequired) {
    return { case: "inputRequired", value: exchange.endByHand(out) };
  }
  if (exchange.hasAsked) {
    return { case: "inputRequired", value: exchange.end() };
  }
  return { case: "result", value: out as R };
}

/** What is told of an error. It never throws, whatever was thrown. */
function failure<R, M>(round: Round<R, M>, err: unknown, signal: AbortSignal): Outcome<R> {
  try {
    return told(round, err, signal);
  } catch (unreadable) {
    // A getter or a Proxy of the author's has thrown, or what it holds is no JSON.
    kitLogger.error(`${round.what} failed with an error that cannot be read`, { err: unreadable });
    return saying(round, INTERNAL);
  }
}

function told<R, M>(round: Round<R, M>, err: unknown, signal: AbortSignal): Outcome<R> {
  if (err instanceof ProtocolError) {
    return { case: "error", value: err.toWire() };
  }
  const known = err instanceof ToolError;
  if (!known && !signal.aborted) {
    kitLogger.error(`${round.what} failed`, { err });
  }
  return saying(round, (known && messageOf(err)) || INTERNAL);
}

function saying<R, M>(round: Round<R, M>, message: string): Outcome<R> {
  if (round.failed) {
    return { case: "result", value: round.failed(message) };
  }
  return { case: "error", value: new ProtocolError("internal", message).toWire() };
}

/** Messages on their way to a host that may be slow. */
class Outbox<M> {
  readonly #stream: Stream<M>;
  readonly #waiting: M[] = [];
  #full = false;

  constructor(stream: Stream<M>) {
    this.#stream = stream;
    stream.on("drain", () => this.#flush());
  }

  add(message: M): void {
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_PENDING) {
      this.#waiting.shift();
    }
    if (!this.#full) {
      this.#flush();
    }
  }

  #flush(): void {
    this.#full = false;
    while (!this.#full && this.#waiting.length > 0) {
      this.#full = !this.#stream.write(this.#waiting.shift() as M);
    }
  }

  /** Sends what waits and the last message; returns when they are on their way, or in vain. */
  end(last: M): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.cancelled || this.#stream.destroyed) {
        return resolve();
      }
      for (const event of ["finish", "cancelled", "close"]) {
        this.#stream.once(event, resolve);
      }
      for (const message of [...this.#waiting.splice(0), last]) {
        this.#stream.write(message);
      }
      this.#stream.end();
    });
  }
}
