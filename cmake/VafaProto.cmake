# vafa_proto(TARGET SHORT FILE): C code from one .proto. The contract stays free of C: the short C prefix
# (package vafa.intake.v1 -> Intake__RegisterCaseRequest) is added to a copy in the build folder.
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)

set(VAFA_PROTO_SOURCE ${CMAKE_SOURCE_DIR}/proto)
set(VAFA_PROTO_STAGED ${CMAKE_BINARY_DIR}/proto/staged)
set(VAFA_PROTO_C ${CMAKE_BINARY_DIR}/proto/c)

function(vafa_proto out_sources short file)
  string(REGEX REPLACE "\\.proto$" "" stem ${file})
  set(staged ${VAFA_PROTO_STAGED}/${file})
  set(source ${VAFA_PROTO_C}/${stem}.pb-c.c)
  set(header ${VAFA_PROTO_C}/${stem}.pb-c.h)
  get_filename_component(folder ${staged} DIRECTORY)
  add_custom_command(OUTPUT ${staged}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
    COMMAND sed "s|^package .*|&\\nimport \"protobuf-c/protobuf-c.proto\"\\;\\noption (pb_c_file).c_package = \"${short}\"\\;|"
      ${VAFA_PROTO_SOURCE}/${file} > ${staged}
    DEPENDS ${VAFA_PROTO_SOURCE}/${file} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY VAFA_PROTO_STAGED_FILES ${staged})
  get_property(all_staged GLOBAL PROPERTY VAFA_PROTO_STAGED_FILES)
  add_custom_command(OUTPUT ${source} ${header}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${VAFA_PROTO_C}
    COMMAND ${PROTOC} --plugin=protoc-gen-c=${PROTOC_GEN_C} -I ${VAFA_PROTO_STAGED} -I /usr/include
      --c_out=${VAFA_PROTO_C} ${staged}
    DEPENDS ${all_staged} VERBATIM)
  set(${out_sources} ${${out_sources}} ${source} PARENT_SCOPE)
endfunction()

# protoc-gen-c's name of a message or service: RegisterCase -> register_case.
function(vafa_c_name out prefix name)
  string(REGEX REPLACE "([A-Z])" "_\\1" snake ${name})
  string(TOLOWER ${snake} snake)
  set(${out} "${prefix}_${snake}__descriptor" PARENT_SCOPE)
endfunction()

# vafa_contract_lists(FOLDER): every header, service and message of the contract, by its C name, as
# FOLDER/contract_{headers,services,messages}.inc.
function(vafa_contract_lists folder)
  file(GLOB_RECURSE contract RELATIVE ${VAFA_PROTO_SOURCE} CONFIGURE_DEPENDS ${VAFA_PROTO_SOURCE}/*.proto)
  set(headers "")
  set(services "")
  set(messages "")
  foreach(file ${contract})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${VAFA_PROTO_SOURCE}/${file})
    string(REGEX REPLACE "^vafa/([a-z]+)/.*" "\\1" prefix ${file})
    string(REGEX REPLACE "^log$" "eventlog" prefix ${prefix})
    string(REGEX REPLACE "\\.proto$" ".pb-c.h" header ${file})
    string(APPEND headers "#include \"${header}\"\n")
    file(STRINGS ${VAFA_PROTO_SOURCE}/${file} lines REGEX "^(service|message) ")
    foreach(line ${lines})
      string(REGEX MATCH "^(service|message) ([A-Za-z0-9]+)" matched ${line})
      set(kind ${CMAKE_MATCH_1})
      vafa_c_name(symbol ${prefix} ${CMAKE_MATCH_2})
      string(APPEND ${kind}s "&${symbol},\n")
    endforeach()
  endforeach()
  foreach(part headers services messages)
    file(GENERATE OUTPUT ${folder}/contract_${part}.inc CONTENT "${${part}}")
  endforeach()
endfunction()
