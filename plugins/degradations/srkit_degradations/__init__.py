"""Announces: blur, noise, JPEG, resizing and the Real-ESRGAN and BSRGAN chains."""
