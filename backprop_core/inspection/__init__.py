"""Inspection: looking at a network while it computes, learns, or answers, without changing it."""
