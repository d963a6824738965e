"""Announces: EDSR generator."""
