# One shape for every target: warnings are errors, sanitizers by -DVAFA_SANITIZE=address|thread|"".
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nng CONFIG REQUIRED)
pkg_check_modules(PROTOBUF_C REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc icu-i18n)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(GEOS REQUIRED IMPORTED_TARGET geos)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
find_library(LMDB_LIBRARY lmdb REQUIRED)
find_library(LIBCSV_LIBRARY csv REQUIRED)

set(VAFA_SANITIZE "" CACHE STRING "address (with undefined), thread, or empty")

# Everything of ours is built with these.
add_library(vafa_flags INTERFACE)
target_compile_definitions(vafa_flags INTERFACE _GNU_SOURCE VAFA_VERSION="${PROJECT_VERSION}")
target_compile_options(vafa_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Werror -fno-omit-frame-pointer)
target_include_directories(vafa_flags INTERFACE ${CMAKE_SOURCE_DIR}/common ${CMAKE_SOURCE_DIR})
if(VAFA_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(VAFA_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()

# Programs are many, and lld links one in a third of the time.
find_program(LLD_LINKER ld.lld)
if(LLD_LINKER)
  add_link_options(-fuse-ld=lld)
endif()

# Fuzzing: everything is instrumented for libFuzzer, ASan and UBSan; tests/fuzz alone is worth building then.
option(VAFA_FUZZ "build the fuzz targets as libFuzzer programs; needs clang (scripts/fuzz)" OFF)
if(VAFA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

# Coverage: counters that a process which is killed leaves behind, too (%c in LLVM_PROFILE_FILE wants the relocation).
option(VAFA_COVERAGE "count which lines and branches run; needs clang (scripts/coverage)" OFF)
if(VAFA_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  add_link_options(-fprofile-instr-generate)
endif()

# vafa_library(NAME SOURCES a.c b.c DEPENDS x y)
function(vafa_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE vafa_flags PUBLIC ${arg_DEPENDS})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/common ${CMAKE_SOURCE_DIR})
endfunction()

# vafa_program(NAME SOURCES main.c DEPENDS x)
function(vafa_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE vafa_flags ${arg_DEPENDS})
endfunction()

# A program of cmocka's, in tests/.
function(vafa_test_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE vafa_flags ${arg_DEPENDS} PkgConfig::CMOCKA)
  target_compile_definitions(${name} PRIVATE VAFA_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    VAFA_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
endfunction()

# vafa_test(NAME SOURCES test_x.c DEPENDS x [LABEL unit] [TIMEOUT 60]): a cmocka program run by ctest, under a sanitizer for up to
# five times as long. What may take long goes first (COST), else one core waits at the end for the other.
function(vafa_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;DEPENDS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(VAFA_SANITIZE OR VAFA_COVERAGE)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5")
  endif()
  vafa_test_program(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT})
endfunction()
