#include "controller/report/render_examinations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/examination_codec.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

v1::ExaminedNode Found(const std::string& name, const Examination& findings) {
  v1::ExaminedNode node;
  node.set_name(name);
  *node.mutable_examination() = EncodeExamination(findings);
  return node;
}

v1::ExamineNodesResponse Fleet() {
  v1::ExamineNodesResponse response;
  *response.add_nodes() = Found("lon-1", {Good("kernel", "Linux 6.1.0")});
  *response.add_nodes() =
      Found("par-1", {Good("kernel", "Linux 6.1.0"), Warning("netem", "no netem qdisc", "apt install it")});
  *response.add_nodes() = Found("par-2", {Bad("ingress-hook", "none", "modprobe nf_tables")});
  v1::ExaminedNode& silent = *response.add_nodes();
  silent.set_name("par-3");
  silent.set_silence("not connected \x1b[2J");
  return response;
}

TEST(RenderExaminationsTest, ShowsWhatIsAmissOfEachNodeAndAllInOneLine) {
  EXPECT_EQ(RenderExaminations(Fleet(), /*all=*/false, {}),
            "lon-1: good\n"
            "par-1: with warnings\n"
            "  ! netem  no netem qdisc\n"
            "           → apt install it\n"
            "par-2: bad\n"
            "  ✗ ingress-hook  none\n"
            "                  → modprobe nf_tables\n"
            "par-3: silent\n"
            "  not connected ?[2J\n"
            "4 nodes: 1 good, 1 with warnings (par-1), 1 bad (par-2), 1 silent (par-3)\n");
}

TEST(RenderExaminationsTest, ShowsEverythingWhenAsked) {
  EXPECT_THAT(RenderExaminations(Fleet(), /*all=*/true, {.utf8 = false}),
              HasSubstr("lon-1: good\n  + kernel  Linux 6.1.0\n"));
  EXPECT_EQ(RenderExaminations({}, true, {}), "no node has registered yet\n");
}

TEST(RenderExaminationsTest, SilenceIsAmissAndAWarningOnlyWhenItIsToBe) {
  v1::ExamineNodesResponse response = Fleet();
  EXPECT_TRUE(IsAmiss(response, false));
  response.mutable_nodes()->RemoveLast();
  EXPECT_TRUE(IsAmiss(response, false));
  response.mutable_nodes()->RemoveLast();
  EXPECT_FALSE(IsAmiss(response, false));
  EXPECT_TRUE(IsAmiss(response, true));
  response.mutable_nodes()->RemoveLast();
  EXPECT_FALSE(IsAmiss(response, true));
}

}  // namespace
}  // namespace faultline
