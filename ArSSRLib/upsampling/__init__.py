"""Upsampling: plan the tiles, encode, decode, write; with progress and cancel."""
