#include "controller/guard/json_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

constexpr char kAnswer[] =
    R"({"health": "ok", "nodes": [{"up": true, "load": 2}, {"up": false, "load": 0.5}], "none": null, "of": {"a": 1}})";

std::string At(const std::string& path) { return JsonField(kAnswer, path).value_or("missing"); }

TEST(JsonFieldTest, FindsEveryKindOfValue) {
  EXPECT_EQ(At("health"), "ok");
  EXPECT_EQ(At("nodes.0.up"), "true");
  EXPECT_EQ(At("nodes.0.load"), "2");
  EXPECT_EQ(At("nodes.1.load"), "0.5");
  EXPECT_EQ(At("none"), "null");
  EXPECT_EQ(At("of"), "{\"a\":1}");
}

TEST(JsonFieldTest, SaysWhatIsMissing) {
  EXPECT_EQ(std::string(JsonField(kAnswer, "nodes.2.up").status().message()), "the answer has no '2' of 'nodes.2.up'");
  EXPECT_EQ(std::string(JsonField(kAnswer, "health.x").status().message()), "the answer has no 'x' of 'health.x'");
  EXPECT_EQ(JsonField(kAnswer, "nodes.-1").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(JsonField(kAnswer, "nodes.99999999999999").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(JsonField("<html>", "a").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(JsonField(std::string(100'000, '['), "a").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace faultline
