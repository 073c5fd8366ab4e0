#include "agent/doctor/module_table.h"

#include <gtest/gtest.h>

namespace faultline {
namespace {

using State = ModuleTable::State;

TEST(ModuleTableTest, KnowsWhatIsLoadedBuiltInAndLoadable) {
  const ModuleTable table = ModuleTable::Parse(
      "kernel/net/sched/sch_netem.ko.xz:\nkernel/drivers/net/ifb.ko: kernel/net/x.ko\nkernel/a/nf-tables.ko.zst:\n",
      "kernel/net/sched/sch_fq_codel.ko\n", "ifb 16384 0 - Live 0x0\nnf_tables 1 2 a,b, Live 0x0\n");
  EXPECT_EQ(table.StateOf("sch_netem"), State::kLoadable);
  EXPECT_EQ(table.StateOf("ifb"), State::kLoaded);
  EXPECT_EQ(table.StateOf("nf_tables"), State::kLoaded);
  EXPECT_EQ(table.StateOf("sch_fq_codel"), State::kBuiltIn);
  EXPECT_EQ(table.StateOf("sch_tbf"), State::kAbsent);
  EXPECT_FALSE(table.empty());
}

TEST(ModuleTableTest, TakesAnything) {
  const ModuleTable table = ModuleTable::Parse("\n:::\n/\nx", "\n/\n.ko", " \n\n");
  EXPECT_EQ(table.StateOf("x"), State::kLoadable);
  EXPECT_TRUE(ModuleTable::Parse("", "", "ifb 1").empty());
}

}  // namespace
}  // namespace faultline
