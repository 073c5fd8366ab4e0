#include "controller/rpc/listen.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Of one request; a plan for a large fleet is far smaller.
constexpr int kLargestMessage = 64 * 1024 * 1024;
// Of one connection: a command uses one or two at a time.
constexpr int kMostStreams = 64;
// Calls at the same time: each has a thread while it waits for its run.
constexpr int kMostThreads = 512;
constexpr std::size_t kMostMemory = std::size_t{1} << 30;
// A connection without a call is closed, one whose peer does not answer pings is given up: not soon, for a command may
// be stopped at the terminal for a while.
constexpr milliseconds kIdle = minutes(5);
constexpr milliseconds kPing = minutes(5);
constexpr milliseconds kPingPatience = minutes(1);
// More often than this a caller may not ping.
constexpr milliseconds kLeastPing = seconds(10);

void SetLimits(const ListenOptions& options, grpc::ServerBuilder& builder) {
  const auto set = [&builder](const char* argument, milliseconds time) {
    builder.AddChannelArgument(argument, static_cast<int>(time.count()));
  };
  builder.SetMaxReceiveMessageSize(kLargestMessage);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, std::chrono::duration_cast<milliseconds>(options.handshake_patience));
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdle);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, kPing);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingPatience);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kLeastPing);
  builder.SetResourceQuota(grpc::ResourceQuota("controller").SetMaxThreads(kMostThreads).Resize(kMostMemory));
}

}  // namespace

absl::StatusOr<std::unique_ptr<grpc::Server>> Listen(const ListenOptions& options,
                                                     const std::vector<grpc::Service*>& services) {
  const std::string socket = absl::StrCat("unix:", options.socket);
  FAULTLINE_ASSIGN_OR_RETURN(const auto remote, ListenCredentials(options.address, options.security));
  FAULTLINE_ASSIGN_OR_RETURN(const auto local, ListenCredentials(socket, options.security));
  grpc::ServerBuilder builder;
  // By default a second controller would share the port, and the agents, in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetLimits(options, builder);
  int remote_port = 0;
  int local_port = 0;
  builder.AddListeningPort(options.address, remote, &remote_port);
  builder.AddListeningPort(socket, local, &local_port);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server != nullptr && remote_port != 0 && local_port != 0) {
    chmod(options.socket.c_str(), kSocketMode);
    return server;
  }
  const std::string& address = remote_port == 0 ? options.address : options.socket;
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", address, ": it is in use, not an address of this host, or not permitted"));
}

}  // namespace faultline
