"""Families of architectures: timm, torchvision, and our own."""
