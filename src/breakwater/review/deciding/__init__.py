"""Deciding cases: what a decision reaches, undo, wrong matches, appeals, what users are told."""
