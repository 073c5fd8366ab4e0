// Who may call which method of the control service, by a gate that says what the test wants.

#include <functional>
#include <thread>

#include "common/file.h"
#include "controller/rpc/control_service.h"
#include "controller/rpc/scheduled_run.h"
#include "controller/store/event_store.h"
#include "tests/unit/audit/fake_audit_file.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeGate : public Gate {
 public:
  absl::StatusOr<Principal> Identify(const grpc::ServerContextBase& /*context*/) const override { return caller; }

  absl::StatusOr<Principal> caller = absl::UnauthenticatedError("show a certificate");
};

class ControlPermissionTest : public CoordinatorTest {
 protected:
  struct Method {
    std::string name;
    std::function<grpc::Status()> call;
  };

  ~ControlPermissionTest() override {
    control_.reset();
    events_log_.reset();
    event_store_.reset();
  }

  // Over the coordinator that there is now.
  void Serve() {
    control_.reset();
    event_store_.emplace(*database_);
    events_log_ = EventLog::Open(clock_, *event_store_).value();
    log_ = AuditLog::Open(clock_, std::make_unique<FakeAuditFile>(disk_)).value();
    admission_.emplace(gate_, *log_);
    control_.emplace(ControlParts{.fleet = fleet_,
                                  .coordinator = *coordinator_,
                                  .examinations = examinations_,
                                  .store = *store_,
                                  .events = *events_log_,
                                  .host = host_,
                                  .scheduler = scheduler_,
                                  .freezes = *freezes_,
                                  .permits = *permits_,
                                  .audit = *log_,
                                  .admission = *admission_});
  }
  void SetCaller(const std::string& name, Role role) { gate_.caller = Principal{.name = name, .role = role}; }
  // Of each method the same, without anything that could be done.
  template <typename Request, typename Response>
  Method Unary(const std::string& name,
               grpc::Status (ControlService::*method)(grpc::ServerContext*, const Request*, Response*)) {
    return {name, [this, method] {
              grpc::ServerContext context;
              const Request request;
              Response response;
              return ((*control_).*method)(&context, &request, &response);
            }};
  }
  template <typename Request, typename Response>
  Method Stream(const std::string& name, grpc::Status (ControlService::*method)(grpc::ServerContext*, const Request*,
                                                                                grpc::ServerWriter<Response>*)) {
    return {name, [this, method] {
              grpc::ServerContext context;
              const Request request;
              return ((*control_).*method)(&context, &request, nullptr);
            }};
  }

  // By the least role that may call them.
  std::vector<Method> Seeing() {
    using C = ControlService;
    return {Unary("ListNodes", &C::ListNodes),      Unary("ExamineNodes", &C::ExamineNodes),
            Unary("PreviewPlan", &C::PreviewPlan),  Stream("WatchRun", &C::WatchRun),
            Unary("ListRuns", &C::ListRuns),        Unary("GetRun", &C::GetRun),
            Unary("GetMatrix", &C::GetMatrix),      Unary("ListEvents", &C::ListEvents),
            Stream("WatchEvents", &C::WatchEvents), Unary("ListSchedules", &C::ListSchedules),
            Unary("ListFreezes", &C::ListFreezes)};
  }
  std::vector<Method> Doing() {
    using C = ControlService;
    return {Unary("StartRun", &C::StartRun),
            Unary("ApproveRun", &C::ApproveRun),
            Unary("AbortRun", &C::AbortRun),
            Unary("Heal", &C::Heal),
            Unary("AddSchedule", &C::AddSchedule),
            Unary("PauseSchedule", &C::PauseSchedule),
            Unary("RemoveSchedule", &C::RemoveSchedule),
            Unary("AddFreeze", &C::AddFreeze),
            Unary("RemoveFreeze", &C::RemoveFreeze)};
  }
  std::vector<Method> Administering() { return {Unary("ListAudit", &ControlService::ListAudit)}; }

  grpc::Status StartRun(v1::StartRunResponse& response) {
    grpc::ServerContext context;
    v1::StartRunRequest request;
    request.mutable_plan()->set_text(kPlan);
    request.mutable_plan()->set_file_name("plan.yaml");
    return control_->StartRun(&context, &request, &response);
  }
  grpc::Status ApproveRun(const std::string& id) {
    grpc::ServerContext context;
    v1::ApproveRunRequest request;
    request.set_run_id(id);
    v1::ApproveRunResponse response;
    return control_->ApproveRun(&context, &request, &response);
  }
  // Of the service's own log: "alice: start a run: refused".
  std::vector<std::string> Logged() {
    std::vector<std::string> texts;
    const std::vector<AuditLine> lines = log_->List({}).value();
    for (const AuditLine& line : lines) {
      const AuditEntry& entry = line.entry;
      texts.push_back(absl::StrCat(entry.who.name, ": ", entry.action, ": ", NameOf(entry.decision)));
    }
    return texts;
  }

  FakeGate gate_;
  FakeDisk disk_;
  Scheduler scheduler_{clock_, *schedules_,
                       [](const v1::Schedule&, const Scheduler::Moment&) -> absl::StatusOr<std::string> {
                         return absl::InternalError("no run");
                       }};
  Examinations examinations_{fleet_};
  std::optional<EventStore> event_store_;
  std::unique_ptr<EventLog> events_log_;
  std::unique_ptr<AuditLog> log_;
  std::optional<Admission> admission_;
  std::optional<ControlService> control_;
};

