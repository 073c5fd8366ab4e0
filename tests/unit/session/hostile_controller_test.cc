// Who answers as a controller says anything: the agent refuses with the reason, or drops him, stays up and dials again.

#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "agent/session/messages.h"
#include "agent/session/session.h"
#include "common/timeline_codec.h"
#include "tests/fakes/fake_kernel.h"

namespace faultline {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

using Stream = grpc::ServerReaderWriter<v1::SessionResponse, v1::SessionRequest>;

// Has each session in turn told by one of the scripts; when they have been told, what comes is held off.
class HostileController : public v1::AgentSessionService::Service {
 public:
  using Script = std::function<void(Stream&)>;

  explicit HostileController(std::vector<Script> scripts) : scripts_(std::move(scripts)) {}

  grpc::Status Session(grpc::ServerContext* /*context*/, Stream* stream) override {
    const std::size_t turn = next_++;
    if (turn < scripts_.size()) scripts_[turn](*stream);
    ++told_;
    told_.notify_all();
    return {grpc::StatusCode::UNAVAILABLE, "told"};
  }

  // Until every script has been told.
  void Await() {
    for (std::size_t told = told_; told < scripts_.size(); told = told_) told_.wait(told);
  }

 private:
  const std::vector<Script> scripts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> told_{0};
};

// Reads until what is wanted comes; the first of the kind.
v1::SessionRequest AwaitMessage(Stream& stream, v1::SessionRequest::MessageCase kind) {
  v1::SessionRequest message;
  while (stream.Read(&message)) {
    if (message.message_case() == kind) return message;
    if (message.has_clock_ping()) {
      v1::SessionResponse pong;
      *pong.mutable_clock_pong()->mutable_agent_sent() = message.clock_ping().agent_sent();
      *pong.mutable_clock_pong()->mutable_controller_received() = message.clock_ping().agent_sent();
      *pong.mutable_clock_pong()->mutable_controller_sent() = message.clock_ping().agent_sent();
      stream.Write(pong);
    }
  }
  ADD_FAILURE() << "the agent left before it had sent message " << kind;
  return {};
}

void Welcome(Stream& stream) {
  AwaitMessage(stream, v1::SessionRequest::kHello);
  v1::SessionResponse message;
  message.mutable_welcome()->mutable_heartbeat_interval()->set_seconds(30);
  stream.Write(message);
  // With its answer the clocks are known.
  for (int pings = 0; pings < 3; ++pings) {
    v1::SessionRequest ping;
    while (stream.Read(&ping) && !ping.has_clock_ping()) {
    }
    v1::SessionResponse pong;
    *pong.mutable_clock_pong()->mutable_agent_sent() = ping.clock_ping().agent_sent();
    *pong.mutable_clock_pong()->mutable_controller_received() = ping.clock_ping().agent_sent();
    *pong.mutable_clock_pong()->mutable_controller_sent() = ping.clock_ping().agent_sent();
    stream.Write(pong);
  }
}

Timeline Sample(const std::string& run) {
  Timeline timeline{.run = RunId(run), .node = NodeName("n")};
  timeline.length = seconds(60);
  timeline.lease = seconds(15);
  timeline.prefix_sets = {PrefixSet{*Prefix::Parse("0.0.0.0/0")}};
  timeline.steps = {
      {.index = 0, .name = "s", .at = Duration(0), .length = seconds(60), .rules = {{.match = {.sources = 0}}}}};
  return timeline;
}

v1::SessionResponse ArmOf(const Timeline& timeline) {
  v1::SessionResponse message;
  *message.mutable_arm()->mutable_timeline() = EncodeTimeline(timeline);
  return message;
}

// What the agent says to an arm that it refuses.
std::string Refusal(Stream& stream, const v1::SessionResponse& arm) {
  stream.Write(arm);
  return AwaitMessage(stream, v1::SessionRequest::kRefused).refused().reason();
}

// As v1::PrefixSet has them: each an address of its own, and its length.
std::string TenMillionPrefixes() {
  std::string bytes;
  for (std::uint32_t address = 0x0a000000; address < 0x0a000000 + 10'000'000; ++address) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(address >> shift));
    bytes.push_back(32);
  }
  return bytes;
}

