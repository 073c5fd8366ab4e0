# The only place with compiler and linker flags. Everything of ours links faultline::options.
add_library(faultline_options INTERFACE)
add_library(faultline::options ALIAS faultline_options)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
target_compile_features(faultline_options INTERFACE cxx_std_20)
target_include_directories(faultline_options INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(faultline_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wunused -Werror=return-type
  -Werror=unused-result -Wno-missing-field-initializers)
# Some of what we link asks for it, and what was compiled otherwise cannot be read by all (faultline_test_program).
target_compile_options(faultline_options INTERFACE -pthread)
target_compile_definitions(faultline_options INTERFACE FAULTLINE_VERSION="${PROJECT_VERSION}")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  # No product and sum in one step, which x86-64 in general does not have: the same numbers on both.
  target_compile_options(faultline_options INTERFACE -ffp-contract=off)
endif()

if(FAULTLINE_SANITIZE)
  target_compile_options(faultline_options INTERFACE
    -fsanitize=${FAULTLINE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(faultline_options INTERFACE -fsanitize=${FAULTLINE_SANITIZE})
else()
  target_compile_options(faultline_options INTERFACE -fstack-protector-strong)
  target_compile_definitions(faultline_options INTERFACE $<$<CONFIG:RelWithDebInfo>:_FORTIFY_SOURCE=2>)
  target_link_options(faultline_options INTERFACE -Wl,-z,relro,-z,now)
  # Nothing that is built says where, generated code included: the same bytes from any checkout. Also where ccache makes
  # paths relative to the build tree (CCACHE_BASEDIR): "../../common/file.cc", "../static/include", "generated/x.pb.cc".
  # The last that fits counts.
  add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}=." "-ffile-prefix-map=${CMAKE_BINARY_DIR}/=")
  get_filename_component(beside "${CMAKE_BINARY_DIR}" DIRECTORY)
  file(RELATIVE_PATH beside "${CMAKE_SOURCE_DIR}" "${beside}")
  if(beside)
    add_compile_options("-ffile-prefix-map=../=./${beside}/")
  endif()
  file(RELATIVE_PATH up "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}")
  string(REGEX REPLACE "/$" "" up "${up}")
  if(up)
    add_compile_options("-ffile-prefix-map=${up}=.")
  endif()
endif()

# faultline_for_size(): what the directory adds from here on is compiled for size where it is shipped. Not for what is
# done for every packet, every prefix of a plan, or at an instant.
macro(faultline_for_size)
  add_compile_options($<$<CONFIG:RelWithDebInfo>:-Os>)
endmacro()
