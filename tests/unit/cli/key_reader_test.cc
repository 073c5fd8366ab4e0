#include "controller/cli/key_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeyReaderTest, LettersAndArrows) {
  KeyReader reader;
  EXPECT_THAT(reader.Read("qkjr?"), ElementsAre(Key::kQuit, Key::kUp, Key::kDown, Key::kNext, Key::kHelp));
  EXPECT_THAT(reader.Read("\x1b[A\x1b[B\x1bOA\x1bOB"), ElementsAre(Key::kUp, Key::kDown, Key::kUp, Key::kDown));
}

TEST(KeyReaderTest, AnArrowMayComeInPieces) {
  KeyReader reader;
  EXPECT_THAT(reader.Read("\x1b"), IsEmpty());
  EXPECT_THAT(reader.Read("["), IsEmpty());
  EXPECT_THAT(reader.Read("Bq"), ElementsAre(Key::kDown, Key::kQuit));
}

// The letters of keys such as F5, Delete or Ctrl-Up are none.
TEST(KeyReaderTest, OtherKeysMeanNothing) {
  KeyReader reader;
  EXPECT_THAT(reader.Read("x\x1b[15~\x1b[3~\x1b[1;5A\x1b[1;5q\x01Z\xc3\xa9"), IsEmpty());
  EXPECT_THAT(reader.Read("\x1bq"), ElementsAre(Key::kQuit));
  EXPECT_THAT(reader.Read("\x1b\x1b[A"), ElementsAre(Key::kUp));
}

}  // namespace
}  // namespace faultline