class HostileControllerTest : public ::testing::Test {
 protected:
  // An agent's life with such a controller, until that has told all it has to tell.
  void Live(std::vector<HostileController::Script> scripts) {
    HostileController controller(std::move(scripts));
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&controller);
    builder.SetMaxSendMessageSize(-1);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    ASSERT_NE(server, nullptr);
    LiveWith([&controller] { controller.Await(); });
    server->Shutdown(std::chrono::system_clock::now());
  }

  void LiveWith(const std::function<void()>& await) {
    EngineThread engine(kernel_, clock_, journal_, Limits{.max_duration = std::chrono::hours(1), .max_runs = 2});
    ClockMap clock_map;
    const auto mapping = [&clock_map](MonotonicTime time) { return clock_map.ToController(time); };
    Prober prober(clock_, mapping);
    TcpProber tcp_prober(clock_, mapping, /*listeners=*/false);
    Session session({.controller = absl::StrCat("127.0.0.1:", port_),
                     .security = {.tls = {}, .insecure = true, .mend = ""},
                     .name = NodeName("n"),
                     .labels = {},
                     .interfaces = {},
                     .protect = [] { return Protected(); },
                     .platform = {},
                     .examine = [] { return Examination{Good("kernel", "Linux")}; }},
                    CapabilitySet::All(), engine, journal_, clock_map, prober, tcp_prober, clock_);
    meanwhile_(session);
    await();
    held_ = engine.Held();
  }

  int Installs() const {
    const auto operations = kernel_.operations();
    return static_cast<int>(std::ranges::count_if(operations, [](const FakeKernel::Operation& operation) {
      return operation.kind == FakeKernel::Operation::Kind::kInstall;
    }));
  }

  int port_ = 0;
  const SystemClock clock_{};
  FakeKernel kernel_{clock_};
  Journal journal_;
  std::vector<RunId> held_;
  // What others tell the session while the controller tells its scripts.
  std::function<void(Session&)> meanwhile_ = [](Session& /*session*/) {};
};

TEST_F(HostileControllerTest, WhatItFindsOfItsNodeIsAnsweredUnderTheQuestionsNumber) {
  v1::Examined examined;
  Live({[&](Stream& stream) {
    Welcome(stream);
    v1::SessionResponse question;
    question.mutable_examine()->set_id(42);
    stream.Write(question);
    examined = AwaitMessage(stream, v1::SessionRequest::kExamined).examined();
  }});
  EXPECT_EQ(examined.id(), 42U);
  EXPECT_EQ(examined.examination().findings(0).detail(), "Linux");
}

TEST_F(HostileControllerTest, NewsOfInterfacesAreAsTheyAreWhenTheyAreTold) {
  std::atomic<bool> known = false;
  meanwhile_ = [&known](Session& session) {
    known.wait(false);
    // By now it has another address.
    session.OnInterfaces({{.name = "eth0", .addresses = {{*IpAddress::Parse("10.9.9.9"), 24}}, .index = 2}});
  };
  v1::NodeInfo told;
  Live({[&](Stream& stream) {
    Welcome(stream);
    known = true;
    known.notify_all();
    told = AwaitMessage(stream, v1::SessionRequest::kNodeUpdate).node_update();
  }});
  ASSERT_GT(told.addresses_size(), 0);
  EXPECT_EQ(told.addresses(0).address(), IpAddress::Parse("172.32.4.2")->ToBytes());
}

TEST_F(HostileControllerTest, TenYearsAreRefused) {
  std::string reason;
  Live({[&](Stream& stream) {
    Welcome(stream);
    Timeline timeline = Sample("r");
    timeline.length = timeline.steps[0].length = std::chrono::hours(24) * 3652;
    reason = Refusal(stream, ArmOf(timeline));
  }});
  EXPECT_THAT(reason, HasSubstr("guard.max_duration of 1h"));
  EXPECT_EQ(Installs(), 0);
}

TEST_F(HostileControllerTest, MoreRunsThanItsGuardAllowsAreRefused) {
  std::string reason;
  Live({[&](Stream& stream) {
    Welcome(stream);
    stream.Write(ArmOf(Sample("r1")));
    stream.Write(ArmOf(Sample("r2")));
    for (int i = 3; i < 500; ++i) stream.Write(ArmOf(Sample(absl::StrCat("r", i))));
    reason = Refusal(stream, ArmOf(Sample("r500")));
  }});
  EXPECT_THAT(reason, HasSubstr("guard.max_runs"));
  EXPECT_EQ(Installs(), 2);
  EXPECT_THAT(held_, SizeIs(2));
}

