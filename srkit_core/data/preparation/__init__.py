"""From folders of pictures to what training reads: everything that `srkit prepare` does."""
