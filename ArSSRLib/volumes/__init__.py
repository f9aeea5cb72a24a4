"""What a volume is: its grid, orientation, pixel type, header fields and intensities."""
