"""The learning engine: a multilayer perceptron trained by backpropagation, written out by hand in numpy.

Read the modules in this order and they are a lesson: activations, initializers, layers, losses, network, optimizers,
schedules, batching, training. Around them stand scaling, metrics, gradcheck and checkpoint.
"""
