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
struct Quota {
  const char* name;
  int threads;
  std::size_t memory;
};
constexpr Quota kRemote = {"network", 512, std::size_t{1} << 30};
constexpr Quota kLocal = {"host", 128, std::size_t{1} << 28};
// A connection without a call is closed, one whose peer does not answer pings is given up: not soon, for a command may
// be stopped at the terminal for a while.
constexpr milliseconds kIdle = minutes(5);
constexpr milliseconds kPing = minutes(5);
constexpr milliseconds kPingPatience = minutes(1);
// More often than this a caller may not ping.
constexpr milliseconds kLeastPing = seconds(10);

void SetLimits(const ListenOptions& options, const Quota& quota, grpc::ServerBuilder& builder) {
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
  builder.SetResourceQuota(grpc::ResourceQuota(quota.name).SetMaxThreads(quota.threads).Resize(quota.memory));
}

absl::StatusOr<std::unique_ptr<grpc::Server>> ListenOn(const std::string& target, const ListenOptions& options,
                                                       const Quota& quota,
                                                       const std::vector<grpc::Service*>& services) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto credentials, ListenCredentials(target, options.security));
  grpc::ServerBuilder builder;
  // By default a second controller would share the port, and the agents, in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetLimits(options, quota, builder);
  int port = 0;
  builder.AddListeningPort(target, credentials, &port);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server != nullptr && port != 0) return server;
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", target, ": it is in use, not an address of this host, or not permitted"));
}

}  // namespace

void Listening::Stop(Duration patience) {
  const auto until =
      std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(patience);
  for (const auto* server : {&remote, &local}) (*server)->Shutdown(until);
  for (const auto* server : {&remote, &local}) (*server)->Wait();
}

absl::StatusOr<Listening> Listen(const ListenOptions& options, const std::vector<grpc::Service*>& services) {
  Listening listening;
  FAULTLINE_ASSIGN_OR_RETURN(listening.remote, ListenOn(options.address, options, kRemote, services));
  FAULTLINE_ASSIGN_OR_RETURN(listening.local,
                             ListenOn(absl::StrCat("unix:", options.socket), options, kLocal, services));
  chmod(options.socket.c_str(), kSocketMode);
  return listening;
}

}  // namespace faultline
