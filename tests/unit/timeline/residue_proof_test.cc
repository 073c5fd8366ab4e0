#include "agent/timeline/residue_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Finding = ResidueProof::Finding;

KernelPicture With(std::initializer_list<const char*> devices) {
  KernelPicture picture;
  for (const char* device : devices) picture.things[device] = {.kind = KernelPicture::Thing::Kind::kDevice};
  return picture;
}

KernelPicture WithOurs(KernelPicture picture) {
  picture.things["table netdev faultline"] = {.ours = true};
  return picture;
}

TEST(ResidueProofTest, EqualPicturesProveIt) {
  EXPECT_EQ(Prove(With({"a"}), With({"a"})), ResidueProof{.finding = Finding::kEqual});
}

TEST(ResidueProofTest, OthersChangesAreNoResidue) {
  EXPECT_EQ(Prove(With({"a"}), With({"b"})),
            (ResidueProof{.finding = Finding::kChanged, .things = {"a went", "b came"}}));
}

TEST(ResidueProofTest, WhatIsLeftIsToldWithoutWhatOthersChanged) {
  EXPECT_EQ(Prove(With({"a"}), WithOurs(With({"b"}))),
            (ResidueProof{.finding = Finding::kLeft, .things = {"table netdev faultline"}}));
}

TEST(ResidueProofTest, TheFirstAreNamedAndTheRestCounted) {
  KernelPicture after;
  for (int i = 10; i < 35; ++i) after.things[absl::StrCat("device ", i)] = {};
  const ResidueProof proof = Prove(KernelPicture(), after);
  EXPECT_THAT(proof.things, SizeIs(20));
  EXPECT_EQ(proof.things.back(), "device 29 came");
  EXPECT_EQ(proof.more, 5u);
}

TEST(ResidueProofTest, WithoutAPictureNothingIsKnown) {
  const ResidueProof after = Prove(With({}), absl::DeadlineExceededError("too slow"));
  EXPECT_EQ(after, (ResidueProof{.finding = Finding::kUnknown, .things = {"after the run: too slow"}}));
  const ResidueProof before = Prove(absl::AbortedError("busy"), With({"a"}));
  EXPECT_EQ(before, (ResidueProof{.finding = Finding::kUnknown, .things = {"before the run: busy"}}));
}

TEST(ResidueProofTest, WhatIsLeftIsFoundWithoutAPictureOfBefore) {
  EXPECT_EQ(Prove(absl::AbortedError("busy"), WithOurs(With({"a"}))).finding, Finding::kLeft);
}

}  // namespace
}  // namespace faultline
