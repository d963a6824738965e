"""Scores -> one table of rows, cells and marks, and that table as text, Markdown, LaTeX or CSV."""
