"""BIDS datasets: their file names, what they hold, and the derivative dataset of the results.

Source of the rules: the Brain Imaging Data Structure specification 1.11,
https://bids-specification.readthedocs.io.
"""
