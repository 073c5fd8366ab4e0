#include "agent/ec2/ec2_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ec2/metadata_service.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kFirst = "0a:ff:00:11:22:33";
const std::string kSecond = "0a:ff:00:11:22:44";
const std::string kThird = "0a:ff:00:11:22:55";
const std::string kMacs = "network/interfaces/macs/";

// What a watch told, to be waited for.
class Told {
 public:
  void Add(const Ec2Identity& identity) {
    const std::lock_guard lock(mutex_);
    identities_.push_back(identity);
    changed_.notify_all();
  }
  void Say(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
    changed_.notify_all();
  }
  std::vector<Ec2Identity> AwaitIdentities(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return identities_.size() >= count; });
    return identities_;
  }
  std::vector<std::string> AwaitLines(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return lines_.size() >= count; });
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Ec2Identity> identities_;
  std::vector<std::string> lines_;
};

class Ec2WatchTest : public ::testing::Test {
 protected:
  std::unique_ptr<Ec2Watch> Watch(const MetadataEndpoint& endpoint) {
    auto reader = *Ec2Reader::Open({.endpoints = {endpoint}, .anywhere = true}, OnEc2::kNo, clock_);
    const absl::StatusOr<Ec2Reading> first = reader->ReadFirst();
    return std::make_unique<Ec2Watch>(
        std::move(reader), first, [this](const Ec2Identity& now) { told_.Add(now); },
        [this](const std::string& line) { told_.Say(line); });
  }

  const SystemClock clock_{};
  Told told_;
};

TEST_F(Ec2WatchTest, AnInterfaceThatComesIsLookedUpUntilItIsShown) {
  std::atomic<int> looks{0};
  // Metadata shows it late: at the second look after it came.
  MetadataService service([&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
    if (request.path == "/latest/meta-data/" + kMacs && ++looks == 3) {
      return HttpServer::Text(200, absl::StrCat(kFirst, "/\n", kSecond, "/\n", kThird, "/\n"));
    }
    return std::nullopt;
  });
  service.Set(absl::StrCat(kMacs, kThird, "/device-number"), "2");
  service.Set(absl::StrCat(kMacs, kThird, "/interface-id"), "eni-0c");
  service.Set(absl::StrCat(kMacs, kThird, "/subnet-id"), "subnet-0c");
  const auto watch = Watch(service.endpoint());
  watch->OnInterfaces({kFirst, kSecond});
  watch->OnInterfaces({kFirst, kSecond, kThird});
  const std::vector<Ec2Identity> told = told_.AwaitIdentities(1);
  EXPECT_EQ(looks, 3);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(MacsOf(told[0]), ElementsAre(kFirst, kSecond, kThird));
  EXPECT_EQ(told[0].interfaces[2].id, "eni-0c");
}

TEST_F(Ec2WatchTest, WhatALaterLookDoesNotGetStaysKnown) {
  std::atomic<bool> later{false};
  const MetadataService service([&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
    if (!later) return std::nullopt;
    if (request.path == "/latest/meta-data/" + kMacs) return HttpServer::Text(200, absl::StrCat(kFirst, "/\n"));
    if (request.path == "/latest/meta-data/placement/region") return HttpServer::Text(404, "");
    if (request.path == absl::StrCat("/latest/meta-data/", kMacs, kFirst, "/ipv6s")) return HttpServer::Text(503, "");
    return std::nullopt;
  });
  const auto watch = Watch(service.endpoint());
  later = true;
  watch->OnInterfaces({kFirst, kSecond});
  watch->OnInterfaces({kFirst});
  const Ec2Identity told = told_.AwaitIdentities(1)[0];
  EXPECT_EQ(told.region, "eu-west-2");
  EXPECT_EQ(told.vpc_id, "vpc-0a");
  ASSERT_THAT(told.interfaces, SizeIs(1));
  EXPECT_THAT(told.interfaces[0].addresses, SizeIs(3));
}

TEST_F(Ec2WatchTest, WhatIsMissingIsSaidOnceAndThatItIsThereAfterAll) {
  std::atomic<int> asked{0};
  MetadataService service([&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
    if (request.path == "/latest/meta-data/placement/region" && ++asked <= 2) return HttpServer::Text(200, "<html>");
    return std::nullopt;
  });
  const auto watch = Watch(service.endpoint());
  watch->OnInterfaces({kFirst, kSecond});
  // One that metadata never shows, so that there are some looks.
  watch->OnInterfaces({kFirst, kSecond, kThird});
  EXPECT_THAT(told_.AwaitLines(2),
              ElementsAre("placement/region: the answer makes no sense", "all of it is there now"));
  EXPECT_EQ(told_.AwaitIdentities(1)[0].region, "eu-west-2");
}

TEST_F(Ec2WatchTest, WhatFailsAtFirstIsTriedAgain) {
  std::atomic<int> asked{0};
  const MetadataService service([&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
    if (request.method == "PUT" && ++asked == 1) return HttpServer::Text(503, "");
    return std::nullopt;
  });
  const auto watch = Watch(service.endpoint());
  EXPECT_EQ(told_.AwaitIdentities(1)[0].instance_id, "i-0123456789abcdef0");
  EXPECT_THAT(told_.AwaitLines(2), ElementsAre(HasSubstr("answered with 503"), HasSubstr("there now")));
}

TEST_F(Ec2WatchTest, EndsWhileALookHangs) {
  std::atomic<bool> mute{false};
  std::atomic<bool> hangs{false};
  const MetadataService service([&](const ServedRequest&) -> std::optional<std::optional<std::string>> {
    if (!mute) return std::nullopt;
    hangs = true;
    hangs.notify_all();
    return std::optional<std::string>();
  });
  auto watch = Watch(service.endpoint());
  mute = true;
  watch->OnInterfaces({kFirst, kSecond});
  watch->OnInterfaces({kFirst, kSecond, kThird});
  hangs.wait(false);
  watch.reset();
}

}  // namespace
}  // namespace faultline
