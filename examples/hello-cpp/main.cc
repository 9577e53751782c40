// SPDX-License-Identifier: Apache-2.0

// A plugin of mcphost in C++, with nothing but gRPC and generated code.
//
// It serves the plugin protocol on a unix socket and go-plugin's small services
// beside it, then prints the one line that tells the host where. Numbers in
// comments are the steps that any plugin without a library goes through.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "grpc_controller.grpc.pb.h"
#include "grpc_stdio.grpc.pb.h"
#include "mcphost/plugin/v1/plugin.grpc.pb.h"
#include "mcphost/plugin/v1/tool.grpc.pb.h"

namespace v1 = mcphost::plugin::v1;
using google::protobuf::Struct;
using google::protobuf::Value;
using Clock = std::chrono::system_clock;

constexpr int kMaxMessageSize = 64 << 20;  // bytes, the protocol's limit; gRPC's own is 4 MiB
constexpr auto kCallGrace = std::chrono::seconds(2);

// The end of the pipe that wakes main; a signal handler may use nothing else.
int wake_fd = -1;

void stop() {
  const char byte = 0;
  [[maybe_unused]] ssize_t n = write(wake_fd, &byte, 1);  // full: main is awake anyway
}

// Life counts the calls in flight, and keeps the host's request to stop until
// they have ended.
class Life {
 public:
  void begin() {
    std::lock_guard lock(mu_);
    calls_++;
  }

  void end() {
    std::lock_guard lock(mu_);
    calls_--;
    idle_.notify_all();
  }

  // shutdown stops the plugin. reactor is answered when it is done.
  void shutdown(grpc::ServerUnaryReactor* reactor, Clock::time_point deadline) {
    {
      std::lock_guard lock(mu_);
      if (asked_ != nullptr) {
        reactor->Finish(grpc::Status::OK);
        return;
      }
      asked_ = reactor;
      deadline_ = deadline;
    }
    stop();
  }

  // drain waits for the calls in flight, as long as the host does, then answers
  // it: the host closes the connection as soon as it is answered.
  void drain() {
    std::unique_lock lock(mu_);
    idle_.wait_until(lock, std::min(deadline_, Clock::now() + kCallGrace), [this] { return calls_ == 0; });
    if (asked_ != nullptr) asked_->Finish(grpc::Status::OK);
  }

 private:
  std::mutex mu_;
  std::condition_variable idle_;
  int calls_ = 0;
  grpc::ServerUnaryReactor* asked_ = nullptr;
  Clock::time_point deadline_ = Clock::time_point::max();
};

v1::CallToolResponse result(const std::string& text, bool is_error = false) {
  v1::CallToolResponse event;
  event.mutable_result()->set_is_error(is_error);
  event.mutable_result()->add_content()->mutable_text()->set_text(text);
  return event;
}

// A Call writes what a tool has to say, one event after the other.
class Call : public grpc::ServerWriteReactor<v1::CallToolResponse> {
 public:
  explicit Call(Life& life) : life_(life) { life_.begin(); }

