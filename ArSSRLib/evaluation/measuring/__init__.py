"""Measuring methods on volumes: what is measured, how, and the records that are kept."""
