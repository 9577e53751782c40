// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import mcphost.plugin.v1.CompletionOuterClass.CompleteRequest;
import mcphost.plugin.v1.CompletionOuterClass.CompleteResponse;
import mcphost.plugin.v1.Content.ContentBlock;
import mcphost.plugin.v1.Context;
import mcphost.plugin.v1.Context.CallContext;
import mcphost.plugin.v1.Context.InputRequired;
import mcphost.plugin.v1.Context.InputResponse;
import mcphost.plugin.v1.Context.Resumption;
import mcphost.plugin.v1.Plugin.ConfigureRequest;
import mcphost.plugin.v1.PromptOuterClass.GetPromptRequest;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceRequest;
import mcphost.plugin.v1.ToolOuterClass.CallToolRequest;
import mcphost.plugin.v1.ToolOuterClass.CallToolResult;
import mcphost.plugin.v1.ToolOuterClass.ListToolsRequest;

/**
 * Calls a plugin inside a test as the host does, over a socket, and answers its questions.
 *
 * <pre>{@code
 * try (var test = new TestPlugin(plugin)) {
 *   assertEquals("Hello, Ada!", test.call("greet", Map.of("who", "Ada")).text());
 * }
 * }</pre>
 *
 * <p>A refusal of the plugin is a {@link ProtocolException}. Its calls may be made by several
 * threads.
 */