  // say ends the call with an outcome.
  void say(v1::CallToolResponse outcome) {
    event_ = std::move(outcome);
    StartWriteAndFinish(&event_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void OnDone() override {
    life_.end();
    delete this;
  }

 protected:
  v1::CallToolResponse event_;

 private:
  Life& life_;
};

// Counting is a Call of the tool count. It holds no thread while it waits.
class Counting : public Call {
 public:
  Counting(Life& life, long n, long delay_ms) : Call(life), n_(n), delay_(delay_ms) { next(); }

  void OnWriteDone(bool ok) override {
    if (ok) next();
    else Finish(grpc::Status::CANCELLED);
  }

  // A cancelled call stops at once, whatever it waits for.
  void OnCancel() override {
    std::lock_guard lock(mu_);
    cancelled_ = true;
    alarm_.Cancel();
  }

 private:
  void next() {
    if (i_ == n_) {
      say(result("Counted to " + std::to_string(n_) + "."));
      return;
    }
    std::unique_lock lock(mu_);
    if (!cancelled_) {
      alarm_.Set(Clock::now() + delay_, [this](bool due) { counted(due); });
      return;
    }
    lock.unlock();
    Finish(grpc::Status::CANCELLED);
  }

  void counted(bool due) {
    if (!due) {
      Finish(grpc::Status::CANCELLED);
      return;
    }
    i_++;
    auto* progress = event_.mutable_progress();
    progress->set_progress(static_cast<double>(i_));
    progress->set_total(static_cast<double>(n_));
    progress->set_message("counted " + std::to_string(i_));
    StartWrite(&event_);
  }

  const long n_;
  const std::chrono::milliseconds delay_;
  long i_ = 0;
  std::mutex mu_;
  bool cancelled_ = false;
  grpc::Alarm alarm_;
};

// An Argument is what a tool takes under one name.
struct Argument {
  Value::KindCase kind;
  const char* type;
  const char* description;
  bool required;
};

// A Tool is what the list says of it.
struct Tool {
  const char* description;
  std::map<std::string, Argument> arguments;
};

const std::map<std::string, Tool>& tools() {
  static const std::map<std::string, Tool> table = {
      {"greet", {"Say hello to someone.", {{"who", {Value::kStringValue, "string", "whom to greet", true}}}}},
      {"count",
       {"Count to n, slowly.",
        {{"n", {Value::kNumberValue, "integer", "where to stop", true}},
         {"delay_ms", {Value::kNumberValue, "integer", "milliseconds before each number", false}}}}},
  };
  return table;
}

std::string schema(const Tool& tool) {
  Struct root;
  auto& members = *root.mutable_fields();
  members["type"].set_string_value("object");
  members["additionalProperties"].set_bool_value(false);
  auto* required = members["required"].mutable_list_value();
  auto* properties = members["properties"].mutable_struct_value();
  for (const auto& [name, argument] : tool.arguments) {
    auto& member = *(*properties->mutable_fields())[name].mutable_struct_value()->mutable_fields();
    member["type"].set_string_value(argument.type);
    member["description"].set_string_value(argument.description);
    if (argument.required) required->add_values()->set_string_value(name);
  }
  std::string json;
  if (auto status = google::protobuf::util::MessageToJsonString(root, &json); !status.ok())
    throw std::runtime_error(std::string(status.message()));
  return json;
}

// checked returns the arguments if they are what the tool takes. What it throws
// is for the model to read.
std::map<std::string, Value> checked(const std::string& json, const Tool& tool) {
  Struct args;
  if (!google::protobuf::util::JsonStringToMessage(json, &args).ok())
    throw std::invalid_argument("invalid arguments: not a JSON object");
  for (const auto& [name, argument] : tool.arguments)
    if (argument.required && !args.fields().contains(name))
      throw std::invalid_argument("invalid arguments: " + name + " is missing");
  for (const auto& [name, value] : args.fields()) {
    auto known = tool.arguments.find(name);
    if (known == tool.arguments.end())
      throw std::invalid_argument("invalid arguments: " + name + " is not known");
    const double number = value.number_value();
    if (value.kind_case() != known->second.kind || number != std::floor(number) || std::fabs(number) > 1e15)
      throw std::invalid_argument("invalid arguments: " + name + " is not of type " + known->second.type);
  }
  return {args.fields().begin(), args.fields().end()};
}

long whole(const std::map<std::string, Value>& args, const std::string& name) {
  auto found = args.find(name);
  return found == args.end() ? 0 : std::max(0L, static_cast<long>(found->second.number_value()));
}

class Plugin : public v1::PluginService::CallbackService {
  // What is left out, Configure and Watch, means: no settings, a static list.
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest*,
                                     v1::DescribeResponse* response) override {
    response->set_name("hello-cpp");
    response->set_version("1.0.0");
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class Tools : public v1::ToolService::CallbackService {
 public:
  explicit Tools(Life& life) : life_(life) {}

 private:
  grpc::ServerUnaryReactor* ListTools(grpc::CallbackServerContext* context, const v1::ListToolsRequest*,
                                      v1::ListToolsResponse* response) override {
    for (const auto& [name, tool] : tools()) {
      auto* listed = response->add_tools();
      listed->set_name(name);
      listed->set_description(tool.description);
      listed->set_input_schema_json(schema(tool));
      listed->mutable_annotations()->set_read_only(true);
    }
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<v1::CallToolResponse>* CallTool(grpc::CallbackServerContext*,
                                                           const v1::CallToolRequest* request) override {
    auto tool = tools().find(request->name());
    if (tool == tools().end()) {
      v1::CallToolResponse event;
      event.mutable_error()->set_code(v1::PROTOCOL_ERROR_CODE_NOT_FOUND);
      event.mutable_error()->set_message("there is no tool " + request->name());
      return saying(std::move(event));
    }
    try {
      const auto args = checked(request->arguments_json(), tool->second);
      if (tool->first == "count") return new Counting(life_, whole(args, "n"), whole(args, "delay_ms"));
      return saying(result("Hello, " + args.at("who").string_value() + "!"));
    } catch (const std::invalid_argument& mistake) {
      return saying(result(mistake.what(), true));
    }
  }

  Call* saying(v1::CallToolResponse outcome) {
    auto* call = new Call(life_);
    call->say(std::move(outcome));
    return call;
  }

  Life& life_;
};

// 8. The controller: the host asks, the calls in flight end, then it is answered.
class Controller : public plugin::GRPCController::CallbackService {
 public:
  explicit Controller(Life& life) : life_(life) {}

 private:
  grpc::ServerUnaryReactor* Shutdown(grpc::CallbackServerContext* context, const plugin::Empty*,
                                     plugin::Empty*) override {
    auto* reactor = context->DefaultReactor();
    life_.shutdown(reactor, context->deadline());
    return reactor;
  }

  Life& life_;
};

// 6. The host holds this stream for life. There is nothing to say on it, for what
// we print goes to standard error; 10. its end is the host's.
class Stdio : public plugin::GRPCStdio::CallbackService {
  class Held : public grpc::ServerWriteReactor<plugin::StdioData> {
    void OnCancel() override {
      stop();
      Finish(grpc::Status::OK);
    }
    void OnDone() override { delete this; }
  };

  grpc::ServerWriteReactor<plugin::StdioData>* StreamStdio(grpc::CallbackServerContext*,
                                                           const google::protobuf::Empty*) override {
    return new Held;
  }
};

// 10. wait returns when we are to stop: because of a signal, a request, or since
// the pipe ends that the host holds and never writes to.
void wait(int wake) {
  struct stat in = {};
  const bool piped = fstat(STDIN_FILENO, &in) == 0 && S_ISFIFO(in.st_mode);
  // Without a pipe, standard input says nothing of the host.
  pollfd fds[] = {{wake, POLLIN, 0}, {piped ? STDIN_FILENO : -1, POLLIN, 0}};
  char buffer[4096];
  for (;;) {
    if (poll(fds, 2, -1) < 0) continue;  // a signal: the pipe says which
    if (fds[0].revents != 0) return;
    if (fds[1].revents != 0 && read(STDIN_FILENO, buffer, sizeof buffer) <= 0) return;
  }
}

// 4. A socket of our own, in the directory that the host names.
std::string make_folder() {
  const char* base = getenv("PLUGIN_UNIX_SOCKET_DIR");
  std::string folder = std::string(base != nullptr && *base != 0 ? base : "/tmp") + "/pluginXXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a folder for the socket: " + folder);
  return folder;
}

int run(FILE* handshake) {
  int wake[2];
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("cannot make a pipe");
  wake_fd = wake[1];
  signal(SIGINT, SIG_IGN);  // 3. a terminal's Ctrl-C is meant for the host
  signal(SIGTERM, [](int) { stop(); });

  Life life;
  Plugin plugin;
  Tools tools(life);
  Controller controller(life);
  Stdio stdio;
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessageSize);  // 5.
  builder.SetMaxSendMessageSize(kMaxMessageSize);
  builder.RegisterService(&plugin);
  builder.RegisterService(&tools);
  builder.RegisterService(&controller);
  builder.RegisterService(&stdio);

  const std::string folder = make_folder(), path = folder + "/s";
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  umask(0177);  // nobody else may connect
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) throw std::runtime_error("cannot serve at " + path);
  server->GetHealthCheckService()->SetServingStatus("plugin", true);

  // 7. Serve first, then say so: the line is last, and flushed.
  fprintf(handshake, "1|1|unix|%s|grpc|\n", path.c_str());
  fflush(handshake);

  wait(wake[0]);
  life.drain();
  server->Shutdown(Clock::now() + std::chrono::milliseconds(250));  // the last answers may be on their way
  unlink(path.c_str());
  rmdir(folder.c_str());
  return 0;
}

int main() {
  // 1. The cookie tells a host from a person.
  const char* cookie = getenv("MCPHOST_PLUGIN");
  if (cookie == nullptr || std::string(cookie) != "mcphost-plugin-v1") {
    fprintf(stderr,
            "hello-cpp is a plugin for mcphost, an MCP server: put this folder into mcphost's plugin directory "
            "and start mcphost.\n");
    return 1;
  }

  // 2. Standard output belongs to the handshake line alone. From here on whatever
  // prints, of the libraries too, prints to standard error: the operator's log.
  FILE* handshake = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO);
  try {
    return run(handshake);
  } catch (const std::exception& err) {
    fprintf(stderr, "hello-cpp: %s\n", err.what());
    return 1;
  }
}
