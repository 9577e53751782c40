// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The calls in flight, and the threads that work for them. */
final class Calls {
  /** How many handlers work at once: as many as the host's default of calls. */
  static final int THREADS = 64;

  /** How many calls wait for a thread. The host queues far earlier. */
  static final int MAX_WAITING = 4096;

  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final ThreadPoolExecutor pool;
  private final Set<Round<?>> rounds = new HashSet<>();

  Calls(int threads) {
    var named = new AtomicInteger();
    pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            work -> {
              var thread = new Thread(work, "call-" + named.incrementAndGet());
              thread.setDaemon(true); // a call that was given up must not hold the process
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
  }

  /** Where the author's code runs. */
  ExecutorService pool() {
    return pool;
  }

  /** Answers a call that needs the author's code, and has neither events nor rounds. */
  <R> void answer(StreamObserver<R> to, Supplier<R> make) {
    try {
      pool.execute(() -> answerNow(to, make));
    } catch (RejectedExecutionException err) {
      to.onError(
          Status.UNAVAILABLE
              .withDescription("the plugin takes no more calls for now")
              .asRuntimeException());
    }
  }

  private static <R> void answerNow(StreamObserver<R> to, Supplier<R> make) {
    R made;
    try {
      made = make.get();
    } catch (StatusRuntimeException err) {
      to.onError(err);
      return;
    } catch (RuntimeException | Error err) {
      LOG.log(Level.SEVERE, "a call failed", err);
      to.onError(Status.INTERNAL.withDescription(Round.INTERNAL).asRuntimeException());
      return;
    }
    to.onNext(made);
    to.onCompleted();
  }

  synchronized void add(Round<?> round) {
    rounds.add(round);
  }

  synchronized void remove(Round<?> round) {
    rounds.remove(round);
    notifyAll();
  }

  /** Waits for the calls in flight, for so long at most. Returns whether all have ended. */
  synchronized boolean drain(Duration grace) throws InterruptedException {
    long end = System.nanoTime() + grace.toNanos();
    for (long left = grace.toNanos();
        !rounds.isEmpty() && left > 0;
        left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return rounds.isEmpty();
  }

  /** Cancels the calls that are still in flight, and takes no more. */
  void end() {
    List<Round<?>> left;
    synchronized (this) {
      left = List.copyOf(rounds);
    }
    left.forEach(Round::cancel);
    pool.shutdown();
  }
}
