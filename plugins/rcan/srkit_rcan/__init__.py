"""Announces: RCAN generator."""
