"""What is sent: a Layout to draw, or a document."""
