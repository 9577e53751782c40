// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.protobuf.MessageLite;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import mcphost.plugin.v1.Context.InputRequired;
import mcphost.plugin.v1.Context.Log;
import mcphost.plugin.v1.Context.Progress;
import mcphost.plugin.v1.Context.ProtocolError;
import mcphost.plugin.v1.Context.ReleaseStream;
import mcphost.plugin.v1.PromptOuterClass.GetPromptRequest;
import mcphost.plugin.v1.PromptOuterClass.GetPromptResponse;
import mcphost.plugin.v1.PromptOuterClass.GetPromptResult;
import mcphost.plugin.v1.PromptOuterClass.ListPromptsRequest;
import mcphost.plugin.v1.PromptOuterClass.ListPromptsResponse;

/** Serves the prompts of a plugin. */
final class PromptService implements Round.Kind<GetPromptResponse> {
  private final Plugin plugin;
  private final Calls calls;

  PromptService(Plugin plugin, Calls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("mcphost.plugin.v1.PromptService")
        .addMethod(Endpoints.LIST_PROMPTS, ServerCalls.asyncUnaryCall(this::list))
        .addMethod(Endpoints.GET_PROMPT, ServerCalls.asyncServerStreamingCall(this::get))
        .build();
  }

  private void list(ListPromptsRequest request, StreamObserver<ListPromptsResponse> to) {
    var list =
        ListPromptsResponse.newBuilder()
            .setRevision(plugin.changes().revision(Changes.Kind.PROMPTS));
    plugin.prompts().forEach(prompt -> list.addPrompts(prompt.wire()));
    to.onNext(list.build());
    to.onCompleted();
  }

  private void get(GetPromptRequest request, StreamObserver<GetPromptResponse> to) {
    var round =
        new Round<>(
            calls,
            (ServerCallStreamObserver<GetPromptResponse>) to,
            this,
            call -> plugin.prompt(request.getName()).fill(request.getArgumentsMap(), call));
    round.start(request.getContext(), request.getResumption());
  }

  @Override
  public MessageLite failed(Throwable err) {
    return Mistakes.protocol(err, "a prompt");
  }

  @Override
  public GetPromptResponse response(MessageLite event) {
    var response = GetPromptResponse.newBuilder();
    if (event instanceof Progress progress) {
      response.setProgress(progress);
    } else if (event instanceof Log log) {
      response.setLog(log);
    } else if (event instanceof ReleaseStream release) {
      response.setReleaseStream(release);
    } else if (event instanceof InputRequired required) {
      response.setInputRequired(required);
    } else if (event instanceof ProtocolError error) {
      response.setError(error);
    } else {
      response.setResult((GetPromptResult) event);
    }
    return response.build();
  }
}
