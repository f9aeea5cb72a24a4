# Stand-in for UseSlicer.cmake: tests are enabled and the scripted module macros are defined.
include(CTest)
include("${CMAKE_CURRENT_LIST_DIR}/CompilePythonScript.cmake")

if(DEFINED ENV{SLICER_SOURCE})
  set(Slicer_PYTHON_MODULE_TEST_TEMPLATES_DIR "$ENV{SLICER_SOURCE}/Base/QTCore/Testing/Python")
  include("$ENV{SLICER_SOURCE}/CMake/SlicerMacroBuildScriptedModule.cmake")
  include("$ENV{SLICER_SOURCE}/CMake/SlicerMacroConfigureGenericPythonModuleTests.cmake")
else()
  include("${CMAKE_CURRENT_LIST_DIR}/BuildScriptedModule.cmake")
endif()

# In Slicer this runs `import slicer.testing; slicer.testing.runUnitTest(...)` inside Slicer itself.
macro(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "TESTNAME_PREFIX;SCRIPT" "SLICER_ARGS" ${ARGN})
  get_filename_component(_test_name ${MY_SCRIPT} NAME_WE)
  if("${MY_TESTNAME_PREFIX}" STREQUAL "")
    add_test(
      NAME py_${_test_name}
      COMMAND ${HOST_PYTHON} ${_host_folder}/../run_selftests.py
        ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}/${MY_SCRIPT}
      )
  endif()
endmacro()
