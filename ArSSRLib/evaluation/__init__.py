"""The paper's comparison: upsample volumes with several methods, measure them, write a report."""
