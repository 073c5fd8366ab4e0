# For Graviton and other arm64 machines: Debian's cross compiler, and Debian's own libraries of that architecture below
# FAULTLINE_SYSROOT, where packaging/static/archives puts them. Programs that take part in the build are this machine's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
get_filename_component(faultline_project "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(FAULTLINE_SYSROOT "${faultline_project}/build/static/arm64/root" CACHE PATH "Libraries of the target")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FAULTLINE_SYSROOT)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT "${FAULTLINE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config is this machine's, what it knows is the target's.
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${FAULTLINE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
  "${FAULTLINE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${FAULTLINE_SYSROOT}/usr/share/pkgconfig")
# For tests, which are not static.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L "${FAULTLINE_SYSROOT}")
