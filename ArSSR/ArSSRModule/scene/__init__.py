"""MRML nodes: usable inputs, regions, coordinates, files, and placing the results."""
