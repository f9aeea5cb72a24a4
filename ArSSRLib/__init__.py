"""ArSSR: arbitrary-scale super-resolution of 3-D brain MR volumes.

>>> import ArSSRLib
>>> model = ArSSRLib.load_model("default")               # doctest: +SKIP
>>> sharper = ArSSRLib.upsample(image, 2.5, model=model)  # doctest: +SKIP

Not for clinical use: super-resolution can invent detail.
"""

__version__ = "0.1.0"
