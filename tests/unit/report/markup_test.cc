#include "controller/report/markup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "controller/report/markup_writer.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Bytes(std::initializer_list<int> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(MarkupTest, NothingBecomesMarkup) {
  EXPECT_EQ(EscapeMarkup("</script><b a=\"x\" b='y'>&amp;"),
            "&lt;/script&gt;&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(EscapeMarkup("lon-1 → par-1\n\tné 🙂"), "lon-1 → par-1\n\tné 🙂");
}

TEST(MarkupTest, ControlCharactersAreShownAsPictures) {
  EXPECT_EQ(EscapeMarkup(Bytes({'a', 0, 0x1b, '[', '2', 'J', '\r', 0x7f})), "a␀␛[2J␍␡");
  EXPECT_EQ(EscapeMarkup("\u0085\u202Eevil\u2066\uFFFE\U0001FFFF"), "\uFFFD\uFFFDevil\uFFFD\uFFFD\uFFFD");
}

TEST(MarkupTest, BytesThatAreNoCharacterAreReplacedOneByOne) {
  EXPECT_EQ(WellFormed(Bytes({0xff, 'a', 0x80})), "\uFFFDa\uFFFD");
  // Cut off, overlong, a surrogate, beyond Unicode.
  EXPECT_EQ(WellFormed(Bytes({0xe2, 0x82})), "\uFFFD\uFFFD");
  EXPECT_EQ(WellFormed(Bytes({0xc0, 0xaf})), "\uFFFD\uFFFD");
  EXPECT_EQ(WellFormed(Bytes({0xe0, 0x80, 0xaf})), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(WellFormed(Bytes({0xed, 0xa0, 0x80})), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(WellFormed(Bytes({0xf4, 0x90, 0x80, 0x80})), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(WellFormed("né→🙂"), "né→🙂");
}

TEST(MarkupTest, AnyBytesAreSafe) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string markup = EscapeMarkup(bytes);
    EXPECT_EQ(WellFormed(markup), markup);
    EXPECT_EQ(markup.find_first_of("<>\"'"), std::string::npos);
    for (const char c : markup) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t');
    const std::string json = JsonString(bytes);
    EXPECT_EQ(WellFormed(json), json);
    for (const char c : json) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(MarkupTest, Json) {
  EXPECT_EQ(JsonString(Bytes({'"', '\\', '\n', 0, 0xff, 0x7f})), "\"\\\"\\\\\\u000a\\u0000\uFFFD\\u007f\"");
  EXPECT_EQ(JsonString("né\u2028"), "\"né\\u2028\"");
}

TEST(MarkupTest, Markdown) {
  EXPECT_EQ(EscapeMarkdown("a|b\n*c* <i> [x](y) @team #1 `d`"),
            "a\\|b \\*c\\* \\<i\\> \\[x\\](y) &#64;team \\#1 \\`d\\`");
  EXPECT_EQ(EscapeMarkdown("https://example.org :smile: 10:30, at: 3"), "https\\://example.org \\:smile: 10:30, at: 3");
}

TEST(MarkupWriterTest, EscapesTextAndAttributes) {
  MarkupWriter out;
  out.Open("p", {{"title", "\"><script>"}});
  out.Text("<script>");
  out.Leaf("b", "1 < 2");
  out.Close();
  out.Empty("line", {{"x1", "0"}});
  EXPECT_EQ(out.Take(), "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;script&gt;<b>1 &lt; 2</b></p>\n<line x1=\"0\"/>\n");
}

}  // namespace
}  // namespace faultline
