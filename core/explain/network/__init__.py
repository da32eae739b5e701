"""What happens inside a network: hooks, layers, activations, receptive fields."""
