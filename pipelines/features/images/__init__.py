"""Features of images: from a picture to a row of pixels."""
