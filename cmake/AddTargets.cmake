include(GoogleTest)

# Where clang builds a tree, what nearly all include is read once for all of its test programs, with the target
# faultline_test_headers, and once for all of its libraries, with faultline_library_headers.

# faultline_headers(NAME OWNER header...): the target OWNER reads the headers, the others have them of it.
function(faultline_headers name owner)
  if(NOT FAULTLINE_PCH OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    return()
  endif()
  if(name STREQUAL owner)
    target_precompile_headers(${name} PRIVATE ${ARGN})
    # The same bytes whenever it is made, so that ccache knows it.
    target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
  else()
    target_precompile_headers(${name} REUSE_FROM ${owner})
  endif()
endfunction()

set(FAULTLINE_COMMON_HEADERS <absl/status/statusor.h> <absl/strings/str_cat.h> <chrono> <functional> <map> <memory>
  <optional> <string> <thread> <vector>)

# faultline_test_program(NAME): what every program that is a test has.
function(faultline_test_program name)
  target_link_libraries(${name} PRIVATE faultline::options GTest::gmock GTest::gtest_main)
  faultline_headers(${name} faultline_test_headers <gmock/gmock.h> <gtest/gtest.h> ${FAULTLINE_COMMON_HEADERS})
endfunction()

# Whether the agent is linked with messages of protobuf's lite runtime, which know no names and no JSON: a tenth of it.
set(FAULTLINE_LITE_AGENT ${FAULTLINE_STATIC})
# Where the generated headers of those are, under the same names as the others': it must come first.
set(FAULTLINE_LITE_MESSAGES "${CMAKE_BINARY_DIR}/generated-lite")

# faultline_lite(OUT LIBRARY...): the libraries, each in its lite twin where it has one.
function(faultline_lite out)
  set(libraries "")
  foreach(library ${ARGN})
    if(TARGET ${library}_lite)
      string(APPEND library "_lite")
    endif()
    list(APPEND libraries ${library})
  endforeach()
  set(${out} ${libraries} PARENT_SCOPE)
endfunction()

# Several files of a target are compiled as one (CMAKE_UNITY_BUILD in the presets; docs/decisions/0017), so no two of them
# have anything of the same name in their unnamed namespaces.

# faultline_library(NAME [LITE] SOURCES ... [LINK ...]): a static library faultline_NAME, alias faultline::NAME; built when
# a program or test of the tree needs it. LITE says that it has to do with messages and is a part of the agent: it then
# has a twin, faultline::NAME_lite, of the same sources for lite messages. What a LITE library links stands before it.
function(faultline_library name)
  cmake_parse_arguments(ARG "LITE" "" "SOURCES;LINK" ${ARGN})
  if(ARG_LITE AND FAULTLINE_LITE_AGENT)
    faultline_lite(link ${ARG_LINK})
    faultline_library(${name}_lite SOURCES ${ARG_SOURCES} LINK ${link})
    target_include_directories(faultline_${name}_lite BEFORE PRIVATE "${FAULTLINE_LITE_MESSAGES}")
  endif()
  add_library(faultline_${name} STATIC EXCLUDE_FROM_ALL ${ARG_SOURCES})
  add_library(faultline::${name} ALIAS faultline_${name})
  target_link_libraries(faultline_${name} PUBLIC faultline::options ${ARG_LINK})
  faultline_headers(faultline_${name} faultline_library_headers ${FAULTLINE_COMMON_HEADERS} <absl/strings/str_format.h>
    <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/time/time.h> <algorithm> <array> <filesystem> <mutex>
    <set> <span> <google/protobuf/map.h> <google/protobuf/message.h> <google/protobuf/repeated_field.h>)
endfunction()
faultline_library(library_headers SOURCES "${CMAKE_CURRENT_LIST_DIR}/library_headers.cc")

# faultline_program(NAME [LITE] [TOOL] SOURCES ... [LINK ...]): a program, put into FAULTLINE_BIN_DIR, a LITE one of the
# libraries' lite twins. It is static where the tree is, but for a TOOL of the project's own, which is not shipped. Not in
# trees with sanitizers, whose tests link the libraries.
function(faultline_program name)
  cmake_parse_arguments(ARG "LITE;TOOL" "" "SOURCES;LINK" ${ARGN})
  if(FAULTLINE_SANITIZE)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  if(ARG_LITE AND FAULTLINE_LITE_AGENT)
    faultline_lite(ARG_LINK ${ARG_LINK})
    target_include_directories(${name} BEFORE PRIVATE "${FAULTLINE_LITE_MESSAGES}")
  endif()
  target_link_libraries(${name} PRIVATE faultline::options ${ARG_LINK})
  if(FAULTLINE_STATIC AND NOT ARG_TOOL)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:faultline_static>)
    target_link_libraries(${name} PRIVATE faultline::host_resolver)
    # Relocations take a twentieth of the space.
    target_link_options(${name} PRIVATE -static-pie -Wl,--pack-dyn-relocs=relr)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${FAULTLINE_BIN_DIR}")
