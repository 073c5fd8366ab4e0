#include "controller/access/pass_book.h"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

std::string RandomSecret() {
  std::string bytes(16, '\0');
  // So few are never given in part; without any there is no way to be safe.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return absl::BytesToHexString(bytes);
}

bool SameSecret(absl::string_view one, absl::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) difference |= static_cast<unsigned>(one[i] ^ other[i]);
  return difference == 0;
}

}  // namespace

std::string PassBook::Issue(const LocalUser& user) {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.Now();
  Entry& entry = entries_[{user.uid, user.role}];
  entry.user = user;
  entry.asked = now;
  if (entry.pass.secret.empty() || now - entry.pass.made >= kRenewAfter) {
    entry.former = std::exchange(entry.pass, {.secret = RandomSecret(), .made = now});
  }
  const std::string pass = absl::StrCat(user.uid, ".", entry.pass.secret);
  Forget();
  return pass;
}

std::optional<LocalUser> PassBook::HolderOf(absl::string_view pass) const {
  const std::size_t dot = pass.find('.');
  uid_t uid = 0;
  if (dot == absl::string_view::npos || !absl::SimpleAtoi(pass.substr(0, dot), &uid)) return std::nullopt;
  const absl::string_view secret = pass.substr(dot + 1);
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.lower_bound({uid, Role::kViewer}); entry != entries_.end(); ++entry) {
    if (entry->first.first != uid) break;
    for (const Pass* known : {&entry->second.pass, &entry->second.former}) {
      const bool good = !known->secret.empty() && clock_.Now() - known->made < 2 * kRenewAfter;
      if (good && SameSecret(secret, known->secret)) return entry->second.user;
    }
  }
  return std::nullopt;
}

void PassBook::Forget() {
  if (entries_.size() <= kMostUsers) return;
  entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.asked; }));
}

}  // namespace faultline
