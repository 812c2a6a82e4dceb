"""Features of text: from a sentence to a row of hashed n-grams."""
