"""From the rows of `metrics.csv` to `curves.png`: where a run stands, for the eye."""
