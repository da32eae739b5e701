"""Where the evidence is: class activation maps and pixel attributions."""
