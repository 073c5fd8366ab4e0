#include "controller/rpc/listen.h"

#include <sys/stat.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rpc/listen_credentials.h"
#include "common/status.h"
#include "controller/rpc/tcp_sockets.h"

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
// Each connection has its part of it, where more than usual may be open.
constexpr std::size_t kMemoryOfOne = std::size_t{1} << 17;
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
  // It pings by itself whenever something comes, to size windows. Those of large messages grow to their size anyway.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostStreams);
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, std::chrono::duration_cast<milliseconds>(options.handshake_patience));
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdle);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, kPing);
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingPatience);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kLeastPing);
  builder.SetResourceQuota(grpc::ResourceQuota(quota.name)
                               .SetMaxThreads(quota.threads)
                               .Resize(std::max(quota.memory, options.connections.open_of_all * kMemoryOfOne)));
}

std::unique_ptr<grpc::Server> Start(grpc::ServerBuilder& builder, const ListenOptions& options, const Quota& quota,
                                    const std::vector<grpc::Service*>& services) {
  SetLimits(options, quota, builder);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  return builder.BuildAndStart();
}

absl::Status ListenToNetwork(const ListenOptions& options, const std::vector<grpc::Service*>& services,
                             Listening& listening) {
  FAULTLINE_ASSIGN_OR_RETURN(const auto credentials, ListenCredentials(options.address, options.security));
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<UniqueFd> sockets, ListenTcp(options.address, kPingPatience));
  grpc::ServerBuilder builder;
  using Builder = decltype(builder.experimental());
  std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> server_door =
      builder.experimental().AddExternalConnectionAcceptor(Builder::ExternalConnectionType::FROM_FD, credentials);
  listening.remote = Start(builder, options, kRemote, services);
  if (listening.remote == nullptr) return absl::InternalError("gRPC cannot start the network's server");
  const auto hand_over = [server_door](int socket, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = socket;
    parameters.fd = connection;
    server_door->HandleNewConnection(&parameters);
  };
  FAULTLINE_ASSIGN_OR_RETURN(listening.acceptor,
                             ConnectionAcceptor::Start(std::move(sockets), options.connections, hand_over));
  return absl::OkStatus();
}

absl::Status ListenToHost(const ListenOptions& options, const std::vector<grpc::Service*>& services,
                          Listening& listening) {
  const std::string target = absl::StrCat("unix:", options.socket);
  FAULTLINE_ASSIGN_OR_RETURN(const auto credentials, ListenCredentials(target, options.security));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target, credentials);
  listening.local = Start(builder, options, kLocal, services);
  if (listening.local == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", target, ": it is in use, or its folder is missing or not writable"));
  }
  chmod(options.socket.c_str(), kSocketMode);
  return absl::OkStatus();
}

}  // namespace

void Listening::Stop(Duration patience) {
  const auto until =
      std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(patience);
  acceptor.reset();
  for (const auto* server : {&remote, &local}) (*server)->Shutdown(until);
  for (const auto* server : {&remote, &local}) (*server)->Wait();
}

absl::StatusOr<Listening> Listen(const ListenOptions& options, const std::vector<grpc::Service*>& services) {
  Listening listening;
  FAULTLINE_RETURN_IF_ERROR(ListenToNetwork(options, services, listening));
  FAULTLINE_RETURN_IF_ERROR(ListenToHost(options, services, listening));
  return listening;
}

}  // namespace faultline
