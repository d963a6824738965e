"""From run folders and files of scores to one page of HTML that can be sent to somebody."""
