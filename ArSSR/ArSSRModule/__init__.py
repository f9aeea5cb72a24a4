"""The parts of the Slicer module. Imports point downwards only:

* ``panel``: the widgets, bound to ``parameters`` (the user's choices, saved with the scene).
* ``logic``: upsampling for scripts, and a job for the panel.
* ``compare``: the comparison views; ``run``: one run, from its plan to the child process.
* ``scene``: volumes, regions and results as MRML nodes.
* ``library``, ``signals``: where ArSSRLib is, and signals for Python objects.
"""

from . import library

library.makeImportable()  # once, before any other part imports the library
