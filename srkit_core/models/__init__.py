"""From a plan to live modules, and from modules to files and back."""
