"""The Slicer module's parts, one idea a file.

``widget`` is the panel; it reads ``parameters`` (the user's choices, kept in the scene) and shows
``plan`` (what a run would make and cost). ``logic`` starts a ``job``: files out (``volume_files``),
the library's command line in a child ``process``, files in, results placed in the scene
(``results``). ``comparison`` shows the result beside the input and cubic interpolation.
"""
