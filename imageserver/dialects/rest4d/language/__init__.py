"""What requests in 4D's language say: text in, values out."""
