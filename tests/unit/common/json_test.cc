#include "common/json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(JsonTest, Texts) {
  EXPECT_EQ(JsonText("eth0"), R"("eth0")");
  EXPECT_EQ(JsonText(""), R"("")");
  EXPECT_EQ(JsonText("a \"b\"\\\n\t\x01\x7f"), "\"a \\\"b\\\"\\\\\\n\\u0009\\u0001\\u007f\"");
  EXPECT_EQ(JsonText(absl::string_view("a\0b", 3)), "\"a\\u0000b\"");
}

TEST(JsonTest, OfUtf8WholeCharactersOnly) {
  for (const char* whole : {"\u00e9", "\u20ac", "\U0001f600", "\U0010ffff"}) {
    EXPECT_EQ(JsonText(whole), "\"" + std::string(whole) + "\"");
  }
  // Alone, cut off, longer than need be, a surrogate, beyond the last.
  EXPECT_EQ(JsonText("a\x80z"), "\"a\uFFFDz\"");
  EXPECT_EQ(JsonText("\xe2\x82"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(JsonText("\xc3z"), "\"\uFFFDz\"");
  EXPECT_EQ(JsonText("\xc0\xaf"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(JsonText("\xed\xa0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(JsonText("\xf4\x90\x80\x80"), "\"\uFFFD\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(JsonText("\xff"), "\"\uFFFD\"");
}

TEST(JsonTest, Numbers) {
  EXPECT_EQ(JsonNumber(812), "812");
  EXPECT_EQ(JsonNumber(11.23), "11.23");
  EXPECT_EQ(JsonNumber(-0.001), "-0.001");
  EXPECT_EQ(JsonNumber(4194304), "4194304");
}

TEST(JsonTest, ObjectsAndLists) {
  JsonObject object;
  EXPECT_EQ(object.text(), "{}");
  object.AddText("name", "split");
  object.AddNumber("index", 1);
  object.AddBool("in_force", false);
  object.Add("interfaces", JsonList({JsonText("eth0"), JsonText("eth1")}));
  object.Add("steps", JsonList({}));
  EXPECT_EQ(object.text(), R"({"name":"split","index":1,"in_force":false,"interfaces":["eth0","eth1"],"steps":[]})");
}

TEST(JsonTest, IsReadAsItWasMeant) {
  std::string hostile;
  for (int byte = 1; byte < 256; ++byte) hostile += static_cast<char>(byte);
  JsonObject object;
  object.AddText(hostile, hostile);
  object.AddNumber("number", 1e-9);
  google::protobuf::Struct read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(object.text(), &read).ok());
  EXPECT_EQ(read.fields_size(), 2);
  EXPECT_EQ(read.fields().at("number").number_value(), 1e-9);
  const std::string ascii = hostile.substr(0, 0x7F);
  for (const auto& [key, value] : read.fields()) {
    if (key == "number") continue;
    EXPECT_EQ(key.substr(0, 0x7F), ascii);
    EXPECT_EQ(value.string_value(), key);
  }
}

}  // namespace
}  // namespace faultline
