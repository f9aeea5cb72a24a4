"""Pictures that compare volumes: slices at true proportions, zoomed insets, error maps."""
