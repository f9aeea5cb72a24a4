# Stand-in for SlicerExtensionCPack.cmake: no package is made, the test installs instead.
