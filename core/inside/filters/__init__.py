"""The filters of convolutions: their weights as pictures."""
