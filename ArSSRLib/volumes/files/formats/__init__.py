"""The file formats: each module here registers the one that it reads."""

from . import freesurfer, metaimage, nifti, nrrd

__all__ = ["nifti", "nrrd", "metaimage", "freesurfer"]
