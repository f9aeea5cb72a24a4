"""The report of a finished evaluation: tables, plots, pictures and one page."""
