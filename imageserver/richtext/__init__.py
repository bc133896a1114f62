"""Text as it is written, in RTF or plain → what it says and how it wants to look. Reference: c-text-formatting."""