public final class TestPlugin implements AutoCloseable {
  private static final int ROUNDS = 10;
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);

  private final Plugin plugin;
  private final Calls calls;
  private final SocketServer server;
  private final ManagedChannel channel;
  private volatile Capabilities capabilities = Capabilities.ALL;
  private volatile Function<InputRequest, ?> answers = TestPlugin::unanswered;

  /**
   * What the client heard of a call in all its rounds.
   *
   * @param progress in order
   * @param logs as JSON, in order
   * @param questions in order
   */
  public record Heard(
      List<Progress> progress, List<JsonElement> logs, List<InputRequest> questions) {
    Heard() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  /**
   * One word of progress.
   *
   * @param total zero: not known
   */
  public record Progress(double done, double total, String message) {}

  /**
   * What a tool returned.
   *
   * @param text the text of the result, its pieces joined by newlines
   * @param structured the structured content; null: none
   * @param isError whether the tool failed
   * @param heard what came before
   */
  public record Called(String text, JsonElement structured, boolean isError, Heard heard) {}

  /** Serves the plugin until it is closed. */
  public TestPlugin(Plugin plugin) {
    this.plugin = plugin;
    calls = new Calls(plugin.concurrentCalls());
    plugin.begin();
    try {
      server =
          SocketServer.start(
              Path.of(System.getProperty("java.io.tmpdir")), Serving.definitions(plugin, calls));
    } catch (IOException err) {
      throw new UncheckedIOException(err);
    }
    channel = server.connect();
  }

  /** Sets what the client can do. Default: everything. */
  public TestPlugin able(Capabilities capabilities) {
    this.capabilities = capabilities;
    return this;
  }

  /** Sets what answers questions, with MCP's results: records, maps or JSON. */
  public TestPlugin answering(Function<InputRequest, ?> answers) {
    this.answers = answers;
    return this;
  }

  private static Object unanswered(InputRequest question) {
    throw new IllegalStateException(
        "the plugin asks \"" + question.key() + "\", and nothing answers");
  }

  /**
   * Hands over the settings. IllegalArgumentException: the plugin refuses them.
   *
   * @param settings a record, a map or JSON
   */
  public void configure(Object settings) {
    var request =
        ConfigureRequest.newBuilder()
            .setSettingsJson(Json.dump(Values.json(settings)))
            .setPluginName("test");
    try {
      unary(Endpoints.CONFIGURE, request.build());
    } catch (StatusRuntimeException err) {
      throw new IllegalArgumentException(err.getStatus().getDescription(), err);
    }
  }

  /** The input schema of each tool, by name. */
  public Map<String, JsonObject> tools() {
    var found = new LinkedHashMap<String, JsonObject>();
    unary(Endpoints.LIST_TOOLS, ListToolsRequest.getDefaultInstance())
        .getToolsList()
        .forEach(tool -> found.put(tool.getName(), Json.object(tool.getInputSchemaJson())));
    return found;
  }

  /**
   * Calls a tool.
   *
   * @param args a record, a map or JSON
   */
  public Called call(String name, Object args) {
    var heard = new Heard();
    var request = CallToolRequest.newBuilder().setContext(context()).setName(name);
    request.setArgumentsJson(Json.dump(Values.json(args)));
    var result =
        (CallToolResult)
            rounds(heard, given -> callTool(request.setResumption(given).build(), heard));
    JsonElement structured =
        result.getStructuredContentJson().isEmpty()
            ? null
            : Json.parse(result.getStructuredContentJson());
    return new Called(text(result.getContentList()), structured, result.getIsError(), heard);
  }

  private MessageLite callTool(CallToolRequest request, Heard heard) {
    MessageLite outcome = null;
    for (var events = stream(Endpoints.CALL_TOOL, request); events.hasNext(); ) {
      var event = events.next();
      switch (event.getEventCase()) {
        case PROGRESS -> hear(heard, event.getProgress());
        case LOG -> heard.logs().add(Json.parse(event.getLog().getDataJson()));
        case INPUT_REQUIRED -> outcome = event.getInputRequired();
        case ERROR -> throw ProtocolException.read(event.getError());
        case RESULT -> outcome = event.getResult();
        default -> {}
      }
    }
    return outcome;
  }

  private static void hear(Heard heard, Context.Progress progress) {
    heard
        .progress()
        .add(new Progress(progress.getProgress(), progress.getTotal(), progress.getMessage()));
  }

  /** What a resource holds, piece by piece: its text, or its bytes in ISO 8859-1. */
  public List<String> read(String uri) {
    var request = ReadResourceRequest.newBuilder().setContext(context()).setUri(uri).build();
    for (var events = stream(Endpoints.READ_RESOURCE, request); events.hasNext(); ) {
      var event = events.next();
      if (event.hasError()) {
        throw ProtocolException.read(event.getError());
      }
      if (event.hasResult()) {
        return event.getResult().getContentsList().stream()
            .map(
                one ->
                    one.hasBlob()
                        ? one.getBlob().toString(StandardCharsets.ISO_8859_1)
                        : one.getText())
            .toList();
      }
    }
    throw new IllegalStateException("reading " + uri + " has no result");
  }

  /** The text of a prompt, its messages joined by newlines. */
  public String prompt(String name, Map<String, String> args) {
    var request =
        GetPromptRequest.newBuilder()
            .setContext(context())
            .setName(name)
            .putAllArguments(args)
            .build();
    for (var events = stream(Endpoints.GET_PROMPT, request); events.hasNext(); ) {
      var event = events.next();
      if (event.hasError()) {
        throw ProtocolException.read(event.getError());
      }
      if (event.hasResult()) {
        return text(
            event.getResult().getMessagesList().stream().map(one -> one.getContent()).toList());
      }
    }
    throw new IllegalStateException("the prompt " + name + " has no result");
  }

  /** The suggestions for an argument of a prompt. */
  public List<String> completePrompt(String prompt, String argument, String typed) {
    return complete(CompleteRequest.newBuilder().setPromptName(prompt), argument, typed);
  }

  /** The suggestions for a variable of a template. */
  public List<String> completeTemplate(String uriTemplate, String variable, String typed) {
    return complete(
        CompleteRequest.newBuilder().setResourceUriTemplate(uriTemplate), variable, typed);
  }

  private List<String> complete(CompleteRequest.Builder request, String argument, String typed) {
    request.setContext(context()).setArgumentName(argument).setArgumentValue(typed);
    CompleteResponse response = unary(Endpoints.COMPLETE, request.build());
    if (response.hasError()) {
      throw ProtocolException.read(response.getError());
    }
    return List.copyOf(response.getCompletion().getValuesList());
  }

  /** Enters a call until it asks no more. */
  private MessageLite rounds(Heard heard, Function<Resumption, MessageLite> enter) {
    var given = Resumption.newBuilder();
    var responses = new LinkedHashMap<String, InputResponse>();
    for (int round = 0; round < ROUNDS; round++) {
      MessageLite outcome = enter.apply(given.build());
      if (!(outcome instanceof InputRequired required)) {
        return outcome;
      }
      required.getRequestsList().forEach(one -> responses.put(one.getKey(), answer(one, heard)));
      given.clearResponses().addAllResponses(responses.values()).setState(required.getState());
    }
    throw new IllegalStateException("the plugin asks for more than " + ROUNDS + " rounds");
  }

  private InputResponse answer(Context.InputRequest wire, Heard heard) {
    var method = InputRequest.Method.values()[wire.getMethodValue() - 1];
    var question = new InputRequest(wire.getKey(), method, Json.object(wire.getParamsJson()));
    heard.questions().add(question);
    JsonElement result = Values.json(answers.apply(question));
    return InputResponse.newBuilder()
        .setKey(wire.getKey())
        .setResultJson(Json.dump(result))
        .build();
  }

  private CallContext context() {
    return CallContext.newBuilder()
        .setRequestId("test")
        .setWantsProgress(true)
        .setLogLevel(Context.LogLevel.LOG_LEVEL_DEBUG)
        .setCapabilities(capabilities.wire())
        .build();
  }

  private static String text(List<ContentBlock> blocks) {
    return blocks.stream()
        .filter(ContentBlock::hasText)
        .map(one -> one.getText().getText())
        .collect(Collectors.joining("\n"));
  }

  private <Q, R> R unary(MethodDescriptor<Q, R> method, Q request) {
    return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, request);
  }

  private <Q, R> Iterator<R> stream(MethodDescriptor<Q, R> method, Q request) {
    return ClientCalls.blockingServerStreamingCall(channel, method, CallOptions.DEFAULT, request);
  }

  /**
   * Cancels the calls in flight, and waits for them. IllegalStateException: one goes on
   * nevertheless.
   */
  @Override
  public void close() {
    channel.shutdownNow();
    calls.end();
    plugin.end();
    try {
      boolean ended = calls.drain(CLOSE_GRACE);
      server.stop();
      if (!ended) {
        throw new IllegalStateException("a call goes on though it was cancelled");
      }
    } catch (InterruptedException err) {
      Thread.currentThread().interrupt();
    } catch (IOException err) {
      throw new UncheckedIOException(err);
    }
  }
}
