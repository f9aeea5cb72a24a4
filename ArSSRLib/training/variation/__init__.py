"""How training patches vary: contrast, bias field, noise, and the blur of their axes."""
