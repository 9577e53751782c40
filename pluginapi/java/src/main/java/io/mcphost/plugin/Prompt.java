// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.function.Consumer;
import mcphost.plugin.v1.PromptOuterClass;
import mcphost.plugin.v1.PromptOuterClass.GetPromptResult;
import mcphost.plugin.v1.PromptOuterClass.PromptArgument;

/**
 * A prepared message that a person can pick.
 *
 * <p>Its arguments are a record of strings and enums. A prompt is immutable: each method returns a
 * new one.
 */
public final class Prompt {
  private final PromptOuterClass.Prompt wire;
  private final Body body;

  /** Fills the prompt in. */
  @FunctionalInterface
  private interface Body {
    PromptResult fill(JsonObject args, Call call) throws Exception;
  }

  private Prompt(PromptOuterClass.Prompt wire, Body body) {
    this.wire = wire;
    this.body = body;
  }

  /**
   * A prompt.
   *
   * @param name 1 to 64 of A-Z, a-z, 0-9, "_", "." and "-"
   * @param arguments a record; {@link NoArguments} for none
   */
  public static <A> Prompt of(String name, Class<A> arguments, Handler<A, PromptResult> handler) {
    if (!arguments.isRecord()) {
      throw new DeclarationException(
          "prompt \"" + name + "\": " + arguments.getName() + " is no record");
    }
    var wire = PromptOuterClass.Prompt.newBuilder().setName(name);
    for (Members.Member member : Members.of(arguments).all()) {
      wire.addArguments(argument(name, member));
    }
    return new Prompt(wire.build(), (args, call) -> handler.handle(read(arguments, args), call));
  }

  private static PromptArgument argument(String prompt, Members.Member member) {
    Type type = member.type();
    if (type != String.class && !(type instanceof Class<?> kind && kind.isEnum())) {
      throw new DeclarationException(
          "prompt \"" + prompt + "\": the argument " + member.name() + " is no string");
    }
    var argument =
        PromptArgument.newBuilder().setName(member.name()).setRequired(member.required());
    if (member.description() != null) {
      argument.setDescription(member.description());
    }
    if (member.limit() != null) {
      argument.setTitle(member.limit().title());
    }
    return argument.build();
  }

  private static <A> A read(Class<A> type, JsonObject args) {
    try {
      return Values.read(type, args, "");
    } catch (IllegalArgumentException err) {
      throw ProtocolException.invalidParams("invalid arguments: " + err.getMessage());
    }
  }

  private Prompt with(Consumer<PromptOuterClass.Prompt.Builder> change) {
    PromptOuterClass.Prompt.Builder wire = this.wire.toBuilder();
    change.accept(wire);
    return new Prompt(wire.build(), body);
  }

  /** A name for people. Default: none. */
  public Prompt title(String title) {
    return with(prompt -> prompt.setTitle(title));
  }

  /** What it is for. */
  public Prompt description(String description) {
    return with(prompt -> prompt.setDescription(description));
  }

  /** Images for user interfaces. */
  public Prompt icons(Icon... icons) {
    return with(prompt -> prompt.clearIcons().addAllIcons(Icon.wires(icons)));
  }

  /** The "_meta". */
  public Prompt meta(JsonObject meta) {
    return with(prompt -> prompt.setMetaJson(Json.meta(meta)));
  }

  /** What filling it in cannot do without: the host refuses clients that lack it. */
  public Prompt requires(Capabilities capabilities) {
    return with(prompt -> prompt.setRequires(capabilities.wire()));
  }

  /** The prompt's name. */
  public String name() {
    return wire.getName();
  }

  PromptOuterClass.Prompt wire() {
    return wire;
  }

  GetPromptResult fill(Map<String, String> args, Call call) throws Exception {
    var object = new JsonObject();
    args.forEach(object::addProperty);
    return body.fill(checked(object), call).wire();
  }

  private JsonObject checked(JsonObject args) {
    for (PromptArgument argument : wire.getArgumentsList()) {
      if (argument.getRequired() && !args.has(argument.getName())) {
        throw ProtocolException.invalidParams(
            "the prompt \"" + name() + "\" needs the argument \"" + argument.getName() + "\"");
      }
    }
    for (String name : args.keySet()) {
      if (wire.getArgumentsList().stream().noneMatch(argument -> argument.getName().equals(name))) {
        throw ProtocolException.invalidParams(
            "the prompt \"" + name() + "\" has no argument \"" + name + "\"");
      }
    }
    return args;
  }
}
