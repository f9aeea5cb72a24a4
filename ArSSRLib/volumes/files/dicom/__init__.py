"""DICOM: the series in a folder are listed, one is chosen, its slices are stacked and read."""
