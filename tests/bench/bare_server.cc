// faultline-bench-bare: a gRPC server that does nothing but pass messages of a session, for faultline-bench to measure
// the controller beside. `faultline-bench-bare TARGET [CA CERTIFICATE KEY]`: prints a line when it listens, and serves
// until it is killed. On SIGUSR1 it has all clients arm one and the same timeline and, when the last one says that it
// has, fire it; on SIGUSR2 it releases them.

#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstddef>
#include <iostream>
#include <list>
#include <mutex>
#include <set>

#include "common/rpc/credentials.h"
#include "common/rpc/listen_credentials.h"
#include "common/rpc/lock_checks.h"
#include "common/session_pace.h"
#include "common/timeline_codec.h"
#include "faultline/v1/agent_session.grpc.pb.h"
#include "tests/bench/cidr_program.h"

namespace faultline::bench {
namespace {

class BareReactor;

// All streams, and the run that they have in common. Thread-safe.
class BareFleet {
 public:
  explicit BareFleet(v1::Timeline timeline) : timeline_(std::move(timeline)) {}

  void Add(BareReactor& stream);
  void Remove(BareReactor& stream);
  std::size_t size();

  void Arm();
  // One of them has armed.
  void Armed();
  void Release();

 private:
  // Under mutex_.
  void SendAll(const v1::SessionResponse& message);

  const v1::Timeline timeline_;
  std::mutex mutex_;
  std::set<BareReactor*> streams_;
  // To arm, and of these how many have.
  std::size_t asked_ = 0;
  std::size_t armed_ = 0;
};

// One stream: a welcome for the first message, a pong for each ping, and what the fleet sends. It has its client speak
// as often as a controller has an agent.
class BareReactor : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  explicit BareReactor(BareFleet& fleet) : fleet_(fleet) {
    fleet_.Add(*this);
    StartRead(&request_);
  }

  void Send(v1::SessionResponse message) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    outbox_.push_back(std::move(message));
    if (outbox_.size() == 1) StartWrite(&outbox_.front());
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End();
    if (request_.has_clock_ping()) {
      v1::SessionResponse answer;
      v1::ClockPong& pong = *answer.mutable_clock_pong();
      *pong.mutable_agent_sent() = request_.clock_ping().agent_sent();
      *pong.mutable_controller_sent() = *pong.mutable_controller_received() =
          EncodeDuration(SystemClock().Now().time_since_epoch());
      *pong.mutable_pause() = EncodeDuration(PauseOf(fleet_.size()));
      Send(std::move(answer));
    } else if (request_.has_hello()) {
      v1::SessionResponse answer;
      v1::Welcome& welcome = *answer.mutable_welcome();
      *welcome.mutable_heartbeat_interval() = EncodeDuration(HeartbeatOf(kDefaultLease));
      *welcome.mutable_pause() = EncodeDuration(PauseOf(fleet_.size()));
      Send(std::move(answer));
    } else if (request_.has_armed()) {
      fleet_.Armed();
    }
    StartRead(&request_);
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    outbox_.pop_front();
    if (ok && !ended_ && !outbox_.empty()) StartWrite(&outbox_.front());
  }
  void OnDone() override {
    fleet_.Remove(*this);
    delete this;
  }

 private:
  void End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    Finish(grpc::Status::OK);
  }

  BareFleet& fleet_;
  v1::SessionRequest request_;
  std::mutex mutex_;
  // The first is on its way.
  std::list<v1::SessionResponse> outbox_;
  bool ended_ = false;
};

void BareFleet::Add(BareReactor& stream) {
  const std::lock_guard lock(mutex_);
  streams_.insert(&stream);
}

void BareFleet::Remove(BareReactor& stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(&stream);
}

std::size_t BareFleet::size() {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

void BareFleet::SendAll(const v1::SessionResponse& message) {
  for (BareReactor* stream : streams_) stream->Send(message);
}

void BareFleet::Arm() {
  v1::SessionResponse message;
  *message.mutable_arm()->mutable_timeline() = timeline_;
  const std::lock_guard lock(mutex_);
  asked_ = streams_.size();
  armed_ = 0;
  SendAll(message);
}

void BareFleet::Armed() {
  const std::lock_guard lock(mutex_);
  if (++armed_ != asked_) return;
  v1::SessionResponse message;
  message.mutable_fire()->set_run_id(timeline_.run_id());
  *message.mutable_fire()->mutable_t0() = EncodeDuration(SystemClock().Now().time_since_epoch());
  SendAll(message);
}

void BareFleet::Release() {
  v1::SessionResponse message;
  message.mutable_release()->set_run_id(timeline_.run_id());
  const std::lock_guard lock(mutex_);
  SendAll(message);
}

class BareService : public v1::AgentSessionService::CallbackService {
 public:
  explicit BareService(BareFleet& fleet) : fleet_(fleet) {}

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(grpc::CallbackServerContext*) override {
    return new BareReactor(fleet_);
  }

 private:
  BareFleet& fleet_;
};

int Main(int argc, char** argv) {
  if (argc != 2 && argc != 5) return 2;
  const std::string target = argv[1];
  Security security{.tls = {}, .insecure = argc == 2, .mend = ""};
  if (argc == 5) security.tls = {.ca = argv[2], .certificate = argv[3], .key = argv[4]};
  // Before there is a thread.
  sigset_t orders;
  sigemptyset(&orders);
  sigaddset(&orders, SIGUSR1);
  sigaddset(&orders, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &orders, nullptr);
  LeaveOutLockChecks();
  const auto credentials = ListenCredentials(target, security);
  if (!credentials.ok()) {
    std::cerr << credentials.status() << "\n";
    return 1;
  }
  BareFleet fleet(EncodeTimeline(MakeCidrRun("bare", 2, {CidrStep(0, Duration(0), std::chrono::minutes(5))}).timeline));
  BareService service(fleet);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target, *credentials);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::cout << "listens" << std::endl;
  for (int order = 0; sigwait(&orders, &order) == 0;) order == SIGUSR1 ? fleet.Arm() : fleet.Release();
  return 1;
}

}  // namespace
}  // namespace faultline::bench

int main(int argc, char** argv) { return faultline::bench::Main(argc, argv); }
