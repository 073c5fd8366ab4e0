#include "controller/guard/http_check.h"

#include <curl/curl.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "controller/guard/json_field.h"
#include "controller/guard/trusted_roots.h"

namespace faultline {
namespace {

constexpr std::size_t kMostAnswer = 1024 * 1024;
constexpr std::size_t kMostShown = 200;

struct CurlFreer {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

std::size_t Keep(char* data, std::size_t size, std::size_t count, void* target) {
  auto& answer = *static_cast<std::string*>(target);
  if (answer.size() + size * count > kMostAnswer) return CURL_WRITEFUNC_ERROR;
  answer.append(data, size * count);
  return size * count;
}

int Watch(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const StopSignal*>(stop)->raised() ? 1 : 0;
}

void SetUp(CURL* curl, const HttpCheck& check, Duration timeout, const StopSignal& stop, std::string& answer) {
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  curl_easy_setopt(curl, CURLOPT_URL, check.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limit));
  // Else the end of the transfer waits for the resolver's thread, which has no time limit.
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
  if (const std::optional<std::string> roots = TrustedRoots()) curl_easy_setopt(curl, CURLOPT_CAINFO, roots->c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "faultline-controller");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Keep);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, Watch);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<StopSignal*>(&stop));
}

std::string WhyNot(CURLcode code, Duration timeout) {
  if (code == CURLE_OPERATION_TIMEDOUT) return absl::StrCat("no answer within ", FormatDuration(timeout));
  if (code == CURLE_WRITE_ERROR) return "the answer is longer than 1 MiB";
  if (code == CURLE_COULDNT_CONNECT) return "could not connect";
  return curl_easy_strerror(code);
}

CheckResult JudgeField(const HttpCheck& check, const std::string& answer) {
  const absl::StatusOr<std::string> value = JsonField(answer, check.field);
  if (!value.ok()) return {.passed = false, .detail = std::string(value.status().message())};
  const std::string seen = absl::StrCat(check.field, " is '", Printable(value->substr(0, kMostShown)), "'");
  if (!check.equals || *value == *check.equals) return {.passed = true, .detail = seen};
  return {.passed = false, .detail = absl::StrCat(seen, ", not '", *check.equals, "'")};
}

}  // namespace

CheckResult CheckHttp(const HttpCheck& check, Duration timeout, const StopSignal& stop) {
  // Not thread-safe by itself in every version.
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, CurlFreer> curl(global == CURLE_OK ? curl_easy_init() : nullptr);
  if (curl == nullptr) return {.passed = false, .detail = "no HTTP client can be made"};
  std::string answer;
  SetUp(curl.get(), check, timeout, stop, answer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return {.passed = false, .detail = WhyNot(code, timeout)};
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != check.status) {
    return {.passed = false, .detail = absl::StrCat("status ", status, ", not ", check.status)};
  }
  if (check.field.empty()) return {.passed = true, .detail = absl::StrCat("status ", status)};
  return JudgeField(check, answer);
}

}  // namespace faultline
