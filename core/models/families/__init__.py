"""Where architectures come from: timm, torchvision, and our own."""
