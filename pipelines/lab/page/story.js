// The story of backpropagation, in six chapters. Each is a state of the room "Take it apart".

export const CHAPTERS = [
  {
    name: "forward", title: "1 A guess", state: { steps: null, frozen: null, at: null },
    text: [
      "A network is a row of layers. Every unit takes the numbers of the layer before, multiplies each by a weight, adds them up, and applies the activation function to the sum. The outputs of the last layer are votes for the classes. The softmax turns them into probabilities.",
      "Blue cells are units with an output above zero, red cells are units below zero. Click a cell to see its sum, term by term. No person has chosen these weights. They began as random numbers.",
    ],
  },
  {
    name: "error", title: "2 How wrong", state: { steps: null, frozen: null, at: null },
    text: [
      "To learn, the network needs one number that says how wrong it is. The loss is −log p of the true class. It is 0 if the network is sure and right, and large if the true class has a low probability.",
      "The slope of this loss at each vote is simple: the answer minus the truth. A class with too much probability must go down, and the true class must go up. The backward pass begins with this error.",
    ],
  },
  {
    name: "backward", title: "3 Who is to blame", state: { steps: null, frozen: null },
    text: [
      "Which weights caused the error? You could change each weight a little and look at the loss, but this needs one run of the network for every weight. Backpropagation became known in the 1980s. It needs one run for all weights: it sends the error back through the same connections.",
      "The blame of a unit is a sum: the blame of each unit that it feeds, times the weight between them. The sum is then multiplied by the slope of the unit's own activation function. Red cells should put out less, blue cells more. The gradient of a weight is its input times the blame of the unit that it feeds. Both numbers are already known. Click a unit, then one of its weights.",
    ],
  },
  {
    name: "update", title: "4 One step", state: { steps: null, frozen: null },
    text: [
      "Now every weight moves a little against its own gradient. The slope predicts how far the loss will fall. This prediction is a straight line, but the loss is a curve. For short steps both agree. For long steps they differ.",
      "Move the slider, and compare the predicted loss with the real one. Then take the step: the network has learned from one sample.",
    ],
  },
  {
    name: "again", title: "5 Again and again", state: { steps: 100, frozen: null },
    text: [
      "One step changes very little. Learning means taking the same step again and again. After a hundred steps on this one sample the loss is very low, and the network has changed its answer to the sample. It may have forgotten other samples.",
      "If the step is too long, the loss jumps up and down, or becomes too large for the computer. Try it. In a real training, each step uses a few hundred samples at once, so that the network learns from all of them.",
    ],
  },
  {
    name: "frozen", title: "6 Without it", state: { steps: 100, frozen: "1" },
    text: [
      "What happens if the error cannot go back? Then only the last layer can learn, because only this layer is next to the answer. The layers before it do not change, and their blame is not used. The last layer must work with their random outputs.",
      "For decades, only the last layer could be trained. Compare the loss after the same number of steps with and without the backward pass. The difference is the effect of backpropagation.",
    ],
  },
];
