"""What is asked, the photo, the class, the layer and the method, and the answers."""
