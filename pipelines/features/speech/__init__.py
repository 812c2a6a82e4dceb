"""Features of speech: from a recording to a row of cepstra."""
