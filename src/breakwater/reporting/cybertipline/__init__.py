"""NCMEC's CyberTipline Reporting API: documents, client, and the machine that never files twice.

Source: reference cybertipline (NCMEC's documentation of 2025-06-11, its schema of November 2025).
"""
