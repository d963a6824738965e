"""One recipe trained with several values of its fields: `srkit sweep`."""
