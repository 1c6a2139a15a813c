"""breakwater: open-source child protection for hosting and live-streaming services.

The way of a byte, and where each step lives:

    media or comments come in       web/api -> intake, live, conversations
    bytes become signals            recognition (media, fingerprint, comments, scenes)
    signals become matches          matching, against banks
    matches become a verdict        intake.policy
    a person decides                review, over records.cases
    the decision acts and reports   enforcement, reporting, viewers
    verified signals go out again   banks -> exchange
"""

__all__ = ["__version__"]
__version__ = "0.1.0"
