"""Announces: VGG perceptual and style loss."""
