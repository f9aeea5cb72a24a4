# What find_package(Slicer) gives an extension, on a machine without Slicer.
#
# Follows Slicer's CMake/SlicerMacroBuildScriptedModule.cmake and CTK's ctkMacroCompilePythonScript:
# only listed files reach the build tree, and the build tree's module folder is what is installed.
# With the environment variable SLICER_SOURCE (a checkout of Slicer), Slicer's own macro files run,
# and only CTK's macro stands in.

set(Slicer_FOUND TRUE)
set(Slicer_USE_PYTHONQT ON)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR "lib/Slicer-5.10/qt-scripted-modules")
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR "${Slicer_QTSCRIPTEDMODULES_LIB_DIR}")
set(_host_folder "${CMAKE_CURRENT_LIST_DIR}")
set(Slicer_USE_FILE "${_host_folder}/UseSlicer.cmake")
set(Slicer_EXTENSION_GENERATE_CONFIG "${_host_folder}/GenerateConfig.cmake")
set(Slicer_EXTENSION_CPACK "${_host_folder}/CPack.cmake")
