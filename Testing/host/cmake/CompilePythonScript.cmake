# Stand-in for CTK's ctkMacroCompilePythonScript: copies the listed files, keeping their folders,
# and installs the folder that they were copied to.
macro(ctkMacroCompilePythonScript)
  cmake_parse_arguments(
    CTK "NO_INSTALL_SUBDIR;GLOBAL_TARGET" "TARGET_NAME;DESTINATION_DIR;INSTALL_DIR" "SCRIPTS;RESOURCES"
    ${ARGN}
    )
  set(_copies)
  foreach(_script ${CTK_SCRIPTS})
    if(NOT _script MATCHES "\\.py$")
      set(_script "${_script}.py")
    endif()
    list(APPEND _copies ${_script})
  endforeach()
  list(APPEND _copies ${CTK_RESOURCES})
  set(_made)
  foreach(_file ${_copies})
    add_custom_command(
      OUTPUT ${CTK_DESTINATION_DIR}/${_file}
      COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/${_file} ${CTK_DESTINATION_DIR}/${_file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${_file}
      )
    list(APPEND _made ${CTK_DESTINATION_DIR}/${_file})
  endforeach()
  add_custom_target(Copy${CTK_TARGET_NAME}PythonFiles ALL DEPENDS ${_made})
  set(_installed ${CTK_DESTINATION_DIR})
  if(CTK_NO_INSTALL_SUBDIR)
    set(_installed ${CTK_DESTINATION_DIR}/)
  endif()
  install(DIRECTORY ${_installed} DESTINATION ${CTK_INSTALL_DIR} COMPONENT RuntimeLibraries)
endmacro()