TEST_F(ControlPermissionTest, WhoHasProvenNothingMayDoNothing) {
  Serve();
  for (const auto& methods : {Seeing(), Doing(), Administering()}) {
    for (const Method& method : methods) {
      const grpc::Status status = method.call();
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << method.name;
      EXPECT_EQ(status.error_message(), "show a certificate") << method.name;
    }
  }
  EXPECT_EQ(Logged().size(), Seeing().size() + Doing().size() + Administering().size());
  EXPECT_EQ(Logged().front(), ": see what the controller knows: refused");
}

TEST_F(ControlPermissionTest, EachRoleMayDoWhatItMayAndNoMore) {
  Serve();
  SetCaller("vera", Role::kViewer);
  for (const Method& method : Doing()) {
    EXPECT_EQ(method.call().error_code(), grpc::StatusCode::PERMISSION_DENIED) << method.name;
  }
  EXPECT_EQ(Logged().size(), Doing().size());
  EXPECT_THAT(Doing()[0].call().error_message(),
              HasSubstr("'vera' has the role viewer and may not start a run: it takes the role operator"));
  for (const Method& method : Seeing()) {
    if (method.name == "WatchRun" || method.name == "WatchEvents") continue;
    EXPECT_NE(method.call().error_code(), grpc::StatusCode::PERMISSION_DENIED) << method.name;
  }
  for (const Role role : {Role::kViewer, Role::kOperator}) {
    SetCaller("vera", role);
    for (const Method& method : Administering()) {
      EXPECT_EQ(method.call().error_code(), grpc::StatusCode::PERMISSION_DENIED) << method.name;
    }
  }
  for (const Method& method : Doing()) {
    EXPECT_NE(method.call().error_code(), grpc::StatusCode::PERMISSION_DENIED) << method.name;
  }
  SetCaller("root", Role::kAdmin);
  EXPECT_TRUE(Administering()[0].call().ok());
}

TEST_F(ControlPermissionTest, ItTakesTwo) {
  policy_file_ = folder_ + "/policy.yaml";
  ASSERT_TRUE(
      WriteFile(policy_file_, "rules:\n  - allow: {roles: [operator]}\n  - approve: {faults: [partition]}\n").ok());
  Start();
  Serve();
  SetCaller("alice", Role::kOperator);
  v1::StartRunResponse started;
  ASSERT_TRUE(StartRun(started).ok());
  EXPECT_EQ(started.run().state(), v1::RUN_STATE_WAITING);
  const std::string id = started.run().id();
  EXPECT_EQ(ApproveRun(id).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  SetCaller("vera", Role::kViewer);
  EXPECT_EQ(ApproveRun(id).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(Logged(), ElementsAre("alice: approve a run: refused", "vera: approve a run: refused"));
  SetCaller("bob", Role::kOperator);
  EXPECT_TRUE(ApproveRun(id).ok());
  EXPECT_EQ(Get(id).summary(), "approved by 'bob'");
  EXPECT_THAT(audit_.Take(), ElementsAre("alice: start a run split-1: allowed",
                                         "bob: approve a run split-1: approved: started by 'alice'"));
}

TEST_F(ControlPermissionTest, WhatIsSaferIsDoneThoughItCannotBeLogged) {
  Serve();
  SetCaller("alice", Role::kOperator);
  const std::string id = Begin();
  disk_.room = 0;
  for (FakeAgent* agent : {&london_, &paris_}) agent->ReportEnd(*coordinator_, id, v1::NODE_END_RELEASED);
  grpc::ServerContext context;
  v1::HealResponse healed;
  v1::HealRequest request;
  std::thread pulse([this] {
    // What the daemon's own thread does.
    while (coordinator_->status().runs.size() > 0) coordinator_->Advance();
  });
  EXPECT_TRUE(control_->Heal(&context, &request, &healed).ok());
  pulse.join();
  ASSERT_EQ(healed.warnings_size(), 1);
  EXPECT_THAT(healed.warnings(0), HasSubstr("the audit log cannot be written"));
  EXPECT_EQ(Get(id).state(), v1::RUN_STATE_ENDED);
  // What is not is not.
  v1::AddFreezeRequest freeze;
  v1::AddFreezeResponse added;
  grpc::ServerContext other;
  EXPECT_EQ(control_->AddFreeze(&other, &freeze, &added).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(ControlPermissionTest, ASchedulesRunsAreOnTheWordOfWhoMadeIt) {
  Serve();
  SetCaller("alice", Role::kOperator);
  v1::AddScheduleRequest request;
  request.mutable_schedule()->set_name("nightly");
  request.mutable_schedule()->set_cron("0 2 * * *");
  request.mutable_schedule()->set_timezone("UTC");
  request.mutable_schedule()->mutable_plan()->set_text(kPlan);
  v1::AddScheduleResponse added;
  grpc::ServerContext context;
  ASSERT_TRUE(control_->AddSchedule(&context, &request, &added).ok());
  // Another who is told that the name is taken does not become its maker.
  SetCaller("bob", Role::kAdmin);
  grpc::ServerContext again;
  EXPECT_EQ(control_->AddSchedule(&again, &request, &added).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  const auto id = StartScheduled(*coordinator_, *permits_, request.schedule(), {.due = clock_.WallNow()});
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ((*permits_->Get(PermitStore::OfRun(*id)))->starter,
            (Principal{.name = "alice", .role = Role::kOperator, .from = "schedule nightly"}));
  request.mutable_schedule()->set_name("older");
  const auto older = StartScheduled(*coordinator_, *permits_, request.schedule(), {.due = clock_.WallNow()});
  EXPECT_EQ((*permits_->Get(PermitStore::OfRun(*older)))->starter.name, "schedule older");
}

}  // namespace
}  // namespace faultline
