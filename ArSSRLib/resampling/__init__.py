"""Between grids: interpolation to a finer one, simulation of a coarser one."""
