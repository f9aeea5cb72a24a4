"""Evaluation as in the paper: metrics, baselines, tables, pictures and reports."""