endfunction()

# faultline_test(NAME LABEL unit|lab [SYSTEM case...] SOURCES ... [THREADED source...] [LINK ...]): one gtest program, where
# the parts have `threads` of those of its sources alone that are THREADED, if it names any. Of a unit test the program
# is one CTest test, TREE.NAME, that fails as well if a case skips itself: to start a program with sanitizers takes longer
# than most cases do. Compiled for another architecture it runs under qemu-user; the cases that ask of the SYSTEM what that
# has not, under a kernel (tests/vm/arm64), as TREE.NAME.system with the label arm64. Lab tests change a kernel's state (in
# namespaces of their own) and run alone; each case is a CTest test named TREE.Suite.Case.
function(faultline_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SYSTEM;SOURCES;THREADED;LINK" ${ARGN})
  if(ARG_THREADED AND "threads" IN_LIST FAULTLINE_PARTS)
    set(ARG_SOURCES ${ARG_THREADED})
  endif()
  add_executable(${name} ${ARG_SOURCES})
  faultline_test_program(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK})
  if(NOT FAULTLINE_SANITIZE)
    # What is tested is what ships; the tests' own code need not be fast, and compiles in half the time.
    target_compile_options(${name} PRIVATE -O0 -g0 -U_FORTIFY_SOURCE)
  endif()
  if(ARG_LABEL STREQUAL "unit")
    set(test "${FAULTLINE_TREE}.${name}")
    set(filter "")
    if(ARG_SYSTEM AND CMAKE_CROSSCOMPILING)
      list(JOIN ARG_SYSTEM ":" cases)
      add_test(NAME "${test}.system" COMMAND "${CMAKE_SOURCE_DIR}/tests/vm/arm64/run" --with $<TARGET_FILE:${name}>
        -- ${name} --gtest_brief=1 "--gtest_filter=${cases}")
      set_tests_properties("${test}.system" PROPERTIES LABELS arm64 TIMEOUT 1200 RUN_SERIAL TRUE
        FAIL_REGULAR_EXPRESSION ": Skipped")
      set(filter "--gtest_filter=-${cases}")
    endif()
    add_test(NAME "${test}" COMMAND ${name} --gtest_brief=1 ${filter})
    set_tests_properties("${test}" PROPERTIES LABELS unit TIMEOUT 1200 FAIL_REGULAR_EXPRESSION ": Skipped")
    return()
  endif()
  # Cases with Netem in their names need it and run in a virtual machine (tests/vm).
  gtest_discover_tests(${name} TEST_FILTER "-*Netem*" TEST_PREFIX "${FAULTLINE_TREE}." DISCOVERY_TIMEOUT 60
    DISCOVERY_MODE PRE_TEST PROPERTIES LABELS lab TIMEOUT 120 RUN_SERIAL TRUE)
endfunction()

# faultline_fuzzer(NAME SOURCES ... CORPUS dir [DICT file] [MAX_LEN bytes] [LINK ...]): built only where the parts have
# fuzz; its test runs the corpus and then fresh inputs for ten seconds, the one with the label `fuzz-long` for ten
# minutes.
function(faultline_fuzzer name)
  cmake_parse_arguments(ARG "" "CORPUS;DICT;MAX_LEN" "SOURCES;LINK" ${ARGN})
  if(NOT "fuzz" IN_LIST FAULTLINE_PARTS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE faultline::options ${ARG_LINK})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  # So that the fuzzer sees where it has been in the libraries that it names; optimised a little, as it runs them often.
  # Not in all: it takes two and a half times as long to compile.
  foreach(library ${ARG_LINK})
    string(REPLACE "faultline::" "faultline_" library ${library})
    get_target_property(options ${library} COMPILE_OPTIONS)
    if(NOT "-fsanitize=fuzzer-no-link" IN_LIST options)
      target_compile_options(${library} PRIVATE -fsanitize=fuzzer-no-link -O1)
      # Those were read for another way to compile.
      set_target_properties(${library} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
  set(dictionary "")
  if(ARG_DICT)
    set(dictionary "-dict=${ARG_DICT}")
  endif()
  set(length "")
  if(ARG_MAX_LEN)
    set(length "-max_len=${ARG_MAX_LEN}")
  endif()
  set(work "${CMAKE_CURRENT_BINARY_DIR}/${name}.corpus")
  file(MAKE_DIRECTORY "${work}")
  set(run ${name} -timeout=15 -rss_limit_mb=2048 ${dictionary} ${length} "${work}" "${ARG_CORPUS}")
  add_test(NAME "${FAULTLINE_TREE}.${name}" COMMAND ${run} -max_total_time=10)
  set_tests_properties("${FAULTLINE_TREE}.${name}" PROPERTIES LABELS fuzz TIMEOUT 600)
  add_test(NAME "${FAULTLINE_TREE}.${name}.long" COMMAND ${run} -max_total_time=600)
  set_tests_properties("${FAULTLINE_TREE}.${name}.long" PROPERTIES LABELS fuzz-long TIMEOUT 900)
endfunction()
