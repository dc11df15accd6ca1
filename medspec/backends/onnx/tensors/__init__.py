"""Models that map tensors to tensors and write no text: classifiers of texts and of images, and detectors."""
