"""Headless training: recipes, data, the training loop, validation; one machine or many."""
