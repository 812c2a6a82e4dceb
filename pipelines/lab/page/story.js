// The story of backpropagation, in six chapters. Each is a state of the room "Take it apart".

export const CHAPTERS = [
  {
    name: "forward", title: "1 A guess", state: { steps: null, frozen: null, at: null },
    text: [
      "A network is a row of layers. In each, every unit adds up what the layer before gave it, each number times a weight, and bends the sum. What the last layer puts out are votes for the classes; the softmax turns them into probabilities.",
      "Blue cells are units that answer above zero, red ones below. Click one: its sum is written out, term by term. None of these weights was chosen by a person. They began as noise.",
    ],
  },
  {
    name: "error", title: "2 How wrong", state: { steps: null, frozen: null, at: null },
    text: [
      "To learn, the network needs one number that says how wrong it is. The loss is −log p of the true class: 0 where it was sure and right, large where it gave the truth little chance.",
      "The slope of this loss at each vote is as simple as can be: what was answered less what is true. A class that got too much is to come down, the true one is to come up. That is the error with which the way back begins.",
    ],
  },
  {
    name: "backward", title: "3 Who is to blame", state: { steps: null, frozen: null },
    text: [
      "Which of all the weights caused the error? To change each a little and look would take one run of the network for every weight. In the 1980s a trick became known that needs one run for all of them: send the error back through the same wires.",
      "A unit's blame is the blame of those that it feeds, each times the weight between them, let through by its own slope. Red cells would have to put out less, blue ones more. A weight's share is what came in through it times the blame of the unit that it feeds: two numbers that both ends know already. Click a unit, then one of its weights.",
    ],
  },
  {
    name: "update", title: "4 One step", state: { steps: null, frozen: null },
    text: [
      "Now every weight moves a little against its own gradient. The slope promises how far the loss will fall. The promise is that of a straight line, and the loss is a curve: for short steps both agree, for long ones they part.",
      "Move the slider and compare what was promised with what comes. Then take the step, and the network has learned from one sample.",
    ],
  },
  {
    name: "again", title: "5 Again and again", state: { steps: 100, frozen: null },
    text: [
      "One step is nothing. Learning is the same step again and again. After a hundred of them on this one sample the loss has fallen as far as it can, and the network has changed its mind about the sample, whatever else it may have forgotten.",
      "With a step that is too long the loss jumps about, or leaves the range of numbers altogether. Try it. In a real training each step is taken for a few hundred samples at once, so that what it learns holds for all of them.",
    ],
  },
  {
    name: "frozen", title: "6 Without it", state: { steps: 100, frozen: "1" },
    text: [
      "What if the error could not travel back? Then only the last layer could learn, for it alone stands beside the answer. The layers before it stay as they are, their red cells tell nobody anything, and the last layer must make do with what they happen to give.",
      "For decades that was all that could be trained. Compare the loss after as many steps with and without the way back: the difference is what backpropagation brought.",
    ],
  },
];
