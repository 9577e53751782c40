// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.lang.reflect.Type;
import java.util.function.Consumer;
import java.util.function.Function;
import mcphost.plugin.v1.ToolOuterClass;
import mcphost.plugin.v1.ToolOuterClass.CallToolResult;
import mcphost.plugin.v1.ToolOuterClass.ToolAnnotations;

/**
 * A tool: an action that a model can take.
 *
 * <p>Its arguments are a record, whose members become the schema; what does not fit never reaches
 * the handler. A tool is immutable: each method returns a new one.
 */
public final class Tool {
  private final ToolOuterClass.Tool wire;
  private final Body body;

  /** Runs the tool with the arguments as the client wrote them. */
  @FunctionalInterface
  private interface Body {
    CallToolResult run(JsonElement args, Call call) throws Exception;
  }

  private Tool(ToolOuterClass.Tool wire, Body body) {
    this.wire = wire;
    this.body = body;
  }

  /**
   * A tool that returns text.
   *
   * @param name 1 to 64 of A-Z, a-z, 0-9, "_", "." and "-"
   * @param arguments a record; {@link NoArguments} for none
   */
  public static <A> Tool text(String name, Class<A> arguments, Handler<A, String> handler) {
    return typed(name, arguments, (in, call) -> textResult(handler.handle(in, call)));
  }

  /** A tool that returns content, or more. */
  public static <A> Tool of(String name, Class<A> arguments, Handler<A, Result> handler) {
    return typed(name, arguments, (in, call) -> handler.handle(in, call).wire());
  }

  /**
   * A tool that returns structured content, and the same as JSON in a text.
   *
   * @param result a record, which becomes the output schema
   */
  public static <A, R> Tool structured(
      String name, Class<A> arguments, Class<R> result, Handler<A, R> handler) {
    JsonObject schema = schema(name, result, Schema::of);
    return typed(name, arguments, (in, call) -> Result.structured(handler.handle(in, call)).wire())
        .outputSchema(schema);
  }

  /** A tool with a schema by hand, which takes its arguments as they are, unchecked. */
  public static Tool raw(String name, JsonObject inputSchema, Handler<JsonObject, Result> handler) {
    return declare(
        name,
        inputSchema,
        (args, call) -> handler.handle(Json.object(args, "the arguments"), call).wire());
  }

  private static <A> Tool typed(
      String name, Class<A> arguments, Handler<A, CallToolResult> handler) {
    return declare(
        name,
        schema(name, arguments, Schema::ofGiven),
        (args, call) -> handler.handle(arguments(arguments, args), call));
  }

  private static Tool declare(String name, JsonObject inputSchema, Body body) {
    var wire =
        ToolOuterClass.Tool.newBuilder().setName(name).setInputSchemaJson(Json.dump(inputSchema));
    return new Tool(wire.build(), body);
  }

  private static JsonObject schema(String name, Class<?> type, Function<Type, JsonObject> schema) {
    if (!type.isRecord()) {
      throw new DeclarationException("tool \"" + name + "\": " + type.getName() + " is no record");
    }
    try {
      return schema.apply(type);
    } catch (DeclarationException err) {
      throw new DeclarationException("tool \"" + name + "\": " + err.getMessage());
    }
  }

  private static <A> A arguments(Class<A> type, JsonElement args) {
    try {
      return Values.read(type, args, "");
    } catch (IllegalArgumentException err) {
      throw new ToolException("invalid arguments: " + err.getMessage(), err);
    }
  }

  private static CallToolResult textResult(String text) {
    return CallToolResult.newBuilder().addContent(Blocks.text(text)).build();
  }

  private Tool with(Consumer<ToolOuterClass.Tool.Builder> change) {
    ToolOuterClass.Tool.Builder wire = this.wire.toBuilder();
    change.accept(wire);
    return new Tool(wire.build(), body);
  }

  private Tool hint(Consumer<ToolAnnotations.Builder> change) {
    ToolAnnotations.Builder hints = wire.getAnnotations().toBuilder();
    change.accept(hints);
    return with(tool -> tool.setAnnotations(hints));
  }

  /** A name for people. Default: none. */
  public Tool title(String title) {
    return with(tool -> tool.setTitle(title));
  }

  /** What it does and when to use it, for the model. */
  public Tool description(String description) {
    return with(tool -> tool.setDescription(description));
  }

  /** The schema of the structured content, by hand. */
  public Tool outputSchema(JsonObject schema) {
    return with(tool -> tool.setOutputSchemaJson(Json.dump(schema)));
  }

  /** It changes nothing. */
  public Tool readOnly() {
    return hint(hints -> hints.setReadOnly(true));
  }

  /** Whether it may destroy what it changes. Default: it may. */
  public Tool destructive(boolean destructive) {
    return hint(hints -> hints.setDestructive(destructive));
  }

  /** The same call again changes nothing more. */
  public Tool idempotent() {
    return hint(hints -> hints.setIdempotent(true));
  }

  /** Whether it reaches beyond a closed domain. Default: it does. */
  public Tool openWorld(boolean openWorld) {
    return hint(hints -> hints.setOpenWorld(openWorld));
  }

  /** Images for user interfaces. */
  public Tool icons(Icon... icons) {
    return with(tool -> tool.clearIcons().addAllIcons(Icon.wires(icons)));
  }

  /** The "_meta". */
  public Tool meta(JsonObject meta) {
    return with(tool -> tool.setMetaJson(Json.meta(meta)));
  }

  /** What a call cannot do without: the host refuses calls of clients that lack it. */
  public Tool requires(Capabilities capabilities) {
    return with(tool -> tool.setRequires(capabilities.wire()));
  }

  /** The tool's name. */
  public String name() {
    return wire.getName();
  }

  ToolOuterClass.Tool wire() {
    return wire;
  }

  CallToolResult run(JsonElement args, Call call) throws Exception {
    return body.run(args, call);
  }
}
