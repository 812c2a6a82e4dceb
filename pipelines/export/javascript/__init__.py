"""The engine in JavaScript: the features and the network for browsers and Node.

The modules are plain ES modules without dependencies; `modules` puts them into one file.
"""
