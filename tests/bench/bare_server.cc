// faultline-bench-bare: a gRPC server that does nothing but answer the messages of a session, for faultline-bench to
// measure the controller beside. `faultline-bench-bare TARGET [CA CERTIFICATE KEY]`: prints a line when it listens, and
// serves until it is killed.

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <iostream>
#include <mutex>

#include "common/rpc/credentials.h"
#include "common/rpc/listen_credentials.h"
#include "common/rpc/lock_checks.h"
#include "common/session_pace.h"
#include "common/timeline_codec.h"
#include "faultline/v1/agent_session.grpc.pb.h"

namespace faultline::bench {
namespace {

// One stream: a welcome for the first message, a pong for each of the others, from buffers of its own. It has its
// client speak as often as a controller has an agent.
class BareReactor : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  explicit BareReactor(std::atomic<std::size_t>& streams) : streams_(streams) {
    ++streams_;
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    answer_.Clear();
    if (request_.has_clock_ping()) {
      v1::ClockPong& pong = *answer_.mutable_clock_pong();
      *pong.mutable_agent_sent() = request_.clock_ping().agent_sent();
      *pong.mutable_controller_sent() = *pong.mutable_controller_received() =
          EncodeDuration(SystemClock().Now().time_since_epoch());
      *pong.mutable_pause() = EncodeDuration(PauseOf(streams_));
    } else if (request_.has_hello()) {
      v1::Welcome& welcome = *answer_.mutable_welcome();
      *welcome.mutable_heartbeat_interval() = EncodeDuration(HeartbeatOf(kDefaultLease));
      *welcome.mutable_pause() = EncodeDuration(PauseOf(streams_));
    } else {
      return StartRead(&request_);
    }
    StartWrite(&answer_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&request_);
    if (!ok) Finish(grpc::Status::OK);
  }
  void OnDone() override {
    --streams_;
    delete this;
  }

 private:
  std::atomic<std::size_t>& streams_;
  v1::SessionRequest request_;
  v1::SessionResponse answer_;
};

class BareService : public v1::AgentSessionService::CallbackService {
 public:
  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(grpc::CallbackServerContext*) override {
    return new BareReactor(streams_);
  }

 private:
  std::atomic<std::size_t> streams_ = 0;
};

int Main(int argc, char** argv) {
  if (argc != 2 && argc != 5) return 2;
  const std::string target = argv[1];
  Security security{.tls = {}, .insecure = argc == 2, .mend = ""};
  if (argc == 5) security.tls = {.ca = argv[2], .certificate = argv[3], .key = argv[4]};
  LeaveOutLockChecks();
  const auto credentials = ListenCredentials(target, security);
  if (!credentials.ok()) {
    std::cerr << credentials.status() << "\n";
    return 1;
  }
  BareService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target, *credentials);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "listens" << std::endl;
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace faultline::bench

int main(int argc, char** argv) { return faultline::bench::Main(argc, argv); }
