"""Computes an output block by block along one axis, so that memory stays bounded."""
