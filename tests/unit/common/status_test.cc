#include "common/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace faultline {
namespace {

TEST(StatusTest, ErrnoNamesTheOperation) {
  const absl::Status status = ErrnoError(ENOENT, "open /x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "open /x: No such file or directory");
}

TEST(StatusTest, ContextGoesInFront) {
  const absl::Status status = WithContext(absl::InvalidArgumentError("too long"), "step 'a'");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "step 'a': too long");
  EXPECT_TRUE(WithContext(absl::OkStatus(), "x").ok());
}

absl::StatusOr<std::string> TextOf(bool good) {
  if (good) return std::string("text");
  return absl::NotFoundError("none");
}

absl::StatusOr<std::size_t> LengthOf(bool good) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, TextOf(good));
  FAULTLINE_RETURN_IF_ERROR(absl::OkStatus());
  return text.size();
}

TEST(StatusTest, MacrosReturnTheError) {
  EXPECT_EQ(LengthOf(true).value(), 4u);
  EXPECT_EQ(LengthOf(false).status(), absl::NotFoundError("none"));
}

}  // namespace
}  // namespace faultline
