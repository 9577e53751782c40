// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.protobuf.MessageLite;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Context.CallContext;
import mcphost.plugin.v1.Context.Resumption;

/**
 * One call, or one round of it: its events while a thread works, then exactly one outcome.
 *
 * <p>Events wait here for a slow host, so that a handler never does. Its lock is held while a
 * message is given to gRPC, which only queues it.
 *
 * @param <R> the method's responses
 */
final class Round<R> implements Runnable {
  /** How many events wait for a slow host; of more, the oldest are forgotten. */
  static final int MAX_PENDING = 1024;

  /** What a client is told of a bug; the operator's log has the stack. */
  static final String INTERNAL = "internal error";

  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  /** Returns the message of the result. */
  @FunctionalInterface
  interface Work {
    MessageLite run(Call call) throws Exception;
  }

  /** What differs between the methods. */
  interface Kind<R> {
    /** Puts an event or an outcome into a response. */
    R response(MessageLite event);

    /** The outcome of a call that failed. */
    MessageLite failed(Throwable err);
  }

  private final Calls calls;
  private final ServerCallStreamObserver<R> to;
  private final Kind<R> kind;
  private final Work work;
  private final Deque<MessageLite> pending = new ArrayDeque<>();
  private Call call;
  private Thread worker;
  private boolean worked;
  private boolean closed;
  private boolean cancelled;

  Round(Calls calls, ServerCallStreamObserver<R> to, Kind<R> kind, Work work) {
    this.calls = calls;
    this.to = to;
    this.kind = kind;
    this.work = work;
  }

  /** Begins. It is called by gRPC's thread, and does not block. */
  void start(CallContext context, Resumption resumption) {
    to.setOnReadyHandler(this::flush);
    to.setOnCancelHandler(this::cancel);
    to.setOnCloseHandler(this::closed);
    Caller caller = Caller.read(context);
    try {
      call = new Call(caller, new Exchange(caller.capabilities(), resumption), this::add);
    } catch (RuntimeException err) {
      finish(kind.failed(err));
      return;
    }
    calls.add(this);
    try {
      calls.pool().execute(this);
    } catch (RejectedExecutionException err) {
      finish(
          ProtocolException.internal("the plugin takes no more calls for now; try again later")
              .wire());
      worked();
    }
  }

  @Override
  public void run() {
    if (!begin()) {
      worked();
      return;
    }
    MessageLite outcome;
    try {
      outcome = outcome();
    } finally {
      release();
    }
    finish(outcome);
    worked();
  }

  private synchronized boolean begin() {
    worker = cancelled ? null : Thread.currentThread();
    return worker != null;
  }

  /** Lets go of the thread, which must not carry an interrupt into its next call. */
  private synchronized void release() {
    worker = null;
    Thread.interrupted();
  }

  private MessageLite outcome() {
    try {
      try {
        return work.run(call);
      } catch (Asked asked) {
        return call.exchange().end(asked);
      }
    } catch (Throwable err) {
      return failed(err);
    }
  }

  /** The outcome of a call that failed; null: it is cancelled, and nobody reads one. */
  private MessageLite failed(Throwable err) {
    if (isCancelled()) {
      LOG.log(Level.FINE, "a cancelled call ended", err); // as an interrupt has it
      return null;
    }
    try {
      return kind.failed(err);
    } catch (Throwable worse) {
      // Whatever an author's exception or logging does: each call is answered.
      return ProtocolException.internal(INTERNAL).wire();
    }
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }

  private synchronized void add(MessageLite event) {
    if (worker == null) {
      return; // the handler has returned
    }
    if (pending.size() == MAX_PENDING) {
      pending.remove();
    }
    pending.add(event);
    flush();
  }

  private synchronized void flush() {
    while (to.isReady() && !pending.isEmpty()) {
      to.onNext(kind.response(pending.remove()));
    }
  }

  private synchronized void finish(MessageLite outcome) {
    if (cancelled) {
      return;
    }
    pending.forEach(event -> to.onNext(kind.response(event)));
    pending.clear();
    to.onNext(kind.response(outcome));
    to.onCompleted();
  }

  /** Stops the work: nobody waits for the outcome. */
  void cancel() {
    synchronized (this) {
      cancelled = true;
      closed = true;
    }
    if (call != null) {
      call.cancel();
    }
    synchronized (this) {
      if (worker != null) {
        worker.interrupt();
      }
    }
    leave();
  }

  private void closed() {
    synchronized (this) {
      closed = true;
    }
    leave();
  }

  private void worked() {
    synchronized (this) {
      worked = true;
    }
    leave();
  }

  /** A round is over when its work is done and its last message is on its way. */
  private void leave() {
    synchronized (this) {
      if (!worked || !closed) {
        return;
      }
    }
    calls.remove(this);
  }
}
