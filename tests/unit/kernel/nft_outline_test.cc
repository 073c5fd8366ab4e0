// Which addresses are outside of all that a place's rules ask for.

#include "common/program/nft_outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/kernel/programs.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kFromParis;
using testing::kToParis;
using testing::MakeProgram;
using ::testing::Property;
using testing::Set;
using ::testing::SizeIs;

std::vector<std::string> OutlinesAt(const Program& program, Place place) {
  const std::vector<StepChain> chains = LayOut(program);
  std::vector<std::string> texts;
  for (const Outline& outline : OutlinesOf(program, chains, place)) {
    std::string text;
    for (const Prefix& prefix : outline) absl::StrAppend(&text, text.empty() ? "" : " ", prefix.ToString());
    texts.push_back(std::move(text));
  }
  return texts;
}

// Of a step that drops what comes from `sources`.
std::vector<std::string> OutlinesOfSources(PrefixSet sources) {
  Program program = MakeProgram({{.incoming = {{.sources = 0}}}});
  program.prefix_sets = {std::move(sources)};
  return OutlinesAt(program, Place::kBlockIn);
}

TEST(NftOutlineTest, OfAFewIsThemselves) {
  EXPECT_THAT(OutlinesOfSources(Set({"172.33.0.0/16", "fd21::/48"})), ElementsAre("172.33.0.0/16", "fd21::/48"));
  EXPECT_THAT(OutlinesOfSources(Set({"10.0.0.1", "10.0.0.9"})), ElementsAre("10.0.0.1/32 10.0.0.9/32"));
  EXPECT_THAT(OutlinesOfSources(Set({"fd21::1", "fd22::1"})), ElementsAre("fd21::1/128 fd22::1/128"));
}

TEST(NftOutlineTest, IsOfOneLengthAndNotLargerThanWhatItStandsFor) {
  // By a length of 17 there would be three.
  EXPECT_THAT(OutlinesOfSources(Set({"10.1.0.0/16", "10.9.3.4"})), ElementsAre("10.1.0.0/16 10.9.0.0/16"));
  EXPECT_THAT(OutlinesOfSources(Set({"10.0.0.0/15", "10.9.1.0/24", "10.9.2.0/24"})),
              ElementsAre("10.0.0.0/16 10.1.0.0/16 10.9.0.0/16"));
}

// The outline of a step that drops what comes from `sources`, all of one family; they are seen to be within it.
Outline OutlineAround(const PrefixSet& sources) {
  Program program = MakeProgram({{.incoming = {{.sources = 0}}}});
  program.prefix_sets = {sources};
  const std::vector<Outline> outlines = OutlinesOf(program, LayOut(program), Place::kBlockIn);
  EXPECT_THAT(outlines, SizeIs(1));
  EXPECT_EQ(PrefixSet(outlines.front()).Intersection(sources), sources);
  return outlines.front();
}

TEST(NftOutlineTest, HasEveryAddressOfManyPrefixes) {
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 2000; ++i) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 7), static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(*Prefix::Containing(IpAddress(bytes), 24));
  }
  // 10.0.0.0 to 10.15.158.0 by 4096 addresses.
  EXPECT_THAT(OutlineAround(PrefixSet(std::move(prefixes))), AllOf(SizeIs(250), Each(Property(&Prefix::length, 20))));
}

TEST(NftOutlineTest, HasEveryAddressOfAClusterAndOfWhatIsFarFromIt) {
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 20'000; ++i) {
    std::uint8_t bytes[16] = {0xfd, 0x21};
    bytes[14] = static_cast<std::uint8_t>(i >> 7);
    bytes[15] = static_cast<std::uint8_t>(i << 1);
    prefixes.emplace_back(IpAddress(bytes));
  }
  for (const char* text : {"fd21:1::/120", "fd22::1", "ffff::1"}) prefixes.push_back(*Prefix::Parse(text));
  EXPECT_THAT(OutlineAround(PrefixSet(std::move(prefixes))),
              AllOf(SizeIs(157 + 3), Each(Property(&Prefix::length, 120))));
}

TEST(NftOutlineTest, OfTheWholeEndOfTheAddresses) {
  EXPECT_THAT(OutlinesOfSources(Set({"255.255.255.255"})), ElementsAre("255.255.255.255/32"));
  EXPECT_THAT(OutlinesOfSources(Set({"192.0.0.0/2"})), ElementsAre("192.0.0.0/2"));
}

TEST(NftOutlineTest, IsNotThereWhereItWouldSpareLessThanHalf) {
  EXPECT_THAT(OutlinesOfSources(Set({"0.0.0.0/0"})), IsEmpty());
  EXPECT_THAT(OutlinesOfSources(PrefixSet(Set({"172.33.0.0/16", "fd21::/48"}).Complement())), IsEmpty());
  EXPECT_THAT(OutlinesOfSources(Set({"128.0.0.0/1"})), ElementsAre("128.0.0.0/1"));
}

TEST(NftOutlineTest, IsOfAllStepsOfThePlace) {
  Program program = MakeProgram({{.index = 0, .incoming = {kFromParis}, .outgoing = {kToParis}},
                                 {.index = 1, .incoming = {{.sources = 0}, kFromParis}},
                                 {.index = 2, .effect = Reject(), .outgoing = {{.destinations = 2}}}});
  EXPECT_THAT(OutlinesAt(program, Place::kBlockIn), ElementsAre("172.32.0.0/16 172.33.0.0/16", "fd21::/48"));
  EXPECT_THAT(OutlinesAt(program, Place::kBlockOut), ElementsAre("172.33.0.0/16", "fd21::/48"));
  EXPECT_THAT(OutlinesAt(program, Place::kForward), ElementsAre("172.33.8.0/24"));
  EXPECT_THAT(OutlinesAt(program, Place::kLaneIn), IsEmpty());
}

TEST(NftOutlineTest, IsNotThereWhereARuleAsksForNoRemoteAddress) {
  EXPECT_THAT(OutlinesAt(MakeProgram({{.incoming = {kFromParis, {.destinations = 1}}}}), Place::kBlockIn), IsEmpty());
  // That one is of IPv4 alone.
  EXPECT_THAT(OutlinesAt(MakeProgram({{.incoming = {kFromParis, {.destinations = 0}}}}), Place::kBlockIn),
              ElementsAre("fd21::/48"));
  EXPECT_THAT(OutlinesAt(MakeProgram({{.outgoing = {{.sources = 0}}}}), Place::kBlockOut), IsEmpty());
}

}  // namespace
}  // namespace faultline
