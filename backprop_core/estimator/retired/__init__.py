"""Retired names: the modules of earlier versions, so that their pickles can still be read.

This folder is a second place in which `backprop_core` looks for its modules.
"""
