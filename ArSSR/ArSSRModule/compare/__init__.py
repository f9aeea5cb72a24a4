"""The comparison: its layout, what each view shows, and what the views share."""
