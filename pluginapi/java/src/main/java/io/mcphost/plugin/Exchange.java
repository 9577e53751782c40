// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import mcphost.plugin.v1.Context.InputRequired;
import mcphost.plugin.v1.Context.Resumption;

/**
 * The questions and answers of one call, of which a process sees one round.
 *
 * <p>What came before is in the answers and the state, so that the plugin and the host may be
 * replaced between a question and its answer. Its methods may be used by any thread.
 */
final class Exchange {
  static final int MAX_QUESTIONS = 32;
  static final int MAX_STATE = 64 << 10;

  /** How often a question is asked whose answer does not fit. */
  static final int MAX_ASKED = 2;

  /** What a memo keeps, and the questions that were met while it was made. */
  private record Kept(JsonElement value, List<String> keys) {}

  private final Capabilities able;
  private final Map<String, Answer> answers = new LinkedHashMap<>();
  private final Map<String, Integer> asked = new LinkedHashMap<>();
  private final Map<String, Kept> memo = new LinkedHashMap<>();
  private final List<InputRequest> pending = new ArrayList<>();

  /** The questions of this round by key; empty: a memo stands for it. */
  private final Map<String, Optional<InputRequest>> met = new LinkedHashMap<>();

  private byte[] own = new byte[0];
  private boolean manual;

  /** An exchange that begins, or goes on. ProtocolException: the state is not one of ours. */
  Exchange(Capabilities able, Resumption resumption) {
    this.able = able;
    for (var response : resumption.getResponsesList()) {
      answers.put(response.getKey(), answer(response));
    }
    if (resumption.getState().isEmpty()) {
      return;
    }
    try {
      resume(Json.object(Json.parse(resumption.getState()), "the state"));
    } catch (RuntimeException err) {
      throw ProtocolException.invalidParams(
          "the state of the call is not one of this plugin's: start the call again");
    }
  }

  private static Answer answer(mcphost.plugin.v1.Context.InputResponse response) {
    if (!response.hasFailure()) {
      return new Answer(Json.parse(response.getResultJson()), "");
    }
    String failure = response.getFailure().getMessage();
    return new Answer(null, failure.isEmpty() ? "the client gives no reason" : failure);
  }

  private void resume(JsonObject state) {
    for (var entry : state.getAsJsonObject("asked").entrySet()) {
      asked.put(entry.getKey(), entry.getValue().getAsInt());
    }
    for (var entry : state.getAsJsonObject("memo").entrySet()) {
      JsonObject one = entry.getValue().getAsJsonObject();
      var keys =
          one.getAsJsonArray("keys").asList().stream().map(JsonElement::getAsString).toList();
      memo.put(entry.getKey(), new Kept(one.get("value"), keys));
    }
    own = Base64.getDecoder().decode(Json.string(state, "own", ""));
  }

  /** The answers to all questions. Asked: there are not all of them yet. */
  synchronized Answers ask(List<? extends Question<?>> questions) {
    questions.forEach(question -> meet(question.request()));
    var taken = new IdentityHashMap<Question<?>, Object>();
    var unanswered = new ArrayList<InputRequest>();
    var failures = new ArrayList<QuestionException>();
    for (Question<?> question : questions) {
      try {
        Optional<Object> answer = take(question);
        answer.ifPresentOrElse(
            it -> taken.put(question, it), () -> unanswered.add(question.request()));
      } catch (QuestionException err) {
        failures.add(err);
      }
    }
    if (!failures.isEmpty()) {
      throw joined(failures); // the others would be asked in vain
    }
    if (unanswered.isEmpty()) {
      return new Answers(taken);
    }
    allow(unanswered);
    unanswered.stream().filter(one -> !pending.contains(one)).forEach(pending::add);
    throw Asked.pending();
  }

  private void meet(InputRequest request) {
    Optional<InputRequest> before = met.putIfAbsent(request.key(), Optional.of(request));
    if (before != null && before.isPresent() && !before.get().equals(request)) {
      throw new ToolException(
          "two different questions have the key \"" + request.key() + "\": give each its own");
    }
  }

