"""Announces: autoencoder and vanilla GAN baselines."""
