"""A run that ends well: interruptions, output files, leftovers, worker processes, batches."""
