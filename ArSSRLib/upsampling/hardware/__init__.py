"""Where and how a network computes: device, numbers, CPU threads."""
