"""Announces: PatchGAN and multi-scale discriminators."""
