"""Components that are each broken in one way: does a check of the contracts catch each?"""
