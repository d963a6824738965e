"""Announces: NIQE and DISTS metrics."""
