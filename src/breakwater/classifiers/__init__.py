"""Operators' classifiers: added as data by administrators, switched, watched over, removed.

`manage` keeps them and what became of them, `casework` lets them score what a case is about;
`live.watching.classifying` does so for broadcasts. breakwater ships no model. Scores raise
priority and sampling; they never act alone.
"""
