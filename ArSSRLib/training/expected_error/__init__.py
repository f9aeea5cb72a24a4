"""Trains the head that gives the expected error, on a network that stays as it is."""
