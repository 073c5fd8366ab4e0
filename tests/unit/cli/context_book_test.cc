#include "controller/cli/context_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "common/file.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ContextBookTest : public ::testing::Test {
 protected:
  ~ContextBookTest() override { std::filesystem::remove_all(root_); }
  const std::string root_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const ContextBook book_{root_ + "/.config/faultline"};
  const TlsMaterial material_{.ca = "CA", .certificate = "CERTIFICATE", .key = "KEY"};
};

TEST_F(ContextBookTest, IsEmptyAtFirst) {
  EXPECT_THAT(book_.List(), IsEmpty());
  EXPECT_EQ(book_.Current().value(), std::nullopt);
  EXPECT_THAT(book_.Get("prod"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("faultline login")));
}

TEST_F(ContextBookTest, KeepsWhatALoginGave) {
  ASSERT_THAT(book_.Save("prod", "c.example:7400", material_), IsOk());
  ASSERT_THAT(book_.Save("dev", "d.example:7400", material_), IsOk());
  EXPECT_THAT(book_.List(), ElementsAre("dev", "prod"));
  const Context context = book_.Get("prod").value();
  EXPECT_EQ(context.controller, "c.example:7400");
  EXPECT_EQ(ReadFile(context.tls.ca).value(), "CA");
  EXPECT_EQ(ReadFile(context.tls.certificate).value(), "CERTIFICATE");
  EXPECT_EQ(ReadFile(context.tls.key).value(), "KEY");
  struct stat found {};
  ASSERT_EQ(stat(context.tls.key.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
  ASSERT_EQ(stat((root_ + "/.config/faultline").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700u);
}

TEST_F(ContextBookTest, UsesOneThatThereIs) {
  ASSERT_THAT(book_.Save("prod", "c.example:7400", material_), IsOk());
  EXPECT_THAT(book_.Use("staging"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("there are prod")));
  EXPECT_EQ(book_.Current().value(), std::nullopt);
  ASSERT_THAT(book_.Use("prod"), IsOk());
  EXPECT_EQ(book_.Current().value(), "prod");
}

TEST_F(ContextBookTest, NamesDoNotLeaveTheFolder) {
  EXPECT_THAT(book_.Save("../x", "c.example:7400", material_),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  EXPECT_THAT(book_.Get("../x"), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  EXPECT_THAT(ContextBook("").Save("x", "c.example:7400", material_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("HOME")));
}

}  // namespace
}  // namespace faultline
