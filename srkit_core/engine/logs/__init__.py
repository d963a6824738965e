"""What a run tells: rows of metrics.csv, other trackers, the run's record, its curves."""
