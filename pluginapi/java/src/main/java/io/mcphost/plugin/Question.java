// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.function.Function;

/**
 * A question for {@link Call#ask}, and what is made of its answer.
 *
 * @param <T> the answer
 */
public final class Question<T> {
  private final InputRequest request;
  private final Function<JsonElement, T> take;

  private Question(InputRequest request, Function<JsonElement, T> take) {
    this.request = request;
    this.take = take;
  }

  /** A form to fill in: see {@link Call#elicit}. */
  public static <F> Question<Filled<F>> form(Class<F> form, String key, String message) {
    JsonObject params = elicitation("form", message);
    params.add("requestedSchema", Forms.schema(form));
    return new Question<>(
        new InputRequest(key, InputRequest.Method.ELICIT, params),
        result -> Forms.read(form, result));
  }

  /** A URL to visit: see {@link Call#elicitUrl}. */
  public static Question<Action> url(String key, String message, String url) {
    JsonObject params = elicitation("url", message);
    params.addProperty("url", url);
    return new Question<>(new InputRequest(key, InputRequest.Method.ELICIT, params), Action::read);
  }

  private static JsonObject elicitation(String mode, String message) {
    var params = new JsonObject();
    params.addProperty("mode", mode);
    params.addProperty("message", message);
    return params;
  }

  /**
   * A request to the client's model: see {@link Call#sample}.
   *
   * @param more MCP's other parameters, such as "systemPrompt"; may be null
   */
  public static Question<Sampled> sample(
      String key, List<SampleMessage> messages, int maxTokens, JsonObject more) {
    var params = more == null ? new JsonObject() : more.deepCopy();
    var said = new JsonArray();
    messages.forEach(one -> said.add(one.json()));
    params.add("messages", said);
    params.addProperty("maxTokens", maxTokens);
    return new Question<>(new InputRequest(key, InputRequest.Method.SAMPLE, params), Sampled::read);
  }

  /** The client's folders: see {@link Call#roots}. */
  public static Question<List<Root>> roots(String key) {
    return new Question<>(
        new InputRequest(key, InputRequest.Method.ROOTS, new JsonObject()), Root::read);
  }

  /** The question as the protocol has it. */
  public InputRequest request() {
    return request;
  }

  /** The answer. IllegalArgumentException: it does not fit. */
  T take(JsonElement result) {
    return take.apply(result);
  }
}
