#include "agent/session/journal.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(JournalTest, EverySessionReadsFromTheBeginning) {
  Journal journal;
  journal.OnStep(RunId("r"), {.step = 3, .fired = true});
  journal.OnRunEnd(RunId("r"), {.end = RunEnd::kLeaseLost});
  std::uint64_t first = 0;
  EXPECT_EQ(journal.ReadFrom(first).size(), 2u);
  EXPECT_EQ(journal.ReadFrom(first).size(), 0u);
  std::uint64_t second = 0;
  const auto again = journal.ReadFrom(second);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].step_event().transition().step(), 3u);
  EXPECT_EQ(again[1].run_end().outcome().end(), v1::NODE_END_LEASE_LOST);
}

TEST(JournalTest, KeepsForeignChangesInTheirPlace) {
  Journal journal;
  journal.OnStep(RunId("r"), {.step = 3, .fired = true});
  journal.OnForeignChange(RunId("r"), std::chrono::seconds(2), "somebody deleted the device fl0");
  journal.OnForeignChange(RunId("r"), std::nullopt, "before T0");
  std::uint64_t cursor = 0;
  const auto entries = journal.ReadFrom(cursor);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[1].foreign_change().run_id(), "r");
  EXPECT_EQ(entries[1].foreign_change().change().at().seconds(), 2);
  EXPECT_EQ(entries[1].foreign_change().change().text(), "somebody deleted the device fl0");
  EXPECT_FALSE(entries[2].foreign_change().change().has_at());
}

TEST(JournalTest, ARunsEndSaysWhatIsLeft) {
  using Finding = ResidueProof::Finding;
  const std::pair<Finding, v1::ResidueFinding> kFindings[] = {{Finding::kEqual, v1::RESIDUE_FINDING_EQUAL},
                                                              {Finding::kLeft, v1::RESIDUE_FINDING_LEFT},
                                                              {Finding::kChanged, v1::RESIDUE_FINDING_CHANGED},
                                                              {Finding::kUnknown, v1::RESIDUE_FINDING_UNKNOWN}};
  for (const auto& [finding, expected] : kFindings) {
    Journal journal;
    RunReport report;
    report.residue = {.finding = finding, .things = {"device fl0"}, .more = 4};
    journal.OnRunEnd(RunId("r"), report);
    std::uint64_t cursor = 0;
    const v1::ResidueProof proof = journal.ReadFrom(cursor).at(0).run_end().outcome().residue();
    EXPECT_EQ(proof.finding(), expected);
    ASSERT_EQ(proof.things_size(), 1);
    EXPECT_EQ(proof.things(0), "device fl0");
    EXPECT_EQ(proof.more(), 4u);
  }
}

TEST(JournalTest, IsBoundedAndForgetsTheOldest) {
  Journal journal;
  for (std::uint32_t i = 0; i < 10'005; ++i) journal.OnStep(RunId("r"), {.step = i, .fired = true});
  std::uint64_t cursor = 0;
  const auto entries = journal.ReadFrom(cursor);
  ASSERT_EQ(entries.size(), 10'000u);
  EXPECT_EQ(entries.front().step_event().transition().step(), 5u);
}

TEST(JournalTest, IsBoundedInBytesToo) {
  Journal journal;
  const std::string long_text(100'000, 'x');
  for (int i = 0; i < 100; ++i) journal.OnForeignChange(RunId("r"), std::chrono::seconds(i), long_text);
  std::uint64_t cursor = 0;
  const auto entries = journal.ReadFrom(cursor);
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += entry.ByteSizeLong();
  EXPECT_LE(bytes, std::size_t{4} << 20);
  EXPECT_GT(bytes, std::size_t{3} << 20);
  EXPECT_EQ(entries.back().foreign_change().change().at().seconds(), 99);
  EXPECT_EQ(cursor, 100u);
}

TEST(JournalTest, WakesItsReader) {
  Journal journal;
  int woken = 0;
  journal.SetWaker([&] { ++woken; });
  journal.OnRunEnd(RunId("r"), {});
  journal.SetWaker(nullptr);
  journal.OnRunEnd(RunId("r"), {});
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace faultline
