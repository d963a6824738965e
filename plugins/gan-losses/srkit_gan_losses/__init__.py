"""Announces: least-squares, hinge, Wasserstein and probability adversarial losses."""
