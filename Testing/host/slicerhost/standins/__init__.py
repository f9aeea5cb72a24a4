"""Stand-ins for Slicer's own Python files, used where no Slicer source tree is at hand.

``slicer-core`` ships ``slicer.util`` but not these. Each keeps to what Slicer's file of the same
name does for a module; with ``SLICER_SOURCE`` set, the host runs Slicer's own files instead.
"""
