// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import mcphost.plugin.v1.CompletionOuterClass;
import mcphost.plugin.v1.CompletionOuterClass.CompleteRequest;
import mcphost.plugin.v1.CompletionOuterClass.CompleteResponse;

/** Serves the completions of a plugin. */
final class CompletionService {
  private final Plugin plugin;
  private final Calls calls;

  CompletionService(Plugin plugin, Calls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("mcphost.plugin.v1.CompletionService")
        .addMethod(Endpoints.COMPLETE, ServerCalls.asyncUnaryCall(this::complete))
        .build();
  }

  private void complete(CompleteRequest request, StreamObserver<CompleteResponse> to) {
    calls.answer(to, () -> outcome(request));
  }

  private CompleteResponse outcome(CompleteRequest request) {
    try {
      return CompleteResponse.newBuilder().setCompletion(wire(suggest(request))).build();
    } catch (Exception err) {
      return CompleteResponse.newBuilder().setError(Mistakes.protocol(err, "a completion")).build();
    }
  }

  private Completion suggest(CompleteRequest request) throws Exception {
    boolean prompt = request.getReferenceCase() == CompleteRequest.ReferenceCase.PROMPT_NAME;
    String name = prompt ? request.getPromptName() : request.getResourceUriTemplate();
    Completer completer =
        plugin.completer(new Plugin.Completed(prompt, name, request.getArgumentName()));
    if (completer == null) {
      return Completion.of(List.of());
    }
    return completer.complete(request.getArgumentValue(), request.getResolvedArgumentsMap());
  }

  private static CompletionOuterClass.Completion wire(Completion found) {
    var wire =
        CompletionOuterClass.Completion.newBuilder()
            .addAllValues(found.values())
            .setHasMore(found.hasMore());
    found.total().ifPresent(wire::setTotal);
    return wire.build();
  }
}