  /** The answer; none: the question is to be asked. QuestionException: there will be none. */
  private Optional<Object> take(Question<?> question) {
    String key = question.request().key();
    Answer answer = answers.get(key);
    // What was never asked has none, whatever the client sends.
    if (answer == null || asked.getOrDefault(key, 0) == 0) {
      return Optional.empty();
    }
    if (!answer.failure().isEmpty()) {
      throw new QuestionException(key, answer.failure());
    }
    try {
      return Optional.of(question.take(answer.result()));
    } catch (IllegalArgumentException err) {
      if (asked.get(key) >= MAX_ASKED) {
        throw new QuestionException(key, "the answer does not fit: " + err.getMessage());
      }
      return Optional.empty();
    }
  }

  private static ToolException joined(List<QuestionException> errors) {
    if (errors.size() == 1) {
      return errors.get(0);
    }
    return new ToolException(
        errors.stream().map(Throwable::getMessage).collect(Collectors.joining("\n")));
  }

  /** MCP: a server must not ask for more than the client declares. */
  private void allow(List<InputRequest> requests) {
    Capabilities need =
        requests.stream().map(InputRequest::needs).reduce(Capabilities.NONE, Capabilities::and);
    if (!able.covers(need)) {
      throw ProtocolException.missingCapability(need);
    }
  }

  /** All answers, for an author who looks at them without us. */
  synchronized Map<String, Answer> byHand() {
    manual = true;
    return Map.copyOf(answers);
  }

  /** What the author has kept by hand. */
  synchronized byte[] own() {
    return own.clone();
  }

  /** What a memo has kept; empty: nothing yet. */
  synchronized Optional<JsonElement> recall(String key) {
    Kept kept = memo.get(key);
    if (kept == null) {
      return Optional.empty();
    }
    kept.keys().forEach(one -> met.putIfAbsent(one, Optional.empty()));
    return Optional.of(kept.value());
  }

  /** How many questions have been met; remember takes it. */
  synchronized int mark() {
    return met.size();
  }

  /** Keeps a value, and the questions met since mark. */
  synchronized void remember(String key, JsonElement value, int mark) {
    memo.put(key, new Kept(value, met.keySet().stream().skip(mark).toList()));
  }

  /** What a round ends with that has asked. */
  synchronized InputRequired end(Asked signal) {
    if (signal.requests() != null) {
      allow(signal.requests());
      var all = new ArrayList<>(pending);
      all.addAll(signal.requests());
      return end(all, signal.state());
    }
    checkKeys();
    return end(pending, own);
  }

  private void checkKeys() {
    Optional<String> fresh =
        pending.stream().map(InputRequest::key).filter(key -> !asked.containsKey(key)).findFirst();
    Optional<String> forgotten =
        asked.keySet().stream()
            .filter(key -> !met.containsKey(key) && answers.containsKey(key))
            .findFirst();
    if (fresh.isPresent() && forgotten.isPresent() && !manual) {
      throw new ToolException(
          "the plugin asks \""
              + fresh.get()
              + "\" where it asked \""
              + forgotten.get()
              + "\" before: a call has to ask"
              + " the same questions under the same keys whenever it is entered again");
    }
  }

  private InputRequired end(List<InputRequest> requests, byte[] kept) {
    if (requests.size() > MAX_QUESTIONS) {
      throw new ToolException(
          requests.size() + " questions at once are more than " + MAX_QUESTIONS);
    }
    requests.forEach(one -> asked.merge(one.key(), 1, Integer::sum));
    ByteString state = state(kept);
    if (state.size() > MAX_STATE) {
      throw new ToolException(
          "what the call keeps for its next round has "
              + state.size()
              + " bytes, the limit is "
              + MAX_STATE);
    }
    return InputRequired.newBuilder()
        .addAllRequests(requests.stream().map(InputRequest::wire).toList())
        .setState(state)
        .build();
  }

  private ByteString state(byte[] kept) {
    var state = new JsonObject();
    var times = new JsonObject();
    asked.forEach(times::addProperty);
    state.add("asked", times);
    var values = new JsonObject();
    memo.forEach((key, one) -> values.add(key, json(one)));
    state.add("memo", values);
    state.addProperty("own", Base64.getEncoder().encodeToString(kept));
    return Json.dump(state);
  }

  private static JsonObject json(Kept one) {
    var json = new JsonObject();
    json.add("value", one.value());
    var keys = new JsonArray();
    one.keys().forEach(keys::add);
    json.add("keys", keys);
    return json;
  }
}
