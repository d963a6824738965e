"""Announces: U-Net discriminator."""
