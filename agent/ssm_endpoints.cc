#include "agent/ssm_endpoints.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/host_resolver.h"

namespace faultline {
namespace {

constexpr std::uint16_t kHttps = 443;
constexpr auto kPatience = std::chrono::seconds(30);
// Of one name, the newest: connections stay where an earlier answer had them go.
constexpr std::size_t kMostAddresses = 32;

// What was found now, and behind it what was known.
void Learn(std::vector<IpAddress> found, std::vector<IpAddress>& known) {
  for (const IpAddress& address : known) {
    if (std::ranges::find(found, address) == found.end()) found.push_back(address);
  }
  if (found.size() > kMostAddresses) found.resize(kMostAddresses);
  known = std::move(found);
}

}  // namespace

struct SsmEndpoints::State {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  std::map<std::string, std::vector<IpAddress>> addresses;
};

bool IsAwsRegion(absl::string_view label) {
  const std::vector<absl::string_view> parts = absl::StrSplit(label, '-');
  if (parts.size() < 3 || parts.size() > 4 || parts[0].size() != 2) return false;
  const auto all = [](absl::string_view part, const auto& is) {
    return !part.empty() && std::ranges::all_of(part, [&is](char c) { return is(static_cast<unsigned char>(c)); });
  };
  return all(parts.back(), [](unsigned char c) { return absl::ascii_isdigit(c); }) &&
         std::all_of(parts.begin(), parts.end() - 1, [&all](absl::string_view part) {
           return all(part, [](unsigned char c) { return absl::ascii_islower(c); });
         });
}

std::vector<std::string> SsmNames(absl::string_view region) {
  const absl::string_view domain = absl::StartsWith(region, "cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  std::vector<std::string> names;
  for (const char* service : {"ssm", "ssmmessages", "ec2messages"}) {
    names.push_back(absl::StrCat(service, ".", region, domain));
  }
  return names;
}

std::vector<IpAddress> SsmEndpoints::LookUpHere(const std::string& name) {
  return ResolveHost(name, kPatience).value_or(std::vector<IpAddress>());
}

SsmEndpoints::SsmEndpoints(LookUp look_up, Duration pause)
    : state_(std::make_shared<State>()), look_up_(std::move(look_up)), pause_(pause) {}

void SsmEndpoints::Find(absl::string_view region) {
  if (begun_ || !IsAwsRegion(region)) return;
  begun_ = true;
  // Not joined: a look-up is not broken off, and nobody is to wait for it.
  std::thread([state = state_, names = SsmNames(region), look_up = look_up_, pause = pause_] {
    while (true) {
      for (const std::string& name : names) {
        std::vector<IpAddress> found = look_up(name);
        const std::lock_guard lock(state->mutex);
        if (state->over) return;
        Learn(std::move(found), state->addresses[name]);
      }
      std::unique_lock lock(state->mutex);
      if (state->changed.wait_for(lock, pause, [&state] { return state->over; })) return;
    }
  }).detach();
}

SsmEndpoints::~SsmEndpoints() {
  const std::lock_guard lock(state_->mutex);
  state_->over = true;
  state_->changed.notify_all();
}

std::vector<ProtectedEndpoint> SsmEndpoints::Now() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<ProtectedEndpoint> endpoints;
  for (const auto& [name, addresses] : state_->addresses) {
    for (const IpAddress& address : addresses) {
      const ProtectedEndpoint endpoint{.address = address, .port = kHttps};
      if (std::ranges::find(endpoints, endpoint) == endpoints.end()) endpoints.push_back(endpoint);
    }
  }
  return endpoints;
}

}  // namespace faultline
