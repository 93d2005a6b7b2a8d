"""What is known beside the graph: jobs, epochs, observations, metrics, annotations, events."""
