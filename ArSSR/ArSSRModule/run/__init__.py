"""One run: what it costs, the child process that computes it, and how it ended."""
