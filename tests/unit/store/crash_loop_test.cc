#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/unique_fd.h"
#include "controller/store/run_store.h"
#include "controller/store/schedule_store.h"

namespace faultline {
namespace {

using std::chrono::microseconds;

constexpr int kRounds = 60;

enum class Kind : int { kNewId, kRun, kSchedule, kFreeze };

// What the child says once the store has accepted something: the number of its name, and the state of a run.
struct Acknowledgement {
  Kind kind;
  int number;
  int state;
};

std::string NameOf(absl::string_view kind, int number) { return absl::StrCat(kind, "-", number); }

// Exits with the status of what was refused.
class Child {
 public:
  Child(Database& database, int acknowledgements)
      : runs_(database), schedules_(database), acknowledgements_(acknowledgements) {}

  // A number, a run of it in both its states, a schedule and a freeze.
  void Round() {
    const auto id = runs_.NewId("split");
    int number = 0;
    if (!id.ok() || !absl::SimpleAtoi(id->substr(id->find('-') + 1), &number)) _exit(3);
    Acknowledge(Kind::kNewId, number);
    for (const v1::RunState state : {v1::RUN_STATE_RUNNING, v1::RUN_STATE_ENDED}) {
      v1::Run run;
      run.set_id(*id);
      run.set_plan_name("split");
      run.set_state(state);
      // More than a page of the file.
      run.set_plan_text(std::string(static_cast<std::size_t>(number % 7) * 3000, 'x'));
      if (!runs_.Put(run).ok()) _exit(4);
      Acknowledge(Kind::kRun, number, state);
    }
    v1::Schedule schedule;
    schedule.set_name(NameOf("schedule", number));
    if (!schedules_.Put(schedule).ok()) _exit(5);
    Acknowledge(Kind::kSchedule, number);
    v1::Freeze freeze;
    freeze.set_name(NameOf("freeze", number));
    if (!schedules_.Put(freeze).ok()) _exit(6);
    Acknowledge(Kind::kFreeze, number);
  }

 private:
  void Acknowledge(Kind kind, int number, int state = 0) {
    const Acknowledgement acknowledgement{kind, number, state};
    if (write(acknowledgements_, &acknowledgement, sizeof acknowledgement) != sizeof acknowledgement) _exit(7);
  }

  RunStore runs_;
  ScheduleStore schedules_;
  const int acknowledgements_;
};

// Goes on until it is killed.
[[noreturn]] void Live(const std::string& path, int acknowledgements) {
  const auto database = Database::Open(path);
  if (!database.ok()) _exit(2);
  Child child(**database, acknowledgements);
  while (true) child.Round();
}

class CrashLoopTest : public ::testing::Test {
 protected:
  ~CrashLoopTest() override { std::filesystem::remove_all(folder_); }

  // One life of a controller, killed after `time`; what it acknowledged is added.
  void LiveAndDie(microseconds time) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) Live(path_, writer.get());
    writer = UniqueFd();
    // The moment is what is tested: anywhere between the opening and some dozens of runs.
    std::this_thread::sleep_for(time);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the store refused: exit code " << WEXITSTATUS(status);
    Acknowledgement acknowledgement;
    while (read(reader.get(), &acknowledgement, sizeof acknowledgement) == sizeof acknowledgement) {
      Keep(acknowledgement);
    }
  }
  void Keep(const Acknowledgement& acknowledgement) {
    switch (acknowledgement.kind) {
      case Kind::kNewId:
        EXPECT_TRUE(numbers_.insert(acknowledgement.number).second) << acknowledgement.number << " was given twice";
        return;
      case Kind::kRun:
        runs_[NameOf("split", acknowledgement.number)] = acknowledgement.state;
        return;
      case Kind::kSchedule:
        schedules_.insert(NameOf("schedule", acknowledgement.number));
        return;
      case Kind::kFreeze:
        freezes_.insert(NameOf("freeze", acknowledgement.number));
        return;
    }
  }
  void ExpectRuns(Database& database) const {
    RunStore store(database);
    const auto runs = store.List({.most = 1'000'000});
    ASSERT_TRUE(runs.ok()) << runs.status();
    std::map<std::string, int> found;
    for (const v1::Run& run : *runs) found[run.id()] = run.state();
    for (const auto& [id, state] : runs_) {
      ASSERT_TRUE(found.contains(id)) << "lost " << id;
      // What died before its acknowledgement may be there or not.
      ASSERT_TRUE(found[id] == state || found[id] == v1::RUN_STATE_ENDED);
    }
  }
  void ExpectSchedulesAndFreezes(Database& database) const {
    ScheduleStore store(database);
    const auto schedules = store.Schedules();
    const auto freezes = store.Freezes();
    ASSERT_TRUE(schedules.ok() && freezes.ok()) << schedules.status() << freezes.status();
    std::set<std::string> found;
    for (const v1::Schedule& schedule : *schedules) found.insert(schedule.name());
    for (const v1::Freeze& freeze : *freezes) found.insert(freeze.name());
    for (const std::string& name : schedules_) ASSERT_TRUE(found.contains(name)) << "lost " << name;
    for (const std::string& name : freezes_) ASSERT_TRUE(found.contains(name)) << "lost " << name;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  std::string path_ = folder_ + "/runs.sqlite";
  // What was acknowledged.
  std::set<int> numbers_;
  std::map<std::string, int> runs_;
  std::set<std::string> schedules_;
  std::set<std::string> freezes_;
};

TEST_F(CrashLoopTest, NothingAcknowledgedIsLostAndNoNumberGivenTwice) {
  std::mt19937 random(7);
  microseconds longest(80'000);
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    const microseconds life(random() % longest.count());
    const std::size_t before = freezes_.size();
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(life));
    // Where it is emulated, or others work too, it comes to nothing in so short a life.
    const bool too_short = freezes_.size() == before && life > longest / 2;
    if (too_short) longest = std::min(2 * longest, microseconds(4'000'000));
    const auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_NO_FATAL_FAILURE(ExpectRuns(**database));
    ASSERT_NO_FATAL_FAILURE(ExpectSchedulesAndFreezes(**database));
  }
  EXPECT_GT(runs_.size(), 10u);
  EXPECT_GT(schedules_.size(), 10u);
  EXPECT_GT(freezes_.size(), 10u);
}

}  // namespace
}  // namespace faultline
