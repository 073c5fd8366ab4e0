# How a static tree (FAULTLINE_STATIC) finds its libraries: included before they are looked for; every library is then the
# archive, lib*.a, for tests as well; programs (faultline_program) have the C library in themselves too. Objects are
# compiled as in any other tree.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(faultline_archives "${CMAKE_SOURCE_DIR}/build/static/arm64")
else()
  set(faultline_archives "${CMAKE_SOURCE_DIR}/build/static/amd64")
endif()
if(NOT EXISTS "${faultline_archives}/made-by")
  message(FATAL_ERROR "a static link needs ${faultline_archives}: run packaging/static/archives, as ./dev build does; "
                      "or configure with -DFAULTLINE_STATIC=OFF")
endif()
list(PREPEND CMAKE_PREFIX_PATH "${faultline_archives}")
list(APPEND CMAKE_FIND_ROOT_PATH "${faultline_archives}")
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
# What comes with libcurl's own CMake files is for a program that links nothing else.
set(CURL_NO_CURL_CMAKE ON)

# faultline_without_tables(TARGET...): links copies of these archives that have no tables for unwinding the stack, a fifth
# of OpenSSL. Nothing is thrown through it: it is in C, and what of ours it calls does not throw. Copied whenever this tree
# is configured, which it is again once dpkg has installed another libssl-dev: an archive's own time is its maker's.
function(faultline_without_tables)
  foreach(target ${ARGN})
    get_target_property(archive ${target} IMPORTED_LOCATION)
    get_filename_component(name "${archive}" NAME)
    set(copy "${CMAKE_BINARY_DIR}/without-tables/${name}")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/without-tables")
    execute_process(COMMAND "${CMAKE_OBJCOPY}" --remove-section=.eh_frame "${archive}" "${copy}.new"
      COMMAND_ERROR_IS_FATAL ANY)
    file(COPY_FILE "${copy}.new" "${copy}" ONLY_IF_DIFFERENT)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${copy}")
  endforeach()
  file(GLOB installed "/var/lib/dpkg/info/libssl-dev*.list")
  set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${installed})
endfunction()

# faultline_link_archives(): after all libraries are found. CMake packages of Debian name shared libraries; the archive is
# beside each, and what only a shared library knows that it needs is added.
function(faultline_link_archives)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    if(type STREQUAL "SHARED_LIBRARY" AND configurations)
      foreach(configuration ${configurations})
        get_target_property(location ${target} IMPORTED_LOCATION_${configuration})
        string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${location}")
        set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} "${archive}"
          IMPORTED_LINK_DEPENDENT_LIBRARIES_${configuration} "")
      endforeach()
    endif()
  endforeach()
  faultline_without_tables(OpenSSL::SSL OpenSSL::Crypto)
  pkg_check_modules(GRPC_ALL REQUIRED grpc++ protobuf)
  foreach(library ${GRPC_ALL_STATIC_LIBRARIES})
    # Not the compiler's own, the C library's and OpenSSL's, which are linked already.
    if(NOT library MATCHES "^(atomic|c|crypto|dl|m|pthread|rt|ssl)$")
      find_library(FAULTLINE_${library} ${library} REQUIRED)
      mark_as_advanced(FAULTLINE_${library})
      target_link_libraries(gRPC::grpc INTERFACE "${FAULTLINE_${library}}")
    endif()
  endforeach()
  target_link_libraries(CURL::libcurl INTERFACE OpenSSL::SSL PkgConfig::CARES)
  # lld takes archives in any order, folds functions of equal code and leaves out what nobody calls.
  target_link_options(faultline_options INTERFACE -fuse-ld=lld -Wl,--gc-sections,--icf=all)
  if(CMAKE_CROSSCOMPILING)
    # The cross compiler looks for one of its own; this one is for all architectures.
    find_program(FAULTLINE_LLD ld.lld REQUIRED)
    file(REAL_PATH "${FAULTLINE_LLD}" lld)
    get_filename_component(folder "${lld}" DIRECTORY)
    target_link_options(faultline_options INTERFACE "-B${folder}")
  endif()
endfunction()
