#include "agent/ec2/host_hardware.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace faultline {
namespace {

// A sysfs of some files.
OnEc2 Detect(const std::string& vendor, const std::string& bios, const std::string& uuid) {
  const std::filesystem::path sys = std::filesystem::path(::testing::TempDir()) / "sys";
  std::filesystem::remove_all(sys);
  const auto write = [&sys](const char* path, const std::string& text) {
    if (text.empty()) return;
    std::filesystem::create_directories((sys / path).parent_path());
    std::ofstream(sys / path) << text << "\n";
  };
  write("class/dmi/id/sys_vendor", vendor);
  write("class/dmi/id/bios_version", bios);
  write("hypervisor/uuid", uuid);
  return DetectEc2(sys.string());
}

TEST(HostHardwareTest, KnowsEc2ByItsFirmware) {
  EXPECT_EQ(Detect("Amazon EC2", "1.0", ""), OnEc2::kYes);
  EXPECT_EQ(Detect("Xen", "4.11.amazon", "ec2e1916-9099-7caf-fd21-012345abcdef"), OnEc2::kYes);
  EXPECT_EQ(Detect("", "", "ec2e1916-9099-7caf-fd21-012345abcdef"), OnEc2::kYes);
  EXPECT_EQ(Detect("QEMU", "1.16.2-debian-1.16.2-1", ""), OnEc2::kNo);
  EXPECT_EQ(Detect("Xen", "4.17", "fc2e1916-9099-7caf-fd21-012345abcdef"), OnEc2::kNo);
  EXPECT_EQ(Detect("", "", ""), OnEc2::kUnknown);
}

}  // namespace
}  // namespace faultline
