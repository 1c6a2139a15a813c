"""What people write to a broadcast, an upload, a post or a profile: heard, judged, acted on.

In come messages as services tell them; out go risk, alarms with their explanation, measures in the
chat and the few comments that are evidence. What is not evidence is never written down.
"""
