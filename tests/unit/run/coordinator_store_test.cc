#include <sqlite3.h>

#include <atomic>
#include <thread>

#include "controller/guard/deadline.h"
#include "tests/support/disk_waits.h"
#include "tests/unit/run/coordinator_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What of a run is stored when, and who waits for the disk.
using CoordinatorStoreTest = CoordinatorTest;

// Counts what it is told to release; may be looked at while another thread sends.
struct CountingLink : AgentLink {
  void Send(v1::SessionResponse message) override { releases += message.has_release(); }
  void Close(absl::Status) override {}
  std::atomic<int> releases = 0;
};

TEST_F(CoordinatorStoreTest, AbortOfAllTellsEveryNodeBeforeAnythingIsStored) {
  BeginAndFire();
  FakeAgent rome("rom-1", "172.34.4.2");
  FakeAgent oslo("osl-1", "172.35.4.2");
  const auto link = std::make_shared<CountingLink>();
  for (FakeAgent* agent : {&rome, &oslo}) ASSERT_TRUE(fleet_.Join(agent->info(), link, {}).ok());
  const std::string last = Begin(
      "name: z-last\ngroups:\n  rome: {cidrs: [172.34.0.0/16]}\n  oslo: {cidrs: [172.35.0.0/16]}\n"
      "steps:\n  - {for: 5s, partition: [rome, oslo]}\n");
  for (FakeAgent* agent : {&rome, &oslo}) agent->AnswerArmed(*coordinator_, last);
  std::unique_lock busy(database_->mutex());
  std::thread heal([&] { EXPECT_THAT(coordinator_->AbortAll(v1::OUTCOME_ABORTED, "heal"), SizeIs(2)); });
  const Deadline patience(seconds(10));
  while (link->releases < 2 && !patience.passed()) std::this_thread::yield();
  EXPECT_EQ(link->releases, 2);
  busy.unlock();
  heal.join();
}

// Each node's every step is one; while the disk is waited for no lease is renewed.
TEST_F(CoordinatorStoreTest, WhatNodesTellIsStoredWithoutWaitingForTheDisk) {
  const std::string id = BeginAndFire();
  TakeDiskWaits();
  v1::StepEvent event;
  event.set_run_id(id);
  event.mutable_transition()->set_transition(v1::TRANSITION_FIRED);
  coordinator_->OnStepEvent(london_.name(), event);
  london_.ReportEnd(*coordinator_, id, v1::NODE_END_LEASE_LOST);
  EXPECT_EQ(TakeDiskWaits(), 0);
  const v1::Run stored = *store_->Get(id);
  EXPECT_EQ(stored.SerializeAsString(), Get(id).SerializeAsString());
  EXPECT_THAT(stored.nodes(0).transitions(), SizeIs(1));

  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  EXPECT_GT(TakeDiskWaits(), 0) << "that it was aborted survives the machine";
}

// Meanwhile no lease is renewed; of a large fleet a record has tens of megabytes.
TEST_F(CoordinatorStoreTest, WhatNodesTellIsStoredNoOftenerThanWritingTakes) {
  const std::string id = BeginAndFire();
  const auto slow = [](void* clock) {
    static_cast<FakeClock*>(clock)->Advance(milliseconds(50));
    return 0;
  };
  sqlite3_commit_hook(database_->handle(), slow, &clock_);
  v1::StepEvent event;
  event.set_run_id(id);
  event.mutable_transition()->set_transition(v1::TRANSITION_FIRED);
  coordinator_->OnStepEvent(london_.name(), event);
  const std::string first = store_->Get(id)->SerializeAsString();
  EXPECT_EQ(first, Get(id).SerializeAsString());
  coordinator_->OnStepEvent(paris_.name(), event);
  EXPECT_NE(Get(id).SerializeAsString(), first) << "whoever watches sees it at once";
  Pass(milliseconds(950));
  EXPECT_EQ(store_->Get(id)->SerializeAsString(), first);
  Pass(milliseconds(50));
  EXPECT_EQ(store_->Get(id)->SerializeAsString(), Get(id).SerializeAsString());
  // What becomes of the run waits for nothing.
  coordinator_->OnStepEvent(paris_.name(), event);
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  EXPECT_EQ(store_->Get(id)->SerializeAsString(), Get(id).SerializeAsString());
  sqlite3_commit_hook(database_->handle(), nullptr, nullptr);
}

TEST_F(CoordinatorStoreTest, RunWhoseEndCannotBeStoredIsKeptUntilItCan) {
  const std::string id = BeginAndFire();
  ASSERT_TRUE(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "enough").ok());
  ASSERT_EQ(sqlite3_exec(database_->handle(), "PRAGMA query_only = ON", nullptr, nullptr, nullptr), SQLITE_OK);
  End(id);
  const auto view = coordinator_->Await(id, 0, Duration(0));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_TRUE(view->over);
  EXPECT_EQ(view->run.outcome(), v1::OUTCOME_ABORTED);
  EXPECT_EQ(coordinator_->Abort(id, v1::OUTCOME_ABORTED, "again").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(coordinator_->RunsByNode(), IsEmpty());
  Pass(seconds(3));
  EXPECT_NE(store_->Get(id)->state(), v1::RUN_STATE_ENDED);
  ASSERT_EQ(sqlite3_exec(database_->handle(), "PRAGMA query_only = OFF", nullptr, nullptr, nullptr), SQLITE_OK);
  Pass(seconds(1) + milliseconds(100));
  EXPECT_EQ(store_->Get(id)->state(), v1::RUN_STATE_ENDED);
  EXPECT_EQ(store_->Get(id)->summary(), "enough");
  Begin();
}

}  // namespace
}  // namespace faultline
