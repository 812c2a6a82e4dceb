"""Retired names: where things lived in earlier versions, whose pickles name them so and can still be read.

This folder is a second place in which `backprop_core` looks for its modules.
"""
