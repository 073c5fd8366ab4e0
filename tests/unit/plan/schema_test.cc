#include "controller/plan/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "common/file.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// To write it anew: FAULTLINE_WRITE_GOLDEN=1 plan_test --gtest_filter=PlanSchema*
TEST(PlanSchemaTest, IsTheOneInTheDocuments) {
  const std::string path = FAULTLINE_SOURCE_DIR "/docs/plan.schema.json";
  if (std::getenv("FAULTLINE_WRITE_GOLDEN") != nullptr) std::ofstream(path) << PlanSchema();
  EXPECT_EQ(PlanSchema(), ReadFile(path).value_or(""));
}

TEST(PlanSchemaTest, HasASchemaForEveryKey) {
  // Left out of the table, a key has the schema "false".
  EXPECT_THAT(PlanSchema(), Not(HasSubstr(": false,\n")));
  EXPECT_THAT(PlanSchema(), Not(HasSubstr(": false\n")));
  for (const Words& words : {keys::Plan(), keys::Step(), keys::Group(), keys::Guard(), keys::Observation()}) {
    for (const std::string& word : words) EXPECT_THAT(PlanSchema(), HasSubstr("\"" + word + "\": {"));
  }
}

}  // namespace
}  // namespace faultline
