"""Problems of the data: copies, small classes, conditions that reveal a class; and what to do about them."""
