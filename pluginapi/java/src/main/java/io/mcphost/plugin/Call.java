// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.MessageLite;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Context;

/**
 * What a handler can do during a call: progress, log, questions, and who asks.
 *
 * <p>Its methods may be used by any thread. Once the handler has returned, progress and log do
 * nothing.
 *
 * <p>Questions are asked in a straight line:
 *
 * <pre>{@code
 * Filled<Address> answer = call.elicit(Address.class, "address", "Where to?");
 * }</pre>
 *
 * <p>This is what really happens. The first time, elicit ends the handler with {@link Asked}, and
 * the call is over: nothing waits, and plugin and host may be replaced meanwhile. When the answer
 * is there, the host calls the handler again from its beginning with the same arguments, and elicit
 * returns the answer. So what comes before a question runs again: put effects after the last
 * question, or into {@link #memo}. A call must come to the same questions under the same keys each
 * time. A question throws {@link QuestionException} where there will be no answer, and a {@link
 * ProtocolException} where the client cannot be asked.
 */
public final class Call {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final Caller caller;
  private final Exchange exchange;
  private final Consumer<MessageLite> events;
  private final List<Runnable> cancellers = new ArrayList<>();
  private boolean cancelled;
  private double done = Double.NEGATIVE_INFINITY;

  Call(Caller caller, Exchange exchange, Consumer<MessageLite> events) {
    this.caller = caller;
    this.exchange = exchange;
    this.events = events;
  }

  /** Who is calling. */
  public Caller caller() {
    return caller;
  }

  /**
   * Tells the client how far the call is: done so far of total, in any unit.
   *
   * @param done must grow from call to call
   * @param total zero: not known
   * @param message what is being done, for people; empty: none
   */
  public void progress(double done, double total, String message) {
    if (!caller.wantsProgress() || !grows(done)) {
      return;
    }
    var event = Context.Progress.newBuilder().setProgress(done).setMessage(Json.validText(message));
    if (total > 0) {
      event.setTotal(total);
    }
    events.accept(event.build());
  }

  private synchronized boolean grows(double now) {
    if (now <= done) {
      return false;
    }
    done = now;
    return true;
  }

  /**
   * Sends a log message to the client, never secrets. What concerns the operator goes to {@link
   * #logger}.
   */
  public void log(LogLevel level, String message) {
    log(level, message, Map.of());
  }

  /** Sends a log message with data. It does nothing for levels that the client does not want. */
  public void log(LogLevel level, String message, Map<String, ?> data) {
    if (caller.logLevel() == null || level.compareTo(caller.logLevel()) < 0) {
      return;
    }
    JsonElement said = Values.json(message);
    if (!data.isEmpty()) {
      JsonObject object = new JsonObject();
      object.add("message", said);
      data.forEach((name, value) -> object.add(name, Values.json(value)));
      said = object;
    }
    events.accept(
        Context.Log.newBuilder().setLevel(level.wire()).setDataJson(Json.dump(said)).build());
  }

  /** The operator's log, which names the call in every line. */
  public Logger logger() {
    return OperatorLog.of(caller.requestId());
  }

  /**
   * Asks the host to end the client's response stream and let it resume later, so that a long call
   * holds no connection.
   *
   * @param retryAfter when; zero: the host decides
   */
  public void releaseStream(Duration retryAfter) {
    events.accept(
        Context.ReleaseStream.newBuilder().setRetryAfterMs((int) retryAfter.toMillis()).build());
  }

  /**
   * Whether nobody waits for the result any more; the handler's thread is interrupted then, too.
   */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /**
   * Has something done when nobody waits any more, such as Statement.cancel; at once if that is so
   * already. It is done by another thread, and must not block.
   */
  public void onCancel(Runnable canceller) {
    synchronized (this) {
      if (!cancelled) {
        cancellers.add(canceller);
        return;
      }
    }
    canceller.run();
  }

  /** Ends the wait of whoever works. */
  void cancel() {
    List<Runnable> all;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      all = List.copyOf(cancellers);
    }
    all.forEach(Call::run);
  }

  private static void run(Runnable canceller) {
    try {
      canceller.run();
    } catch (RuntimeException err) {
      LOG.log(Level.WARNING, "a call could not be cancelled", err);
    }
  }

  /**
   * Asks a person to fill in a form.
   *
   * <p>An accepted answer conforms to it; one that does not is asked once more. Never ask for
   * secrets in a form: use {@link #elicitUrl}.
   *
   * @param form a flat record of strings, numbers, booleans, enums and lists of enums
   */
  public <F> Filled<F> elicit(Class<F> form, String key, String message) {
    return ask(Question.form(form, key, message));
  }

  /**
   * Asks a person to visit a URL, for what must not pass through the client. ACCEPT means that they
   * agreed, not that they are done there.
   */
  public Action elicitUrl(String key, String message, String url) {
    return ask(Question.url(key, message, url));
  }

  /** Asks the client's model. For more of MCP's parameters see {@link Question#sample}. */
  public Sampled sample(String key, List<SampleMessage> messages, int maxTokens) {
    return ask(Question.sample(key, messages, maxTokens, null));
  }

  /** The folders that the client works in. */
  public List<Root> roots(String key) {
    return ask(Question.roots(key));
  }

  /** Puts one question to the client. */
  public <T> T ask(Question<T> question) {
    return exchange.ask(List.of(question)).get(question);
  }

  /** Puts several questions to the client in one round. */
  public Answers ask(Question<?> first, Question<?>... others) {
    var all = new ArrayList<Question<?>>(List.of(others));
    all.add(0, first);
    return exchange.ask(all);
  }

  /**
   * Computes a value once and carries it through the rounds of a call. It travels, as JSON, with
   * the next question.
   */
  public <T> T memo(String key, Class<T> type, Callable<T> make) throws Exception {
    Optional<JsonElement> kept = exchange.recall(key);
    if (kept.isPresent()) {
      return kept.get().isJsonNull() ? null : Values.read(type, kept.get(), key);
    }
    int mark = exchange.mark();
    T made = make.call();
    exchange.remember(key, Values.json(made), mark);
    return made;
  }

  /** All that the client has answered in this call so far, by key, unchecked. */
  public Map<String, Answer> answers() {
    return exchange.byHand();
  }

  /** The state that {@link #inputRequired} was given in the round before; empty: none. */
  public byte[] state() {
    return exchange.own();
  }

  /**
   * Ends a round for an author who takes the rounds into their own hands: throw what it returns.
   *
   * @param requests what to ask the client
   * @param state what {@link #state} returns in the next round
   */
  public Asked inputRequired(List<InputRequest> requests, byte[] state) {
    return Asked.byHand(requests, state);
  }

  Exchange exchange() {
    return exchange;
  }
}
