"""Grading: sets from import to code, facts asked of graders, tables that derive the law."""