TEST_F(HostileControllerTest, MoreThanAnyPlanHasIsRefused) {
  std::string steps;
  std::string rules;
  Live({[&](Stream& stream) {
    Welcome(stream);
    Timeline many = Sample("steps");
    for (StepIndex i = 1; i <= 1000; ++i) {
      many.steps.push_back(many.steps[0]);
      many.steps.back().index = many.steps[0].index + i;
    }
    steps = Refusal(stream, ArmOf(many));
    many = Sample("rules");
    many.steps[0].rules.assign(10'001, many.steps[0].rules[0]);
    rules = Refusal(stream, ArmOf(many));
  }});
  EXPECT_THAT(steps, HasSubstr("has 1001 steps on this node, more than its guard.max_steps of 1000"));
  EXPECT_THAT(rules, HasSubstr("has 10001 rules on this node, more than its guard.max_rules of 10000"));
  EXPECT_EQ(Installs(), 0);
}

TEST_F(HostileControllerTest, FireWithoutArmDoesNothing) {
  Live({[&](Stream& stream) {
    Welcome(stream);
    v1::SessionResponse fire;
    fire.mutable_fire()->set_run_id("r");
    stream.Write(fire);
    v1::SessionResponse proceed;
    proceed.mutable_proceed()->set_run_id("r");
    stream.Write(proceed);
    v1::SessionResponse release;
    release.mutable_release()->set_run_id("r");
    stream.Write(release);
    EXPECT_EQ(AwaitMessage(stream, v1::SessionRequest::kRunEnd).run_end().outcome().end(), v1::NODE_END_UNKNOWN_RUN);
  }});
  EXPECT_THAT(kernel_.InstalledRuns(), IsEmpty());
}

TEST_F(HostileControllerTest, HugeTextsAreCutShort) {
  const std::string huge(3 << 20, '\n');
  std::string reason;
  v1::NodeOutcome outcome;
  Live({[&](Stream& stream) {
    Welcome(stream);
    // Neither can be told of by its name.
    v1::SessionResponse unnamed = ArmOf(Sample("r"));
    unnamed.mutable_arm()->mutable_timeline()->set_run_id(huge);
    stream.Write(unnamed);
    v1::SessionResponse released;
    released.mutable_release()->set_run_id(huge);
    stream.Write(released);
    v1::SessionResponse named = ArmOf(Sample("r"));
    named.mutable_arm()->mutable_timeline()->mutable_steps(0)->set_name(huge);
    reason = Refusal(stream, named);
    stream.Write(ArmOf(Sample("r")));
    AwaitMessage(stream, v1::SessionRequest::kArmed);
    v1::SessionResponse release;
    release.mutable_release()->set_run_id("r");
    release.mutable_release()->set_reason(huge);
    stream.Write(release);
    outcome = AwaitMessage(stream, v1::SessionRequest::kRunEnd).run_end().outcome();
  }});
  EXPECT_THAT(reason, AllOf(HasSubstr("step"), SizeIs(Le(kLongestText))));
  // It is what the journal keeps.
  EXPECT_EQ(outcome.end(), v1::NODE_END_RELEASED);
  EXPECT_EQ(outcome.detail(), std::string(kLongestText, ' '));
  EXPECT_EQ(Installs(), 1);
}

TEST_F(HostileControllerTest, TenMillionPrefixesAreNotEvenRead) {
  std::string after;
  Live({[](Stream& stream) {
          Welcome(stream);
          v1::SessionResponse message = ArmOf(Sample("r"));
          message.mutable_arm()->mutable_timeline()->mutable_prefix_sets(0)->set_ipv4(TenMillionPrefixes());
          stream.Write(message);
          v1::SessionRequest ignored;
          while (stream.Read(&ignored)) EXPECT_FALSE(ignored.has_armed() || ignored.has_refused());
        },
        // It comes again, and is as it was.
        [&after](Stream& stream) {
          Welcome(stream);
          stream.Write(ArmOf(Sample("r")));
          after = AwaitMessage(stream, v1::SessionRequest::kArmed).armed().run_id();
        }});
  EXPECT_EQ(after, "r");
  EXPECT_EQ(Installs(), 1);
}

TEST_F(HostileControllerTest, WhoAsksAndDoesNotListenIsDropped) {
  std::atomic<bool> dropped = false;
  Live({[&dropped](Stream& stream) {
    Welcome(stream);
    // Each asks for an answer; none is read.
    v1::SessionResponse release;
    release.mutable_release()->set_run_id("r");
    release.mutable_release()->set_reason(std::string(100, 'x'));
    for (int i = 0; i < 3'000'000 && !dropped; ++i) dropped = !stream.Write(release);
  }});
  EXPECT_TRUE(dropped);
}

// Speaks gRPC, but no protobuf of ours.
class Garbage : public grpc::CallbackGenericService {
 public:
  int sessions() const { return sessions_; }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(int seed) {
      std::string bytes(1 << 16, '\0');
      std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761u + 1;
      for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
      const grpc::Slice slice(bytes);
      buffer_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&buffer_);
      StartRead(&read_);
    }
    void OnReadDone(bool ok) override {
      if (ok) return StartRead(&read_);
      if (!finished_.exchange(true)) Finish(grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer buffer_;
    grpc::ByteBuffer read_;
    std::atomic<bool> finished_{false};
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* /*context*/) override {
    return new Reactor(sessions_++);
  }

  std::atomic<int> sessions_{0};
};

TEST_F(HostileControllerTest, GarbageIsDroppedAndDialledAgain) {
  Garbage garbage;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterCallbackGenericService(&garbage);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  LiveWith([&garbage] {
    const SystemClock clock;
    const MonotonicTime deadline = clock.Now() + seconds(30);
    while (garbage.sessions() < 4 && clock.Now() < deadline) std::this_thread::yield();
  });
  EXPECT_GE(garbage.sessions(), 4);
  EXPECT_THAT(kernel_.operations(), ::testing::Each(::testing::Field(&FakeKernel::Operation::kind,
                                                                     FakeKernel::Operation::Kind::kInterfaces)));
  server->Shutdown(std::chrono::system_clock::now());
}

}  // namespace
}  // namespace faultline
