#include "tests/unit/rpc/test_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/rpc/local_pass.h"
#include "common/rpc/status.h"

namespace faultline {
namespace {

constexpr std::chrono::seconds kServerPatience(60);

std::string MakeFolder() {
  std::string folder = (std::filesystem::temp_directory_path() / "faultline-rpc-XXXXXX").string();
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

grpc::Status MirrorService::ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest*,
                                      v1::ListNodesResponse* response) {
  const absl::StatusOr<Principal> caller = gate_.Identify(*context);
  if (!caller.ok()) return ToGrpc(caller.status());
  v1::NodeInfo& info = *response->add_nodes()->mutable_info();
  info.set_name(caller->name);
  (*info.mutable_labels())["role"] = std::string(NameOf(caller->role));
  return grpc::Status::OK;
}

TestServer::TestServer(const TestServerOptions& options)
    : folder_(MakeFolder()),
      port_(FreePort()),
      passes_(clock_),
      gate_(clock_, directory_, passes_, options.gate),
      fleet_({.token = 42}, events_),
      examinations_(fleet_),
      database_(*Database::Open(folder_ + "/runs.sqlite")),
      admission_(gate_, audit_),
      mirror_(gate_) {
  store_.emplace(*database_);
  schedules_.emplace(*database_);
  freezes_.emplace(*schedules_);
  permits_.emplace(*database_);
  coordinator_.emplace(CoordinatorParts{.clock = clock_,
                                        .fleet = fleet_,
                                        .store = *store_,
                                        .probes = probes_,
                                        .host = host_,
                                        .freezes = *freezes_,
                                        .events = events_,
                                        .policy = policy_,
                                        .permits = *permits_,
                                        .audit = audit_},
                       CoordinatorOptions{.lease = std::chrono::seconds(15)});
  sessions_.emplace(SessionParts{.clock = clock_,
                                 .gate = gate_,
                                 .admission = admission_,
                                 .fleet = fleet_,
                                 .coordinator = *coordinator_,
                                 .examinations = examinations_,
                                 .heartbeat_interval = std::chrono::seconds(1),
                                 .hello_patience = options.hello_patience});
  const Security security = {
      .tls = testing::MakeCertificate(folder_, "server", {.uri = "faultline:controller", .hosts = {options.host}}),
      .insecure = options.gate.insecure};
  auto login = LoginServer::Start(LoginSocketOf(socket()), passes_);
  EXPECT_TRUE(login.ok()) << login.status();
  login_ = *std::move(login);
  auto server = Listen({.address = address(),
                        .socket = socket(),
                        .security = security,
                        .handshake_patience = options.handshake_patience,
                        .connections = options.connections},
                       {&*sessions_, &mirror_});
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

TestServer::~TestServer() {
  server_.Stop(Duration(0));
  login_.reset();
  std::filesystem::remove_all(folder_);
}

std::string TestServer::address() const { return absl::StrCat("127.0.0.1:", port_); }

Security TestServer::Client(const std::string& uri) const { return Client(testing::TestCertificate{.uri = uri}); }

Security TestServer::Client(const testing::TestCertificate& certificate) const {
  return {.tls = testing::MakeCertificate(folder_, "client", certificate), .mend = "mend it"};
}

absl::StatusOr<std::string> AskWhoIAm(const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::ControlService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kServerPatience);
  v1::ListNodesResponse response;
  const grpc::Status status = stub->ListNodes(&context, v1::ListNodesRequest(), &response);
  if (!status.ok()) return FromGrpc(status);
  const v1::NodeInfo& info = response.nodes(0).info();
  return absl::StrCat(info.name(), " ", info.labels().at("role"));
}

absl::StatusOr<std::string> AskWhoIAm(const std::string& target, const Security& security) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = OpenChannel(target, security, arguments);
  if (!channel.ok()) return channel.status();
  return AskWhoIAm(*channel);
}

int FreePort() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

bool Connect(const UniqueFd& fd, int port, const std::string& from) {
  const auto connect_to = [&fd](const auto& address) {
    const bool connected = connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    EXPECT_TRUE(connected || errno == ECONNRESET) << strerror(errno);
    return connected;
  };
  if (from.find(':') != from.npos) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons(static_cast<std::uint16_t>(port));
    return connect_to(address);
  }
  sockaddr_in own = Loopback(0);
  EXPECT_EQ(inet_pton(AF_INET, from.c_str(), &own.sin_addr), 1);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)), 0);
  return connect_to(Loopback(port));
}

UniqueFd ConnectTo(int port, const std::string& from) {
  const bool six = from.find(':') != from.npos;
  UniqueFd fd(socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Connect(fd, port, from);
  return fd;
}

bool IsHungUpOn(const UniqueFd& connection) {
  std::array<char, 1024> buffer;
  pollfd readable{.fd = connection.get(), .events = POLLIN, .revents = 0};
  while (poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(kServerPatience).count())) > 0) {
    if (read(connection.get(), buffer.data(), buffer.size()) <= 0) return true;
  }
  return false;
}

}  // namespace faultline
