#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "common/clock.h"
#include "common/rpc/credentials.h"
#include "common/unique_fd.h"
#include "controller/policy/policy_book.h"
#include "controller/rpc/caller_gate.h"
#include "controller/rpc/listen.h"
#include "controller/rpc/login_server.h"
#include "controller/rpc/session_service.h"
#include "controller/schedule/freeze_book.h"
#include "controller/store/permit_store.h"
#include "controller/store/run_store.h"
#include "controller/store/schedule_store.h"
#include "faultline/v1/control.grpc.pb.h"
#include "tests/support/certificates.h"
#include "tests/unit/rpc/fake_directory.h"
#include "tests/unit/run/fake_audit.h"
#include "tests/unit/run/fake_events.h"
#include "tests/unit/run/fake_host.h"

namespace faultline {

// Tells every caller of ListNodes who it is: a node of its name, whose label "role" is its role.
class MirrorService : public v1::ControlService::Service {
 public:
  explicit MirrorService(const Gate& gate) : gate_(gate) {}
  grpc::Status ListNodes(grpc::ServerContext* context, const v1::ListNodesRequest* request,
                         v1::ListNodesResponse* response) override;

 private:
  const Gate& gate_;
};

struct TestServerOptions {
  GateOptions gate;
  // That its certificate is for; it listens on 127.0.0.1.
  std::string host = "127.0.0.1";
  Duration hello_patience = std::chrono::seconds(10);
  Duration handshake_patience = std::chrono::seconds(10);
  ConnectionLimits connections;
};

// Everything between a socket and the fleet, as the controller has it, on loopback and a Unix socket in a folder of its
// own, with a CA in it.
class TestServer {
 public:
  explicit TestServer(const TestServerOptions& options = {});
  ~TestServer();

  const std::string& folder() const { return folder_; }
  int port() const { return port_; }
  // "127.0.0.1:PORT".
  std::string address() const;
  // "unix:PATH".
  std::string local() const { return "unix:" + socket(); }
  std::string socket() const { return folder_ + "/s"; }

  // A certificate of the server's CA that is for `uri`.
  Security Client(const std::string& uri) const;
  // The same for any certificate.
  Security Client(const testing::TestCertificate& certificate) const;

  FakeDirectory& directory() { return directory_; }
  Fleet& fleet() { return fleet_; }
  PassBook& passes() { return passes_; }
  Examinations& examinations() { return examinations_; }
  SessionService& sessions() { return *sessions_; }
  FakeAudit& audit() { return audit_; }

 private:
  const std::string folder_;
  const int port_;
  const SystemClock clock_;
  FakeDirectory directory_;
  PassBook passes_;
  const CallerGate gate_;
  FakeEvents events_;
  Fleet fleet_;
  Examinations examinations_;
  FakeHost host_;
  ProbeLog probes_;
  std::unique_ptr<Database> database_;
  std::optional<RunStore> store_;
  std::optional<ScheduleStore> schedules_;
  std::optional<FreezeBook> freezes_;
  std::optional<PermitStore> permits_;
  PolicyBook policy_;
  FakeAudit audit_;
  std::optional<Coordinator> coordinator_;
  std::optional<SessionService> sessions_;
  const Admission admission_;
  MirrorService mirror_;
  std::unique_ptr<LoginServer> login_;
  Listening server_;
};

// Asks who it is there: "NAME ROLE".
absl::StatusOr<std::string> AskWhoIAm(const std::shared_ptr<grpc::Channel>& channel);
absl::StatusOr<std::string> AskWhoIAm(const std::string& target, const Security& security);

// A port of loopback that nobody listens on.
int FreePort();

// Connects to a port of loopback, from an address of it, without a word yet; false when it was hung up on already.
bool Connect(const UniqueFd& socket, int port, const std::string& from);
// The same with a socket of its own.
UniqueFd ConnectTo(int port, const std::string& from = "127.0.0.1");

// Whether the other end hangs up within 10 s, whatever it says before.
bool IsHungUpOn(const UniqueFd& connection);

}  // namespace faultline
