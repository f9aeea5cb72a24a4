"""How far the expected error can be relied on: coverage, ranking, sparsification."""
