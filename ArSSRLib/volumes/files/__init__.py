"""Volume files: found, checked, read and written (NIfTI, NRRD, MetaImage; DICOM is only read)."""
