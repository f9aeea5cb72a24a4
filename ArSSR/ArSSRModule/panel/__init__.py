"""The panel: its widgets, texts and menus, and the state of the run that they show."""
